"""Speakers, agencies and outlets: three kinds of one shape, so each behaviour is held for all three."""

from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

import pytest
from conftest import check_problem

from service.problems import PROBLEMS


@dataclass(frozen=True)
class Kind:
    """A kind of entity: where it is, how a statement names it, and a field that is its own."""

    path: str
    field: str
    own: str
    value: Any
    unset: Any

    def __str__(self) -> str:
        return self.field


KINDS = [
    Kind("/v1/speakers", "speaker", "kind", "organization", "person"),
    Kind("/v1/agencies", "agency", "code", "AFP", None),
    Kind("/v1/outlets", "outlet", "domain", "lematin.ch", None),
]
# Each field that is unique, with a value and another spelling of it.
IDENTIFIERS = [
    ("/v1/speakers", "wikidata", "Q4124", "Q4124"),
    ("/v1/agencies", "wikidata", "Q40464", "Q40464"),
    ("/v1/agencies", "code", "AFP", "a.f.p."),
    ("/v1/outlets", "wikidata", "Q1", "Q1"),
    ("/v1/outlets", "domain", "lematin.ch", "WWW.LeMatin.ch"),
]
SHARED = {
    "aliases": ["The Other", "Другая"], "wikidata": "Q42", "description": "Something.", "country": "FR",
    "homepage": "https://example.org/",
}  # fmt: skip
each_kind = pytest.mark.parametrize("kind", KINDS, ids=str)
each_identifier = pytest.mark.parametrize(
    ("path", "name", "value", "spelt"), IDENTIFIERS, ids=[f"{path[4:]}-{name}" for path, name, _, _ in IDENTIFIERS]
)


def made(api, kind_or_path, name="Example", query="?on_duplicate=allow", **fields):
    path = getattr(kind_or_path, "path", kind_or_path)
    response = api.post(path + query, {"name": name, **fields})
    assert response.status_code == 201, response.text
    return response.json


def names(api, path, query=""):
    return [item["name"] for item in api.get(f"{path}?{quote(query, safe='&=,')}").json["items"]]


@each_kind
def test_what_is_created_comes_back_as_given(api, kind):
    response = api.post(kind.path, {"name": "Example", kind.own: kind.value, **SHARED})
    assert response.status_code == 201
    assert response.headers["Location"] == f"{kind.path}/{response.json['id']}"
    assert response.headers["ETag"] == '"1"'
    assert response.json.items() >= {"name": "Example", kind.own: kind.value, **SHARED, "version": 1}.items()
    assert response.json["created_at"] == response.json["updated_at"]
    got = api.get(response.headers["Location"])
    assert (got.json, got.headers["ETag"]) == (response.json, '"1"')
    assert api.get(f"{kind.path}?wikidata=Q42").json["items"] == [response.json]


@each_kind
def test_a_name_is_enough(api, kind):
    blank = {"aliases": [], "wikidata": None, "description": None, "country": None, "homepage": None}
    assert made(api, kind).items() >= {"name": "Example", kind.own: kind.unset, **blank}.items()


@each_kind
def test_fields_stand_in_the_order_of_a_reader(api, kind):
    own = [*(["kind"] if kind.field == "speaker" else [kind.own]), "wikidata"]
    rest = ["aliases", "description", "country", "homepage", "version", "created_at", "updated_at"]
    assert list(made(api, kind)) == ["id", "name", *own, *rest]


@each_kind
@pytest.mark.parametrize(
    ("fields", "pointers"),
    [
        ({"name": None}, "/name"),
        ({"name": ""}, "/name"),
        ({"name": " \t"}, "/name"),
        ({"name": "…!?"}, "/name"),
        ({"name": 7}, "/name"),
        ({"name": ["A"]}, "/name"),
        ({"name": "x" * 301}, "/name"),
        ({"name": "A\x00B"}, "/name"),
        ({"aliases": "A"}, "/aliases"),
        ({"aliases": [""]}, "/aliases/0"),
        ({"aliases": ["A", None, 3, "B"]}, "/aliases/1 /aliases/2"),
        ({"aliases": ["A"] * 501}, "/aliases"),
        ({"aliases": {"en": "A"}}, "/aliases"),
        ({"wikidata": "4124"}, "/wikidata"),
        ({"wikidata": "Q0"}, "/wikidata"),
        ({"wikidata": "https://www.wikidata.org/wiki/Q4124"}, "/wikidata"),
        ({"country": "XX"}, "/country"),
        ({"country": "France"}, "/country"),
        ({"homepage": "example.org"}, "/homepage"),
        ({"homepage": "javascript:alert(1)"}, "/homepage"),
        ({"description": "x" * 2001}, "/description"),
        ({"description": {}}, "/description"),
        ({"id": 7}, "/id"),
        ({"version": 1}, "/version"),
        ({"nmae": "A"}, "/nmae"),
        ({"a/b~c": 1}, "/a~1b~0c"),
        (
            {"name": "", "wikidata": "x", "country": "x", "homepage": "x", "foo": 1},
            "/name /wikidata /country /homepage /foo",
        ),
    ],
)
def test_what_cannot_be_stored_is_refused_with_all_reasons_at_once(api, kind, fields, pointers):
    check_problem(api.post(kind.path, {"name": "Example", **fields}), 422, "invalid", *pointers.split())
    assert names(api, kind.path) == []
    entity = made(api, kind)
    check_problem(api.patch(f"{kind.path}/{entity['id']}", fields), 422, "invalid", *pointers.split())
    assert api.get(f"{kind.path}/{entity['id']}").json == entity


@pytest.mark.parametrize(
    ("path", "fields", "pointer"),
    [
        ("/v1/speakers", {"kind": "robot"}, "/kind"),
        ("/v1/speakers", {"kind": "Person"}, "/kind"),
        ("/v1/speakers", {"code": "AFP"}, "/code"),
        ("/v1/speakers", {"name": "il"}, "/name"),
        ("/v1/speakers", {"name": "Они"}, "/name"),
        ("/v1/speakers", {"name": "« Elle »"}, "/name"),
        ("/v1/agencies", {"code": "…"}, "/code"),
        ("/v1/agencies", {"code": "x" * 21}, "/code"),
        ("/v1/agencies", {"kind": "person"}, "/kind"),
        ("/v1/agencies", {"domain": "lematin.ch"}, "/domain"),
        ("/v1/outlets", {"domain": "lematin"}, "/domain"),
        ("/v1/outlets", {"domain": "https://lematin.ch/"}, "/domain"),
        ("/v1/outlets", {"domain": "a" * 64 + ".ch"}, "/domain"),
        ("/v1/outlets", {"code": "AFP"}, "/code"),
    ],
)
def test_what_one_kind_has_of_its_own_is_checked(api, path, fields, pointer):
    check_problem(api.post(path, {"name": "Example", **fields}), 422, "invalid", pointer)


@each_kind
@pytest.mark.parametrize("body", ["[]", '"Example"', "7", "null", "true", '[{"name": "Example"}]'])
def test_a_body_that_is_not_an_object_is_refused(api, kind, body):
    check_problem(api.post(kind.path, data=body, content_type="application/json"), 422, "invalid", "")


@each_kind
def test_a_name_is_stored_without_the_space_around_it_and_codes_in_their_form(api, kind):
    entity = made(api, kind, "  Two  Words ", country="fr", aliases=[" A "], description="  ", homepage="")
    assert (entity["name"], entity["country"], entity["aliases"]) == ("Two  Words", "FR", ["A"])
    assert (entity["description"], entity["homepage"]) == (None, None)


@each_kind
@pytest.mark.parametrize(
    "name",
    [
        "Éxample Name",
        "éxample name",
        "EXAMPLE-NAME",
        "Example  Name",
        "“Example” Name",
        "Exa\u0301mple Name",
        "Ｅxample Name",
    ],
)
def test_a_name_that_is_taken_is_refused_skipped_or_allowed_as_told(api, kind, name):
    first = made(api, kind, "Éxample Name")
    for query in ("", "?on_duplicate=refuse"):
        document = check_problem(api.post(kind.path + query, {"name": name}), 409, "duplicate")
        assert (document["existing"], document["pointer"]) == (f"{kind.path}/{first['id']}", "/name")
    skipped = api.post(f"{kind.path}?on_duplicate=skip", {"name": name, "description": "Another."})
    assert (skipped.status_code, skipped.json) == (200, first)
    assert (skipped.headers["Location"], skipped.headers["ETag"]) == (f"{kind.path}/{first['id']}", '"1"')
    allowed = made(api, kind, name)
    assert (allowed["id"] != first["id"], allowed["name"]) == (True, name)
    assert len(names(api, kind.path)) == 2


@each_kind
@pytest.mark.parametrize(
    "query",
    ["on_duplicate=link", "on_duplicate=", "on_duplicate=skip&on_duplicate=skip", "duplicate=skip", "strict=true"],
)
def test_a_create_that_cannot_be_meant_is_refused(api, kind, query):
    check_problem(api.post(f"{kind.path}?{query}", {"name": "Example"}), 422, "invalid", query.partition("=")[0])
    assert names(api, kind.path) == []


@each_kind
def test_skip_makes_what_is_not_there_yet(api, kind):
    assert made(api, kind, "New", query="?on_duplicate=skip")["version"] == 1


@each_kind
def test_skip_never_answers_with_a_namesake_that_is_known_to_be_another(api, kind):
    first, second = (made(api, kind, "Example", wikidata=item) for item in ("Q1", "Q2"))
    response = api.post(f"{kind.path}?on_duplicate=skip", {"name": "Example", "wikidata": "Q2"})
    assert response.json.get("id") == second["id"]
    response = api.post(f"{kind.path}?on_duplicate=skip", {"name": "Example", "wikidata": "Q3"})
    assert response.json.get("id") not in (first["id"], second["id"])


@pytest.mark.parametrize(
    ("path", "name"),
    [
        ("/v1/speakers", "Другая"),
        ("/v1/agencies", "the other"),
        ("/v1/agencies", "AFP"),
        ("/v1/outlets", "the other"),
        ("/v1/outlets", "lematin.ch"),
    ],
)
def test_a_name_by_which_another_is_found_is_taken(api, path, name):
    # Else every later write and every list that says this name is refused as ambiguous.
    (own,) = ({kind.own: kind.value} for kind in KINDS if kind.path == path)
    made(api, path, "Example", **own, **SHARED)
    check_problem(api.post(path, {"name": name}), 409, "duplicate")


@each_identifier
def test_an_identifier_is_of_one_only(api, path, name, value, spelt):
    first, second = made(api, path, "First", **{name: value}), made(api, path, "Second")
    for query in ("", "?on_duplicate=allow"):
        document = check_problem(api.post(path + query, {"name": "Third", name: spelt}), 409, "duplicate")
        assert (document["existing"], document["pointer"]) == (f"{path}/{first['id']}", f"/{name}")
    document = check_problem(api.patch(f"{path}/{second['id']}", {name: spelt}), 409, "duplicate")
    assert (document["existing"], document["pointer"]) == (f"{path}/{first['id']}", f"/{name}")
    assert api.get(f"{path}/{second['id']}").json == second
    assert names(api, path) == ["First", "Second"]


@each_identifier
def test_an_identifier_that_was_given_up_is_free(api, path, name, value, spelt):
    first, second = made(api, path, "First", **{name: value}), made(api, path, "Second")
    assert api.patch(f"{path}/{first['id']}", {name: None}).json[name] is None
    assert api.patch(f"{path}/{second['id']}", {name: value}).json[name] == value
    assert api.delete(f"{path}/{second['id']}").status_code == 204
    assert api.patch(f"{path}/{first['id']}", {name: value}).json[name] == value
    document = check_problem(api.post(f"{path}/{second['id']}/restore"), 409, "duplicate")
    assert document["existing"] == f"{path}/{first['id']}"
    check_problem(api.get(f"{path}/{second['id']}"), 410, "gone")


@each_identifier
def test_its_own_identifier_is_no_conflict(api, path, name, value, spelt):
    entity = made(api, path, "First", **{name: value})
    assert api.patch(f"{path}/{entity['id']}", {name: value}).json == entity
    assert api.patch(f"{path}/{entity['id']}", {name: spelt, "country": "CH"}).json["version"] == 2


@each_kind
@pytest.mark.parametrize(
    ("patch", "changed"),
    [
        ({"name": "Renamed"}, {"name": "Renamed"}),
        ({"aliases": ["A", "B"]}, {"aliases": ["A", "B"]}),
        ({"aliases": []}, {"aliases": []}),
        ({"aliases": None}, {"aliases": []}),
        ({"wikidata": "Q7"}, {"wikidata": "Q7"}),
        ({"wikidata": None, "description": None}, {"wikidata": None, "description": None}),
        ({"country": None, "homepage": None}, {"country": None, "homepage": None}),
        ({"country": "de", "description": " New. "}, {"country": "DE", "description": "New."}),
    ],
)
def test_a_patch_changes_what_it_names_and_nothing_else(api, kind, patch, changed):
    before = made(api, kind, **{kind.own: kind.value}, **SHARED)
    path = f"{kind.path}/{before['id']}"
    response = api.patch(path, patch, content_type="application/merge-patch+json")
    assert (response.status_code, response.headers["ETag"]) == (200, '"2"')
    assert response.json == {**before, **changed, "version": 2, "updated_at": response.json["updated_at"]}
    assert api.get(path).json == response.json


@each_kind
def test_null_gives_back_the_default_of_what_a_kind_has_of_its_own(api, kind):
    entity = made(api, kind, **{kind.own: kind.value})
    assert api.patch(f"{kind.path}/{entity['id']}", {kind.own: None}).json[kind.own] == kind.unset


@each_kind
@pytest.mark.parametrize("patch", [{}, {"name": "Example"}, {"name": " Example "}, {"country": "fr"}, SHARED])
def test_a_patch_that_changes_nothing_makes_no_new_version(api, kind, patch):
    entity = made(api, kind, **SHARED)
    response = api.patch(f"{kind.path}/{entity['id']}", patch)
    assert (response.json, response.headers["ETag"]) == (entity, '"1"')


@pytest.mark.parametrize("method", ["POST", "PATCH"])
@pytest.mark.parametrize(
    ("data", "media_type", "problem"),
    [
        (b"", "application/json", "malformed"),
        (b"{", "application/json", "malformed"),
        (b'{"name": NaN}', "application/json", "malformed"),
        (b'{"name": "\xff"}', "application/json", "malformed"),
        (b'{"name": "\\ud800"}', "application/json", "malformed"),
        (b'{"name": "A", "name": "B"}', "application/json", "malformed"),
        (b'{"name": 18446744073709551616}', "application/json", "malformed"),
        (b"[" * 10_000, "application/json", "malformed"),
        (b'{"name": "A"}', "text/plain", "unsupported-media-type"),
        (b'{"name": "A"}', None, "unsupported-media-type"),
        (b"name=A", "application/x-www-form-urlencoded", "unsupported-media-type"),
    ],
)
def test_a_body_that_cannot_be_read_is_refused(api, method, data, media_type, problem):
    entity = made(api, "/v1/speakers")
    path = "/v1/speakers" if method == "POST" else f"/v1/speakers/{entity['id']}"
    check_problem(api(method, path, data=data, content_type=media_type), PROBLEMS[problem].status, problem)
    assert api.get("/v1/speakers").json["items"] == [entity]


@each_kind
@pytest.mark.parametrize(
    "alias", ["Дмитрий Песков", "دميتري بيسكوف", "佩斯科夫", "ペスコフ", "प्रिया वेल्लंकर", "Ντμίτρι", "페스코프", "דמיטרי"]
)
def test_an_alias_in_any_script_is_a_name(api, kind, alias):
    entity = made(api, kind, "Dmitri Peskov", aliases=[alias])
    made(api, kind, "Another")
    assert names(api, kind.path, f"name={alias}") == ["Dmitri Peskov"]
    fields = {"speaker": "Ada Example", "agency": "Any", kind.field: alias}
    assert api.store(**fields)[kind.field]["id"] == entity["id"]
    assert len(api.ids(f"?{kind.field}={quote(alias)}")) == 1


@each_kind
def test_a_name_that_was_changed_is_found_no_more_and_the_new_one_is(api, kind):
    entity = made(api, kind, "Before", aliases=["Avant"])
    statement = api.store(**{"agency": "Any", kind.field: "Before"})
    tag = api.get(f"/v1/statements/{statement['id']}").headers["ETag"]
    api.patch(f"{kind.path}/{entity['id']}", {"name": "After", "aliases": ["Après"]})
    for name in ("After", "Après"):
        assert api.ids(f"?{kind.field}={name}") == [statement["id"]]
    for name in ("Before", "Avant"):
        check_problem(api.get(f"/v1/statements?{kind.field}={name}"), 422, "invalid", kind.field)
    # The statement shows another name now, so whoever kept it must read it again.
    response = api.get(f"/v1/statements/{statement['id']}", headers={"If-None-Match": tag})
    assert (response.status_code, response.json[kind.field]["name"]) == (200, "After")


@each_kind
def test_what_a_statement_brings_is_listed(api, kind):
    statement = api.store(**{"agency": "Any", kind.field: "Brought"})
    entity = api.get(f"{kind.path}/{statement[kind.field]['id']}").json
    assert entity.items() >= statement[kind.field].items()
    assert names(api, kind.path, "name=brought") == ["Brought"]


@pytest.mark.parametrize(
    ("path", "fields"),
    [
        ("/v1/speakers", {"speaker": "Example"}),
        ("/v1/speakers", {"on_behalf_of": "Example"}),
        ("/v1/agencies", {"agency": "Example"}),
        ("/v1/outlets", {"outlet": "Example"}),
        ("/v1/agencies", {"other_appearances": [{"agency": "Example"}]}),
        ("/v1/outlets", {"other_appearances": [{"outlet": "Example"}]}),
    ],
)
def test_what_a_statement_names_cannot_be_deleted(api, path, fields):
    entity = made(api, path)
    statement = api.store(**fields)
    document = check_problem(api.delete(f"{path}/{entity['id']}"), 409, "conflict")
    assert document["example"] == f"/v1/statements/{statement['id']}"
    assert api.get(f"{path}/{entity['id']}").json == entity
    # Deleted, the statement may come back, and must find who it names.
    api.delete(f"/v1/statements/{statement['id']}")
    check_problem(api.delete(f"{path}/{entity['id']}"), 409, "conflict")
    assert api.post(f"/v1/statements/{statement['id']}/restore").status_code == 200


@each_kind
def test_what_no_statement_names_any_more_can_be_deleted(api, kind):
    entity = made(api, kind)
    statement = api.store(**{"agency": "Any", kind.field: "Example"})
    api.patch(f"/v1/statements/{statement['id']}", {kind.field: "Somebody Else"})
    assert api.delete(f"{kind.path}/{entity['id']}").status_code == 204


@each_kind
def test_what_is_deleted_is_gone_until_it_is_restored(api, kind):
    before = made(api, kind, "Example", **SHARED)
    path = f"{kind.path}/{before['id']}"
    response = api.delete(path)
    assert (response.status_code, response.data) == (204, b"")
    for again in (api.get(path), api.patch(path, {"name": "New"}), api.delete(path)):
        document = check_problem(again, 410, "gone")
        assert (document["id"], document["version"], document["restore"]) == (before["id"], 2, f"{path}/restore")
    assert names(api, kind.path) == []
    check_problem(api.get(f"/v1/statements?{kind.field}=Example"), 422, "invalid", kind.field)
    check_problem(api.get(f"/v1/statements?{kind.field}={before['id']}"), 422, "invalid", kind.field)
    check_problem(api.post("/v1/statements", {**_DRAFT, kind.field: before["id"]}), 422, "invalid", f"/{kind.field}")

    restored = api.post(document["restore"])
    assert (restored.status_code, restored.headers["ETag"]) == (200, '"3"')
    assert restored.json == {**before, "version": 3, "updated_at": restored.json["updated_at"]}
    assert api.get(path).json == restored.json
    assert names(api, kind.path, "name=другая") == ["Example"]
    assert api.ids(f"?{kind.field}=the other") == []
    again = api.post(f"{path}/restore")
    assert (again.status_code, again.json) == (200, restored.json)


_DRAFT = {"text": "All is well.", "language": "en", "speaker": "Ada Example", "date": None, "agency": "Any"}


@each_kind
def test_ids_are_never_used_again(api, kind):
    first = made(api, kind)
    api.delete(f"{kind.path}/{first['id']}")
    assert made(api, kind)["id"] == first["id"] + 1


@each_kind
@pytest.mark.parametrize(
    ("header", "passes"),
    [
        ('"2"', True),
        ("*", True),
        ('"7", "2"', True),
        ('"1"', False),
        ('"3"', False),
        ('W/"2"', False),
        ('"nonsense"', False),
        ('"-2"', False),
        ('"99999999999999999999"', False),
        ("", False),
    ],
)
def test_if_match_lets_through_only_the_version_that_was_read(api, kind, header, passes):
    entity = made(api, kind)
    path = f"{kind.path}/{entity['id']}"
    tag = api.patch(path, {"country": "FR"}).headers["ETag"]
    assert tag == '"2"'
    if not passes:
        before = api.get(path).json
        for method, options in {"PATCH": {"json": {"country": "DE"}}, "DELETE": {}}.items():
            document = check_problem(
                api(method, path, headers={"If-Match": header}, **options), 412, "precondition-failed"
            )
            assert document["version"] == 2
        assert api.get(path).json == before
    else:
        assert api.patch(path, {}, headers={"If-Match": header}).status_code == 200
        assert api.delete(path, headers={"If-Match": header}).status_code == 204


@each_kind
def test_a_restore_heeds_if_match(api, kind):
    entity = made(api, kind)
    path = f"{kind.path}/{entity['id']}"
    api.delete(path)
    check_problem(api.post(f"{path}/restore", headers={"If-Match": '"1"'}), 412, "precondition-failed")
    assert api.post(f"{path}/restore", headers={"If-Match": '"2"'}).status_code == 200


@each_kind
@pytest.mark.parametrize(
    ("header", "status"), [('"1"', 304), ('W/"1"', 304), ("*", 304), ('"0", "1"', 304), ('"2"', 200), ('"1.1"', 200)]
)
def test_if_none_match_saves_reading_again(api, kind, header, status):
    entity = made(api, kind)
    response = api.get(f"{kind.path}/{entity['id']}", headers={"If-None-Match": header})
    assert (response.status_code, response.headers["ETag"]) == (status, '"1"')
    assert (response.data == b"") == (status == 304)


SEVERAL = [
    {"name": "beta", "country": "FR", "wikidata": "Q10"},
    {"name": "Älpha", "country": "DE", "aliases": ["first letter"]},
    {"name": "гамма", "country": "FR", "aliases": ["Gamma Ray"]},
    {"name": "“Alpha” two", "wikidata": "Q11"},
]


# Which of them a query lists, in their order.
LISTED = [
    ("", [1, 3, 0, 2]),
    ("sort=name", [1, 3, 0, 2]),
    ("sort=-name", [2, 0, 3, 1]),
    ("sort=id", [0, 1, 2, 3]),
    ("sort=-id", [3, 2, 1, 0]),
    ("sort=created_at", [0, 1, 2, 3]),
    ("sort=-created_at", [3, 2, 1, 0]),
    ("sort=updated_at", [0, 2, 3, 1]),
    ("sort=-updated_at", [1, 3, 2, 0]),
    ("name=alpha", [1, 3]),
    ("name=two alpha", [3]),
    ("name=letter", [1]),
    ("name=first two", []),
    ("name=alph", []),
    ("name=beta,ГАММА", [0, 2]),
    ("name=beta&name=gamma ray", [0, 2]),
    ("name=…", []),
    ("country=fr", [0, 2]),
    ("country=DE,FR", [1, 0, 2]),
    ("country=CH", []),
    ("wikidata=Q10,Q11", [3, 0]),
    ("wikidata=Q12", []),
    ("country=FR&name=gamma", [2]),
    ("country=FR&wikidata=Q11", []),
    ("limit=1&sort=-id", [3]),
]


@each_kind
def test_lists_filter_and_sort(api, kind):
    stored = [made(api, kind, **fields) for fields in SEVERAL]
    api.patch(f"{kind.path}/{stored[1]['id']}", {"description": "New."})
    for query, expected in LISTED:
        page = api.get(f"{kind.path}?count=true&{query}").json
        assert [item["name"] for item in page["items"]] == [SEVERAL[n]["name"] for n in expected], query
        assert page["total"] == (4 if "limit" in query else len(expected)), query


@pytest.mark.parametrize(
    ("path", "query", "expected"),
    [
        ("/v1/speakers", "kind=person", ["A"]),
        ("/v1/speakers", "kind=group,organization", ["B", "C"]),
        ("/v1/speakers", "kind=anonymous", []),
        ("/v1/agencies", "code=AA", ["A"]),
        ("/v1/agencies", "code=a.a.,Bb", ["A", "B"]),
        ("/v1/agencies", "code=Q5", []),
        ("/v1/agencies", "code=A", []),
        ("/v1/outlets", "domain=a.example", ["A"]),
        ("/v1/outlets", "domain=www.A.example,b.example", ["A", "B"]),
        ("/v1/outlets", "domain=example.org", []),
    ],
)
def test_lists_filter_by_what_a_kind_has_of_its_own(api, path, query, expected):
    own = {
        "/v1/speakers": [{"kind": "person"}, {"kind": "group"}, {"kind": "organization"}],
        "/v1/agencies": [{"code": "AA"}, {"code": "BB"}, {"wikidata": "Q5"}],
        "/v1/outlets": [{"domain": "a.example"}, {"domain": "b.example"}, {}],
    }[path]
    for name, fields in zip("ABC", own, strict=True):
        made(api, path, name, **fields)
    assert names(api, path, query) == expected


@each_kind
@pytest.mark.parametrize(
    ("query", "places"),
    [
        ("limit=0", "limit"),
        ("limit=201", "limit"),
        ("sort=date", "sort"),
        ("sort=", "sort"),
        ("name=", "name"),
        ("name=a,", "name"),
        ("name=%00", "name"),
        ("country=", "country"),
        ("country=XX", "country"),
        ("country=FRA", "country"),
        ("wikidata=q10", "wikidata"),
        ("fields=text", "fields"),
        ("alias=x", "alias"),
        ("speaker=x", "speaker"),
        ("count=no&limit=x&foo=1", "count limit foo"),
    ],
)
def test_a_list_refuses_what_cannot_be_meant(api, kind, query, places):
    check_problem(api.get(f"{kind.path}?{query}"), 422, "invalid", *places.split())


@pytest.mark.parametrize(
    "query", ["/v1/speakers?code=A", "/v1/agencies?kind=person", "/v1/agencies?domain=a.example", "/v1/outlets?code=A"]
)
def test_a_filter_of_another_kind_is_unknown(api, query):
    name = query.partition("?")[2].partition("=")[0]
    check_problem(api.get(query), 422, "invalid", name)


@each_kind
def test_fields_chooses_what_is_answered(api, kind):
    made(api, kind)
    assert api.get(f"{kind.path}?fields=name,country").json["items"] == [{"name": "Example", "country": None}]


@each_kind
def test_pages_go_by_name(api, kind):
    for name in "dbeac":
        made(api, kind, name)
    url, found = f"{kind.path}?limit=2&fields=name", []
    while url:
        page = api.get(url).json
        found.append("".join(item["name"] for item in page["items"]))
        url = page["next"]
    assert found == ["ab", "cd", "e"]


@each_kind
@pytest.mark.parametrize(
    "id_",
    [
        "7",
        "9223372036854775807",
        "9999999999999999999",
        "99999999999999999999",
        "0",
        "-1",
        "01",
        "1.0",
        "x",
        "%D9%A1",
        "%00",
    ],
)
def test_there_is_nothing_at_an_id_that_was_never_given(api, kind, id_):
    check_problem(api.get(f"{kind.path}/{id_}"), 404, "not-found")
    check_problem(api.patch(f"{kind.path}/{id_}", {}), 404, "not-found")
    check_problem(api.delete(f"{kind.path}/{id_}"), 404, "not-found")
    check_problem(api.post(f"{kind.path}/{id_}/restore"), 404, "not-found")


@each_kind
@pytest.mark.parametrize(
    ("method", "suffix"), [("PUT", "/1"), ("POST", "/1"), ("DELETE", ""), ("PATCH", ""), ("GET", "/1/restore")]
)
def test_a_method_that_an_address_does_not_have_is_refused(api, kind, method, suffix):
    response = api(method, kind.path + suffix)
    check_problem(response, 405, "method-not-allowed")
    assert method not in response.headers["Allow"]


@each_kind
def test_writing_needs_a_key_that_may_write(api, kind):
    path = f"{kind.path}/{made(api, kind)['id']}"
    for key, status, problem in (
        (None, 401, "unauthorized"),
        ("reader", 403, "forbidden"),
        ("reviewer", 403, "forbidden"),
    ):
        check_problem(api.post(kind.path, {"name": "New"}, key=key), status, problem)
        check_problem(api.patch(path, {"name": "New"}, key=key), status, problem)
        check_problem(api.delete(path, key=key), status, problem)
        check_problem(api.post(f"{path}/restore", key=key), status, problem)
    assert names(api, kind.path) == ["Example"]
    assert api.patch(path, {"name": "New"}, key="admin").json["name"] == "New"
