"""Pages: whatever others write meanwhile, a reader of all pages gets each row that stood throughout exactly once."""

from base64 import urlsafe_b64encode
from collections import Counter
from urllib.parse import parse_qsl, urlsplit

import pytest
from conftest import Api, check_problem, draft
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from schemas.queries import STATEMENT_SORTS
from service import db

ROWS = 5_000
FEW = 24
DATES = ("2025-06-11", None, "2025-06", "2025~", "2025-06-12", "../2025-06-11", "2024-02-29", "2025-06-11/..")
PUBLISHED = ("2025-06-11T10:30:00Z", "2025-06-11", None, "2025-06", "2025-06-11T10:30:00.5Z")
SORTS = [sign + name for name in STATEMENT_SORTS for sign in ("", "-")]
ENTITY_SORTS = [sign + name for name in ("name", "created_at", "updated_at", "id") for sign in ("", "-")]
LISTS = ["/v1/statements", "/v1/speakers", "/v1/agencies", "/v1/outlets", "/v1/topics"]


def row(n):
    """The nth row: some values are shared by more rows than a page has, some by a few."""
    return draft(
        text=f"Words {n}.", speaker="Few Words" if n < FEW else f"Speaker {n % 40}", agency=f"Agency {n % 30}",
        outlet=f"Outlet {n % 20}", date=DATES[n % 8], published=PUBLISHED[n % 5], topics=[f"Topic {n % 40}"],
        kind="mixed" if n % 25 == 0 else "direct",
    )  # fmt: skip


@pytest.fixture(scope="module", autouse=True)
def many(installed, contract):
    """The ids of many statements: stored once, and seen by every test here."""
    with db.proxy.connection_context(), db.proxy.atomic() as transaction:
        api = Api(installed, contract)
        report = api.load([row(n) for n in range(ROWS)]).json
        assert report["created"] == ROWS
        # As both databases do by themselves, sooner or later, once rows are committed.
        db.proxy.execute_sql("ANALYZE")
        first = api.ids("?sort=id&limit=1")[0]
        yield range(first, first + ROWS)
        transaction.rollback()


def pages(api, url):
    """Each page of a list. Without the contract's check, which takes longer than the page."""
    client = api.installed.app.test_client()
    while url:
        page = client.get(url).json
        yield page["items"]
        url = page["next"]


def everything(api, url, name="id"):
    return [item[name] for items in pages(api, url) for item in items]


@pytest.mark.parametrize(("sort", "query", "every"), [("-date", "", 60)] + [(sort, "&kind=mixed", 8) for sort in SORTS])
def test_each_row_that_stood_throughout_comes_exactly_once(api, many, sort, query, every):
    standing = {id_ for n, id_ in enumerate(many) if not query or row(n)["kind"] == "mixed"}
    seen, expected = [], standing.copy()
    for number, items in enumerate(pages(api, f"/v1/statements?limit=7&sort={sort}&fields=id,date,published{query}")):
        seen += [item["id"] for item in items]
        if number % every == 0:
            # Beside the row that the cursor stands on, and at both ends; then that row goes, and one yet to come.
            here = {"date": items[-1]["date"], "published": items[-1]["published"]}
            ends = [{"date": "0001", "published": "0001"}, {"date": "9999", "published": "9999"}, {"date": None}]
            new = [draft(text=f"{number} {n}", kind="mixed", **each) for n, each in enumerate([here, here, *ends])]
            assert api.load(new).json["created"] == len(new)
            for id_ in {seen[-1], max(expected - set(seen), default=seen[-1])}:
                assert api.delete(f"/v1/statements/{id_}").status_code == 204
                expected.discard(id_)
    times = Counter(seen)
    assert len(expected) < len(standing)
    assert max(times.values()) == 1
    assert expected <= times.keys()


def test_a_reader_by_updated_at_misses_no_edit(api):
    edited = set()
    last_seen = {}
    for number, items in enumerate(pages(api, "/v1/statements?sort=updated_at&limit=5&speaker=few words")):
        last_seen.update((item["id"], item["version"]) for item in items)
        if number < 4:
            edited |= {items[0]["id"], max(last_seen) + 3}
            for id_ in (items[0]["id"], max(last_seen) + 3):
                api.patch(f"/v1/statements/{id_}", {"place": f"Place {number}"})
    stored = api.get("/v1/statements?limit=200&speaker=few words").json["items"]
    assert edited
    assert last_seen == {item["id"]: item["version"] for item in stored}


@pytest.mark.parametrize("sort", ENTITY_SORTS)
@pytest.mark.parametrize("path", LISTS[1:4])
def test_entities_come_exactly_once_while_others_are_made_and_deleted(api, path, sort):
    before = everything(api, f"{path}?limit=200&sort={sort}")
    seen = []
    for number, items in enumerate(pages(api, f"{path}?limit=7&sort={sort}")):
        seen += [item["id"] for item in items]
        if number < 2:
            last = items[-1]["name"]
            made = [api.post(path, {"name": f"{name} {number}"}).json["id"] for name in ("A", last, f"{last} ß", "Z")]
            assert api.delete(f"{path}/{made[number]}").status_code == 204
    assert max(Counter(seen).values()) == 1
    assert [id_ for id_ in seen if id_ in before] == before


@pytest.mark.parametrize("sort", ["name", "-name"])
def test_topics_come_exactly_once_while_others_are_made(api, sort):
    before = everything(api, f"/v1/topics?limit=200&sort={sort}", "name")
    seen = []
    for number, items in enumerate(pages(api, f"/v1/topics?limit=7&sort={sort}")):
        seen += [item["name"] for item in items]
        if number < 8:
            api.store(text=f"{number}", topics=["A", f"{items[-1]['name']} again", "Z"])
    assert max(Counter(seen).values()) == 1
    assert [name for name in seen if name in before] == before


@settings(max_examples=12, deadline=None, derandomize=True, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    limit=st.integers(2, FEW + 1),
    sort=st.sampled_from(SORTS),
    query=st.sampled_from(["", "&since=2025-06", "&agency=agency 1,agency 2"]),
)
def test_pages_of_any_size_put_together_are_the_list(api, limit, sort, query):
    url = f"/v1/statements?speaker=few words&sort={sort}{query}"
    whole = api.ids(url.removeprefix("/v1/statements") + "&limit=200")
    found = list(pages(api, f"{url}&limit={limit}"))
    assert [item["id"] for items in found for item in items] == whole
    assert [len(items) for items in found[:-1]] == [limit] * (len(found) - 1)
    assert 1 <= len(found[-1]) <= limit


@pytest.mark.parametrize("sort", [name for name in STATEMENT_SORTS if name not in ("date", "published")])
def test_descending_is_ascending_turned_round(api, sort):
    query = "/v1/statements?speaker=few words&limit=7&sort="
    assert everything(api, f"{query}-{sort}") == everything(api, query + sort)[::-1]


@pytest.mark.parametrize(
    "query",
    [
        "speaker=Few Words",
        "speaker=few words&speaker=Speaker 30",
        "speaker=few words,Speaker 30&fields=id,speaker",
        "count=true&speaker=few words",
        "since=2025",
        "since=2024-02&until=2025-06",
        "published_since=2025-06-11",
        "published_since=2025-06-11T12:30:00%2B02:00&published_until=2026",
        "topic=topic 1,topic 2&language=en&kind=direct,mixed&status=unreviewed",
        "agency=agency 1&outlet=outlet 1",
        "sort=-published&fields=id",
    ],
)
def test_next_works_as_given_and_keeps_the_query(api, query):
    first = api.get(f"/v1/statements?limit=3&{query}")
    assert first.headers["Link"] == f'<{first.json["next"]}>; rel="next"'
    sent, kept = (parse_qsl(urlsplit(url).query) for url in (first.request.url, first.json["next"]))
    assert [pair for pair in kept if pair[0] != "cursor"] == sent
    second = api.get(first.json["next"])
    both = first.json["items"] + second.json["items"]
    assert both == api.get(f"/v1/statements?limit=6&{query}").json["items"]
    assert second.json["next"] != first.json["next"]
    assert [name for name, _ in parse_qsl(urlsplit(second.json["next"]).query)].count("cursor") == 1


def test_next_needs_no_escaping_in_a_shell_and_is_an_address_of_this_service(api):
    url = api.get("/v1/statements?limit=1&speaker=few words,Speaker 30").json["next"]
    assert url.startswith("http://localhost/v1/statements?")
    assert not set(url) & set(" []{}\"'<>|\\^`$;*()")


@pytest.mark.parametrize(("limit", "sizes"), [(FEW - 1, [FEW - 1, 1]), (FEW, [FEW]), (FEW + 1, [FEW])])
def test_the_last_page_has_no_next(api, limit, sizes):
    url = f"/v1/statements?speaker=few words&limit={limit}"
    found = []
    while url:
        response = api.get(url)
        found.append(len(response.json["items"]))
        url = response.json["next"]
        assert ("Link" in response.headers) == (url is not None)
    assert found == sizes


def test_a_list_of_nothing_is_a_page_with_no_items(api):
    assert api.get("/v1/statements?language=de").json == {"items": [], "next": None}
    assert api.get("/v1/statements?language=de&count=true").json == {"items": [], "next": None, "total": 0}


def test_a_page_has_20_rows_unless_told_and_200_at_most(api):
    assert len(api.ids()) == 20
    assert len(api.ids("?limit=200")) == 200


def test_count_is_the_same_on_every_page(api):
    url = "/v1/statements?speaker=few words&limit=9&count=true"
    while url:
        page = api.get(url).json
        assert page["total"] == FEW
        url = page["next"]


def cursor(api, url):
    return dict(parse_qsl(urlsplit(api.get(url).json["next"]).query))["cursor"]


@pytest.mark.parametrize("query", ["limit=9", "limit=2&count=true", "limit=2&fields=id", "limit=2&sort=-date"])
def test_a_cursor_goes_on_with_another_limit_and_other_fields(api, query):
    after = cursor(api, "/v1/statements?limit=4")
    whole = api.ids("?limit=20")[4:]
    found = api.ids(f"?{query}&cursor={after}")
    assert found == whole[: len(found)] != []


def _flip(text, at):
    return text[:at] + ("A" if text[at] != "A" else "B") + text[at:][1:]


@pytest.mark.parametrize(
    "spoil",
    [
        lambda given: _flip(given, 0),
        lambda given: _flip(given, len(given) // 2),
        lambda given: _flip(given, -2),
        lambda given: given[:-1],
        lambda given: given[1:],
        lambda given: given + "A",
        lambda given: given + "." + given,
        lambda given: given.partition(".")[0],
        lambda given: "." + given.partition(".")[2],
        lambda given: urlsafe_b64encode(b'["0123456789ab",1,1]').decode() + "." + given.partition(".")[2],
        lambda given: given.upper(),
        lambda given: f"{given}&cursor={given}",
    ],
)
@pytest.mark.parametrize("path", ["/v1/statements", "/v1/topics"])
def test_a_cursor_that_was_tampered_with_is_refused(api, path, spoil):
    spoilt = spoil(cursor(api, f"{path}?limit=1"))
    check_problem(api.get(f"{path}?limit=1&cursor={spoilt}"), 422, "invalid", "cursor")


@pytest.mark.parametrize(
    "garbage",
    [
        "",
        "abc",
        "20",
        "null",
        "%00",
        "%F0%9F%98%80",
        "%EF%BC%8E%EF%BC%8E",
        "../../etc/passwd",
        "' OR 1=1 --",
        "." * 2000,
        "x" * 2001,
        "x" * 100_000,
        urlsafe_b64encode(b'["0123456789ab",1,1]').decode(),
        urlsafe_b64encode(b'["0123456789ab",1,1]').decode() + "." + "A" * 27,
    ],
)
@pytest.mark.parametrize("path", ["/v1/statements", "/v1/topics"])
def test_a_cursor_that_no_list_gave_is_refused(api, path, garbage):
    check_problem(api.get(f"{path}?cursor={garbage}"), 422, "invalid", "cursor")


@pytest.mark.parametrize(
    ("given", "used"),
    [
        ("/v1/statements?limit=1", "/v1/statements?sort=date"),
        ("/v1/statements?limit=1&sort=id", "/v1/statements?sort=-id"),
        ("/v1/statements?limit=1&sort=id", "/v1/statements?sort=created_at"),
        ("/v1/statements?limit=1", "/v1/statements?kind=direct"),
        ("/v1/statements?limit=1&kind=direct", "/v1/statements"),
        ("/v1/statements?limit=1&kind=direct", "/v1/statements?kind=direct,mixed"),
        ("/v1/statements?limit=1&since=2025", "/v1/statements?since=2024"),
        ("/v1/statements?limit=1&since=2025", "/v1/statements?until=2025"),
        ("/v1/statements?limit=1&sort=id", "/v1/speakers?sort=id"),
        ("/v1/speakers?limit=1", "/v1/agencies"),
        ("/v1/agencies?limit=1", "/v1/outlets"),
        ("/v1/outlets?limit=1", "/v1/topics"),
        ("/v1/topics?limit=1", "/v1/speakers"),
        ("/v1/speakers?limit=1", "/v1/speakers?sort=-name"),
        ("/v1/speakers?limit=1&name=speaker", "/v1/speakers"),
    ],
)
def test_a_cursor_of_another_list_sort_or_filter_is_refused(api, given, used):
    joint = "&" if "?" in used else "?"
    check_problem(api.get(f"{used}{joint}cursor={cursor(api, given)}"), 422, "invalid", "cursor")


@pytest.mark.parametrize("path", LISTS)
def test_a_list_takes_a_fixed_number_of_queries(api, count_queries, path):
    counts = set()
    for limit in (2, 17):
        url = api.get(f"{path}?limit=2").json["next"].replace("limit=2", f"limit={limit}")
        count_queries()
        assert len(api.get(url).json["items"]) == limit
        counts.add(len(count_queries()))
    assert len(counts) == 1
    assert counts.pop() <= 3


def test_a_page_of_200_takes_no_more_queries_than_a_page_of_one(api, count_queries):
    for query in ("", "&count=true", "&speaker=few words,speaker 30&topic=topic 1,topic 2&agency=agency 1,agency 2"):
        taken = []
        for limit in (1, 200):
            api.get(f"/v1/statements?limit={limit}{query}")
            taken.append(len(count_queries()))
        assert taken[0] >= taken[1]


@pytest.mark.parametrize("path", LISTS)
def test_head_answers_the_headers_of_get(api, path):
    url = f"{path}?limit=2"
    got, head = api.get(url), api("HEAD", url, key=None)
    assert head.data == b""
    for name in ("Link", "ETag", "Content-Length", "Content-Type", "Vary", "Cache-Control"):
        assert head.headers[name] == got.headers[name]
