"""Changing statements: PUT, merge patch, deletion and return, versions and conditions."""

from dataclasses import replace

import orjson
import pytest
from conftest import check_problem, draft

from service.models import Revision

ARTICLE = "https://example.org/a"
FULL = {
    "text": "Tout va bien", "language": "fr", "kind": "mixed", "role": "porte-parole", "on_behalf_of": "Kremlin",
    "speaker": {"name": "Dmitri Peskov", "kind": "person", "wikidata": "Q4124"}, "date": "2025-06~/..",
    "agency": {"name": "AFP", "code": "AFP"}, "outlet": {"name": "Le Matin", "domain": "lematin.ch"},
    "published": "2025-06-11T10:30:00Z", "url": ARTICLE, "headline": "Une", "byline": "Par X", "dateline": "MOSCOU",
    "event": "briefing", "place": "Moscou", "topics": ["paix", "Ukraine"], "prefix": "il a dit", "suffix": "hier", "ref": "w1",
}  # fmt: skip
OTHERS = [{"outlet": "Le Soir", "published": "2025-06-12"}]


def path(statement):
    return f"/v1/statements/{statement['id']}"


def less(document, *names):
    return {name: value for name, value in document.items() if name not in names}


CHANGING = ("version", "updated_at")

# PUT


@pytest.mark.parametrize(
    "fields",
    [
        {},
        FULL,
        {"agency": None, "outlet": "A", "date": None},
        {"other_appearances": OTHERS},
        {**FULL, "other_appearances": OTHERS},
    ],
)
def test_a_get_sent_back_changes_nothing(api, fields):
    stored = api.store(**fields)
    for _ in range(2):
        response = api.put(path(stored), api.get(path(stored)).json)
        assert (response.status_code, response.json) == (200, stored)
    assert api.get(path(stored)).headers["ETag"] == '"1"'


def test_a_get_of_a_translation_sent_back_changes_nothing(api):
    original = api.store(language="ru", ref="ru-1")
    stored = api.store(translation_of=original["id"])
    assert api.put(path(stored), stored).json == stored
    assert api.put(path(stored), {**stored, "translation_of": "ru-1"}).json == stored


def test_a_get_sent_back_works_among_namesakes(api):
    for _ in range(2):
        api.post("/v1/speakers?on_duplicate=allow", {"name": "John Smith"})
    known = api.get("/v1/speakers?name=smith").json["items"]
    stored = api.store(speaker=known[1]["id"])
    assert api.put(path(stored), stored).json == stored
    assert api.put(path(stored), {**stored, "speaker": "John Smith"}).json == stored


def test_what_is_derived_is_accepted_and_not_changed(api):
    stored = api.store()
    derived = {
        "status": "denied",
        "version": 9,
        "appearance_count": 7,
        "source_count": 7,
        "created_at": "2001",
        "updated_at": None,
    }
    assert api.put(path(stored), {**stored, **derived}).json == stored


def test_put_replaces_every_field(api):
    stored = api.store(**FULL)
    response = api.put(path(stored), draft())
    assert response.headers["ETag"] == '"2"'
    fresh = api.store()
    assert less(response.json, "id", "created_at", *CHANGING) == less(fresh, "id", "created_at", *CHANGING)
    assert response.json["created_at"] == stored["created_at"]
    assert response.json["updated_at"] >= stored["updated_at"]
    assert api.get(path(stored)).json == response.json


@pytest.mark.parametrize(
    ("change", "places"),
    [
        ({"id": 99}, ["/id"]),
        ({"text": None, "date": "x", "unknown": 1}, ["/text", "/date", "/unknown"]),
        ({"agency": None, "outlet": None}, ["/agency"]),
        ({"speaker": 99, "agency": 98}, ["/speaker", "/agency"]),
        ({"speaker": "he"}, ["/speaker"]),
        ({"translation_of": 99}, ["/translation_of"]),
        ({"other_appearances": []}, ["/other_appearances"]),
        ({"version": "1"}, ["/version"]),
    ],
)
def test_a_wrong_replacement_changes_nothing(api, change, places):
    stored = api.store(**FULL)
    check_problem(api.put(path(stored), {**stored, **change}), 422, "invalid", *places)
    assert api.get(path(stored)).json == stored


@pytest.mark.parametrize("missing", ["text", "language", "speaker", "date"])
def test_a_replacement_needs_what_a_new_statement_needs(api, missing):
    stored = api.store(**FULL)
    check_problem(api.put(path(stored), less(draft(), missing)), 422, "invalid", f"/{missing}")


@pytest.mark.parametrize("published", ["2025-06-13", None])
def test_the_same_replacement_twice_is_the_same_as_once(api, published):
    """The printing that is shown may be another once it is dated later; the other must not be written over."""
    stored = api.store(published="2025-06-11", other_appearances=OTHERS)
    answers = [api.put(path(stored), {**stored, "published": published}).json for _ in range(2)]
    assert answers[0] == answers[1]
    assert (answers[1]["appearance_count"], answers[1]["source_count"]) == (2, 2)


# Merge patch


@pytest.mark.parametrize(
    ("patch", "answer"),
    [
        ({"text": " Rien ne va "}, {"text": "Rien ne va"}),
        ({"language": "PT-br"}, {"language": "pt-BR"}),
        ({"kind": None}, {"kind": "direct"}),
        ({"topics": None}, {"topics": []}),
        ({"topics": ["guerre"]}, {"topics": ["guerre"]}),
        ({"role": None, "event": None, "place": ""}, {"role": None, "event": None, "place": None}),
        ({"date": None}, {"date": None}),
        ({"date": "2025-07"}, {"date": "2025-07"}),
        ({"on_behalf_of": None}, {"on_behalf_of": None}),
        ({"agency": None}, {"agency": None}),
        ({"outlet": None}, {"outlet": None}),
        ({"published": None, "url": None}, {"published": None, "url": None}),
        ({"published": "2025-06-11T12:30:00+02:00"}, {}),
        ({"headline": "Deux", "byline": None}, {"headline": "Deux", "byline": None}),
        ({"ref": None}, {"ref": None}),
        ({"ref": "w2", "prefix": "p", "suffix": None}, {"ref": "w2", "prefix": "p", "suffix": None}),
        ({}, {}),
        ({"text": "Tout va bien", "agency": "afp", "speaker": {"name": "Dmitri Peskov"}}, {}),
    ],
)
def test_a_patch_changes_what_it_names_and_nothing_else(api, patch, answer):
    stored = api.store(**FULL)
    response = api.patch(path(stored), patch)
    assert response.status_code == 200
    assert less(response.json, *CHANGING) == less({**stored, **answer}, *CHANGING)
    assert response.json["version"] == (2 if answer else 1)
    assert response.json["updated_at"] >= stored["updated_at"]
    assert response.headers["ETag"] == f'"{response.json["version"]}"'
    assert api.get(path(stored)).json == response.json


@pytest.mark.parametrize(
    "media_type", ["application/merge-patch+json", "application/json", "application/json; charset=utf-8"]
)
def test_a_patch_may_be_called_json_or_merge_patch(api, media_type):
    stored = api.store()
    response = api("PATCH", path(stored), data=b'{"role": "x"}', content_type=media_type)
    assert response.json["role"] == "x"


@pytest.mark.parametrize(
    ("patch", "places"),
    [
        ({"text": None, "language": None, "speaker": None}, ["/text", "/language", "/speaker"]),
        ({"text": "", "kind": "shouted", "date": "2025-13"}, ["/text", "/kind", "/date"]),
        ({"agency": None, "outlet": None}, ["/agency"]),
        ({"id": 1, "version": 1, "status": "denied"}, ["/id", "/version", "/status"]),
        ({"created_at": None, "other_appearances": []}, ["/created_at", "/other_appearances"]),
        ({"speaker": 99, "outlet": {"id": 98}}, ["/speaker", "/outlet"]),
        ({"speaker": {}}, ["/speaker/name"]),
        ({"speaker": {"wikidata": "Q1"}}, ["/speaker/name"]),
        ({"translation_of": 99}, ["/translation_of"]),
        ([], [""]),
        ("text", [""]),
        ([{"op": "replace", "path": "/text", "value": "x"}], [""]),
    ],
)
def test_a_wrong_patch_changes_nothing(api, patch, places):
    stored = api.store(**FULL)
    check_problem(api.patch(path(stored), patch), 422, "invalid", *places)
    assert api.get(path(stored)).json == stored


def test_null_is_no_patch(api):
    stored = api.store()
    check_problem(api("PATCH", path(stored), data=b"null", content_type="application/json"), 422, "invalid", "")


def test_the_last_source_cannot_be_taken_away(api):
    stored = api.store(agency="AFP", outlet="Le Matin")
    assert api.patch(path(stored), {"agency": None}).status_code == 200
    check_problem(api.patch(path(stored), {"outlet": None}), 422, "invalid", "/agency")


def test_a_statement_is_no_translation_of_itself(api):
    stored = api.store(ref="w1")
    for own in (stored["id"], "w1"):
        check_problem(api.patch(path(stored), {"translation_of": own}), 422, "invalid", "/translation_of")


def test_translations_do_not_go_in_circles(api):
    original = api.store(language="ru")
    stored = api.store(translation_of=original["id"])
    check_problem(api.patch(path(original), {"translation_of": stored["id"]}), 422, "invalid", "/translation_of")


def test_a_ref_in_use_is_refused_where_it_stands(api):
    first, second = api.store(ref="w1"), api.store(ref="w2")
    for response in (api.patch(path(second), {"ref": "w1"}), api.put(path(second), draft(ref="w1"))):
        document = check_problem(response, 409, "duplicate")
        assert (document["pointer"], document["existing"]) == ("/ref", path(first))
    assert api.get(path(second)).json == second


@pytest.mark.parametrize(
    ("patch", "status"),
    [
        ({"speaker": "Twin"}, 409),
        ({"speaker": {"name": "Ada Example", "kind": "group"}}, 409),
        ({"speaker": "Brand New", "agency": 99}, 422),
        ({"speaker": "Brand New", "translation_of": 99}, 422),
        ({"speaker": "Brand New", "ref": "taken"}, 409),
        ({"speaker": "Brand New", "on_behalf_of": {"name": "Brand New", "kind": "group"}}, 409),
    ],
)
def test_a_refused_change_leaves_no_names_behind(api, patch, status):
    api.store(ref="taken")
    stored = api.store()
    for _ in range(2):
        api.post("/v1/speakers?on_duplicate=allow", {"name": "Twin"})
    before = api.get("/v1/speakers").json
    assert api.patch(path(stored), patch).status_code == status
    assert api.put(path(stored), draft(**patch)).status_code == status
    assert api.get("/v1/speakers").json == before
    assert api.get(path(stored)).json == stored


def test_a_change_may_bring_new_names_unless_it_is_strict(api):
    stored = api.store()
    strict = {"Prefer": "handling=strict"}
    for response in (
        api.patch(path(stored), {"speaker": "Bob", "outlet": "New"}, headers=strict),
        api.put(path(stored), draft(speaker="Bob", outlet="New"), headers=strict),
    ):
        check_problem(response, 422, "invalid", "/speaker", "/outlet")
    assert api.patch(path(stored), {"speaker": "Bob", "outlet": "New"}).json["speaker"]["name"] == "Bob"


@pytest.mark.parametrize(
    ("patch", "found", "lost"),
    [
        ({"date": "2024"}, "until=2024", "since=2025"),
        ({"published": "2024-01-01"}, "published_until=2024-02", "published_since=2024-02"),
        ({"url": "https://example.org/b"}, "url=https://www.example.org/b/", f"url={ARTICLE}"),
        ({"role": "Ministre"}, "role=ministre", "role=porte-parole"),
        ({"event": "Sommet"}, "event=SOMMET", "event=briefing"),
        ({"place": "Genève"}, "place=geneve", "place=moscou"),
        ({"topics": ["guerre"]}, "topic=guerre", "topic=paix,other"),
        ({"speaker": "Ada Example"}, "speaker=ada", "speaker=peskov"),
        ({"agency": "Reuters"}, "agency=reuters", "agency=AFP"),
        ({"ref": "w2"}, "ref=w2", "ref=w1"),
    ],
)
def test_a_changed_statement_is_found_by_what_it_says_now(api, patch, found, lost):
    other = api.store(text="x", **{**less(FULL, "text", "ref"), "topics": ["paix", "other"]})
    stored = api.store(**FULL)
    api.patch(path(stored), patch)
    assert stored["id"] in api.ids(f"?{found}")
    assert api.ids(f"?{lost}") in ([], [other["id"]])


def test_a_changed_statement_is_a_duplicate_by_what_it_says_now(api):
    stored = api.store(text="One", url=ARTICLE)
    api.patch(path(stored), {"text": "Two"})
    assert api.post("/v1/statements", draft(text="One", url=ARTICLE)).status_code == 201
    check_problem(api.post("/v1/statements", draft(text="two", url=ARTICLE)), 409, "duplicate")


# Deletion and return


def test_a_deleted_statement_answers_with_its_tombstone(api):
    stored = api.store()
    response = api.delete(path(stored))
    assert (response.status_code, response.data) == (204, b"")
    for again in (
        api.get(path(stored)),
        api.delete(path(stored)),
        api.put(path(stored), draft()),
        api.patch(path(stored), {"role": "x"}),
        api.patch(path(stored), {"role": "x"}, headers={"If-Match": '"1"'}),
    ):
        document = check_problem(again, 410, "gone")
        assert (document["id"], document["version"], document["restore"]) == (
            stored["id"],
            2,
            f"{path(stored)}/restore",
        )
        assert document["deleted_at"] >= stored["created_at"]


def test_a_deleted_statement_is_in_no_list(api):
    stored, kept = api.store(topics=["x"], ref="w1"), api.store()
    api.delete(path(stored))
    assert api.ids() == [kept["id"]]
    assert api.ids("?ref=w1") == []
    assert api.get("/v1/topics").json["items"] == []
    assert api.get("/v1/statements?count=true").json["total"] == 1


def test_restoring_undoes_a_deletion(api):
    stored = api.store(**FULL)
    api.delete(path(stored))
    response = api.post(f"{path(stored)}/restore")
    assert (response.status_code, response.headers["ETag"]) == (200, '"3"')
    assert less(response.json, *CHANGING) == less(stored, *CHANGING)
    assert api.get(path(stored)).json == response.json
    assert api.ids("?topic=paix&speaker=peskov&ref=w1") == [stored["id"]]


def test_restoring_what_is_not_deleted_changes_nothing(api):
    stored = api.store()
    for _ in range(2):
        response = api.post(f"{path(stored)}/restore")
        assert (response.status_code, response.json) == (200, stored)


@pytest.mark.parametrize("id_", [999, 2**63 - 1, 2**63, 10**30, 0, "01", "1.0", "-1", "x", "1%00", "١"])
def test_what_never_was_is_not_found(api, id_):
    api.store()
    at = f"/v1/statements/{id_}"
    for response in (api.get(at), api.put(at, draft()), api.patch(at, {}), api.delete(at), api.post(f"{at}/restore")):
        check_problem(response, 404, "not-found")


def test_a_deleted_id_is_never_given_again(api):
    stored = api.store()
    api.delete(path(stored))
    assert api.store()["id"] > stored["id"]


# Conditions


@pytest.fixture
def second(api):
    """A statement at version 2."""
    stored = api.store()
    return api.patch(path(stored), {"role": "spokesman"}).json


CHANGES = {
    "PUT": lambda api, at, **headers: api.put(at, draft(role="x"), headers=headers),
    "PATCH": lambda api, at, **headers: api.patch(at, {"role": "x"}, headers=headers),
    "DELETE": lambda api, at, **headers: api.delete(at, headers=headers),
}


@pytest.mark.parametrize("method", CHANGES)
@pytest.mark.parametrize(
    ("tag", "passes"),
    [
        ('"2"', True),
        ("*", True),
        ('"1", "2"', True),
        ('"1"', False),
        ('"3"', False),
        ('W/"2"', False),
        ('"junk"', False),
        ('"2junk"', False),
        ('"-2"', False),
        ('"²"', False),
        ('"99999999999999999999"', False),
        ('""', False),
    ],
)
def test_if_match_guards_every_change(api, second, method, tag, passes):
    response = CHANGES[method](api, path(second), **{"If-Match": tag})
    if passes:
        assert response.status_code in (200, 204)
    else:
        assert check_problem(response, 412, "precondition-failed")["version"] == 2
        assert api.get(path(second)).json == second


def test_if_match_guards_a_restoration(api, second):
    api.delete(path(second))
    check_problem(api.post(f"{path(second)}/restore", headers={"If-Match": '"2"'}), 412, "precondition-failed")
    assert api.post(f"{path(second)}/restore", headers={"If-Match": '"3"'}).status_code == 200


def test_a_change_that_changes_nothing_is_guarded_too(api, second):
    response = api.patch(path(second), {"role": "spokesman"}, headers={"If-Match": '"1"'})
    check_problem(response, 412, "precondition-failed")


def test_of_two_editors_the_second_is_told(api):
    stored = api.store()
    tag = {"If-Match": api.get(path(stored)).headers["ETag"]}
    assert api.patch(path(stored), {"role": "one"}, headers=tag).status_code == 200
    check_problem(api.patch(path(stored), {"role": "two"}, headers=tag), 412, "precondition-failed")
    assert api.get(path(stored)).json["role"] == "one"


@pytest.mark.parametrize(
    ("tag", "status"),
    [
        ('"2"', 304),
        ('W/"2"', 304),
        ("*", 304),
        ('"1", "2"', 304),
        ('"1"', 200),
        ('"x"', 200),
        ('"2.1"', 200),
        ("", 200),
    ],
)
@pytest.mark.parametrize("method", ["GET", "HEAD"])
def test_if_none_match_spares_an_unchanged_answer(api, second, method, tag, status):
    response = api(method, path(second), headers={"If-None-Match": tag})
    assert response.status_code == status
    assert response.headers["ETag"] == '"2"'
    assert bool(response.data) == (method == "GET" and status == 200)


def test_every_answer_with_a_statement_has_its_etag(api):
    created = api.post("/v1/statements", draft())
    at = created.headers["Location"]
    answers = (
        created,
        api.get(at),
        api.patch(at, {"role": "x"}),
        api.put(at, draft()),
        api.get(f"{at}?fields=id,version"),
        api.post(f"{at}/restore"),
    )
    assert [answer.headers["ETag"] for answer in answers] == [f'"{answer.json["version"]}"' for answer in answers]


@pytest.mark.parametrize("field", ["speaker", "on_behalf_of", "agency", "outlet"])
def test_the_etag_changes_when_an_entity_shown_was_renamed(api, field):
    stored = api.store(**{field: "Old Name"})
    old = api.get(path(stored)).headers["ETag"]
    kind = {"speaker": "speakers", "on_behalf_of": "speakers", "agency": "agencies", "outlet": "outlets"}[field]
    api.patch(f"/v1/{kind}/{stored[field]['id']}", {"name": "New Name"})
    response = api.get(path(stored), headers={"If-None-Match": old})
    assert (response.status_code, response.json[field]["name"]) == (200, "New Name")
    assert (response.json["version"], response.headers["ETag"] != old) == (1, True)
    new = response.headers["ETag"]
    assert api.get(path(stored), headers={"If-None-Match": new}).status_code == 304
    changed = api.patch(path(stored), {"role": "x"}, headers={"If-Match": new})
    assert changed.status_code == 200
    assert api.delete(path(stored), headers={"If-Match": changed.headers["ETag"]}).status_code == 204


def test_a_list_has_a_weak_etag_that_follows_its_content(api):
    stored = api.store()
    tag = api.get("/v1/statements").headers["ETag"]
    assert tag.startswith("W/")
    assert api.get("/v1/statements", headers={"If-None-Match": tag}).status_code == 304
    api.patch(path(stored), {"role": "x"})
    assert api.get("/v1/statements", headers={"If-None-Match": tag}).status_code == 200


def test_a_service_may_insist_on_if_match(api, second, monkeypatch):
    config = api.installed.app.config
    monkeypatch.setitem(config, "SETTINGS", replace(config["SETTINGS"], require_if_match=True))
    for change in CHANGES.values():
        check_problem(change(api, path(second)), 428, "precondition-required")
        check_problem(change(api, path(second), **{"If-Match": '"1"'}), 412, "precondition-failed")
    assert api.get(path(second)).json == second
    assert api.post("/v1/statements", draft(text="x")).status_code == 201
    for change, tag in zip(CHANGES.values(), ('"2"', "*", "*"), strict=True):
        assert change(api, path(second), **{"If-Match": tag}).status_code in (200, 204)


# History


def history(kind, id_):
    rows = Revision.select().where(Revision.entity == kind, Revision.entity_id == id_).order_by(Revision.seq)
    return [(each.operation, each.version, each.actor, each.snapshot and orjson.loads(each.snapshot)) for each in rows]


def test_every_change_is_in_the_history_with_what_stood_before(api):
    one = api.store()
    two = api.patch(path(one), {"text": "Two"}).json
    three = api.put(path(one), draft(text="Three")).json
    api.delete(path(one), key="admin")
    api.post(f"{path(one)}/restore")
    six = api.post("/v1/statements?on_duplicate=link", draft(text="Three", url=ARTICLE)).json
    recorded = history("statement", one["id"])
    assert [each[:3] for each in recorded] == [
        ("create", 1, "writer"),
        ("update", 2, "writer"),
        ("update", 3, "writer"),
        ("delete", 4, "admin"),
        ("restore", 5, "writer"),
        ("update", 6, "writer"),
    ]
    assert (six["id"], six["version"]) == (one["id"], 6)
    assert [each[3] for each in recorded[:4]] == [None, one, two, three]
    assert [less(each[3], *CHANGING) for each in recorded[4:]] == [less(three, *CHANGING)] * 2


def test_what_changes_nothing_or_is_refused_is_not_in_the_history(api):
    stored = api.store(ref="w1")
    other = api.store(ref="w2")
    api.patch(path(stored), {})
    api.put(path(stored), stored)
    api.post(f"{path(stored)}/restore")
    api.post("/v1/statements?on_duplicate=skip", draft(ref="w1"))
    api.patch(path(stored), {"ref": other["ref"]})
    api.patch(path(stored), {"role": "x"}, headers={"If-Match": '"9"'})
    assert [each[0] for each in history("statement", stored["id"])] == ["create"]


def test_names_that_a_statement_brings_have_a_history_too(api):
    known = api.store(agency="Agence France-Presse")["agency"]
    api.store(agency={"id": known["id"], "code": "AFP"})
    assert [each[:3] for each in history("agency", known["id"])] == [("create", 1, "writer"), ("update", 2, "writer")]


def test_the_history_counts_without_gaps(api):
    before = list(Revision.select(Revision.seq).order_by(Revision.seq.desc()).limit(1).tuples())
    start = before[0][0] if before else 0
    stored = api.store()
    api.post("/v1/statements", draft(speaker="Brand New", translation_of=99))
    api.delete(path(stored))
    found = [
        row[0] for row in Revision.select(Revision.seq).where(Revision.seq > start).order_by(Revision.seq).tuples()
    ]
    assert found == list(range(start + 1, start + 5))
