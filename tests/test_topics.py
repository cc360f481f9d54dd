"""Topics: what statements are about, each with the number of statements that have it."""

import pytest
from conftest import check_problem


def topics(api, query=""):
    """The answered topics as pairs of name and count."""
    return [(item["name"], item["statement_count"]) for item in api.get(f"/v1/topics{query}").json["items"]]


@pytest.fixture
def stored(api):
    return [
        api.store(topics=["War & Peace", "Économie"]),
        api.store(topics=["economie", "Война"]),
        api.store(topics=["война", "ÉCONOMIE!", "気候"]),
        api.store(topics=[]),
    ]


def test_there_are_no_topics_at_first(api):
    assert api.get("/v1/topics?count=true").json == {"items": [], "next": None, "total": 0}


def test_topics_are_counted_under_their_first_spelling_whatever_the_later_ones(api, stored):
    assert topics(api) == [("Économie", 3), ("War & Peace", 1), ("Война", 2), ("気候", 1)]


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("?sort=name", ["Économie", "War & Peace", "Война", "気候"]),
        ("?sort=-name", ["気候", "Война", "War & Peace", "Économie"]),
        ("?name=economie", ["Économie"]),
        ("?name=ВОЙНА,war peace", ["War & Peace", "Война"]),
        ("?name=気候&name=Économie", ["Économie", "気候"]),
        ("?name=war", []),
        ("?limit=1", ["Économie"]),
    ],
)
def test_topics_are_listed_by_name(api, stored, query, expected):
    assert [name for name, _ in topics(api, query)] == expected


def test_every_listed_topic_is_a_filter_of_statements(api, stored):
    for name, count in topics(api):
        response = api.get("/v1/statements", query_string={"topic": name, "count": "true"})
        assert response.json["total"] == count


def test_the_same_topic_twice_in_one_statement_counts_once(api):
    api.store(topics=["Peace", "peace", "PEACE "])
    assert topics(api) == [("Peace", 1)]


def test_a_topic_comes_and_goes_with_its_statements(api, stored):
    path = f"/v1/statements/{stored[0]['id']}"
    api.delete(path)
    assert topics(api) == [("Économie", 2), ("Война", 2), ("気候", 1)]
    api.post(f"{path}/restore")
    assert topics(api) == [("Économie", 3), ("War & Peace", 1), ("Война", 2), ("気候", 1)]
    api.patch(path, {"topics": ["Klima"]})
    assert topics(api) == [("Économie", 2), ("Klima", 1), ("Война", 2), ("気候", 1)]
    api.patch(path, {"topics": None})
    assert topics(api) == [("Économie", 2), ("Война", 2), ("気候", 1)]


def test_an_imported_statement_brings_its_topics(api):
    api.load(
        [{"text": "A.", "language": "en", "speaker": "Ada", "date": None, "agency": "AFP", "topics": ["One", "Two"]}]
    )
    assert topics(api) == [("One", 1), ("Two", 1)]


def test_pages_of_topics_put_together_are_the_list(api, stored):
    url, found = "/v1/topics?limit=3&count=true", []
    while url:
        page = api.get(url).json
        assert page["total"] == 4
        found += page["items"]
        url = page["next"]
    assert found == api.get("/v1/topics").json["items"]


def test_fields_chooses_what_is_answered(api, stored):
    assert api.get("/v1/topics?fields=name&limit=1").json["items"] == [{"name": "Économie"}]
    assert list(api.get("/v1/topics?limit=1").json["items"][0]) == ["name", "statement_count"]


@pytest.mark.parametrize(
    ("query", "places"),
    [
        ("limit=0", "limit"),
        ("limit=201", "limit"),
        ("sort=statement_count", "sort"),
        ("sort=id", "sort"),
        ("fields=id", "fields"),
        ("name=", "name"),
        ("name=a,,b", "name"),
        ("name=%00", "name"),
        ("topic=a", "topic"),
        ("cursor=abc", "cursor"),
        ("count=1&limit=x&q=a", "count limit q"),
    ],
)
def test_a_query_that_cannot_be_meant_is_refused(api, query, places):
    check_problem(api.get(f"/v1/topics?{query}"), 422, "invalid", *places.split())


def test_a_kept_list_of_topics_is_good_until_a_count_changes(api, stored):
    tag = api.get("/v1/topics").headers["ETag"]
    assert api.get("/v1/topics", headers={"If-None-Match": tag}).status_code == 304
    api.store(topics=["気候"])
    assert api.get("/v1/topics", headers={"If-None-Match": tag}).status_code == 200


@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH", "DELETE"])
def test_topics_are_made_by_statements_only(api, method):
    response = api(method, "/v1/topics", json={"name": "New"})
    check_problem(response, 405, "method-not-allowed")
    assert set(response.headers["Allow"].split(", ")) == {"GET", "HEAD", "OPTIONS"}


@pytest.mark.parametrize("path", ["/v1/topics/1", "/v1/topics/war", "/v1/topics/"])
def test_a_topic_has_no_address_of_its_own(api, stored, path):
    check_problem(api.get(path), 404, "not-found")
