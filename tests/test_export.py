"""Taking statements out: every match, as a stream that imports again unchanged."""

import csv
import io
from collections.abc import Iterable
from typing import Any

import orjson
import pytest
from conftest import Api, check_problem, draft
from hypothesis import HealthCheck, Phase, example, given, settings
from hypothesis import strategies as st

from schemas.statements import StatementRecordOut
from service import db
from service.models import MODELS, ApiKey, Installation

MEDIA_TYPES = {"ndjson": "application/x-ndjson", "csv": "text/csv"}
FORMS = pytest.mark.parametrize("form", MEDIA_TYPES)
FIELDS = list(StatementRecordOut().fields)
ENTITIES = ("speaker", "on_behalf_of", "agency", "outlet")


def export(api: Api, form: str, query: str = "") -> bytes:
    response = api.get(f"/v1/statements.{form}{query}")
    assert (response.status_code, response.mimetype) == (200, MEDIA_TYPES[form]), response.text
    return response.data


def records(api: Api, query: str = "") -> list[dict[str, Any]]:
    return [orjson.loads(line) for line in export(api, "ndjson", query).splitlines()]


def cells(body: bytes) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(body.decode(), newline="")))


def load(api: Api, form: str, body: bytes, query: str = "") -> dict[str, Any]:
    response = api.load(body, query, content_type=MEDIA_TYPES[form])
    assert response.status_code == 200, response.text
    return response.json


def empty() -> None:
    """Take everything away: the same as another, empty database."""
    with db.proxy.connection_context():
        for model in reversed(MODELS):
            if model not in (ApiKey, Installation):
                model.delete().execute()


def renumbered(rows: Iterable[dict[str, Any]]) -> list[dict[str, Any]]:
    """Exported rows less the moments, with every id replaced by the place where it was first seen."""
    seen: dict[tuple[str, Any], int] = {}

    def place(kind: str, id_: Any) -> int | None:
        return None if id_ in (None, "") else seen.setdefault((kind, str(id_)), len(seen))

    def entities(document: dict[str, Any]) -> dict[str, Any]:
        kinds = {name: "speaker" if name == "on_behalf_of" else name for name in ENTITIES}
        numbered = {
            f"{name}_id": place(kind, document[f"{name}_id"])
            for name, kind in kinds.items()
            if f"{name}_id" in document
        }
        nested = {
            name: {**document[name], "id": place(kind, document[name]["id"])}
            for name, kind in kinds.items()
            if isinstance(document.get(name), dict)
        }
        return {**document, **numbered, **nested}

    found = []
    for row in rows:
        others = row["other_appearances"]
        others = orjson.loads(others) if others and isinstance(others, str) else others
        statements = {name: place("statement", row[name]) for name in ("id", "translation_of")}
        moments = dict.fromkeys(("created_at", "updated_at"))
        found.append({**entities(row), **statements, **moments, "other_appearances": [*map(entities, others)]})
    return found


def comparable(form: str, body: bytes) -> list[dict[str, Any]]:
    return renumbered(records_of(form, body))


def records_of(form: str, body: bytes) -> list[dict[str, Any]]:
    return cells(body) if form == "csv" else [orjson.loads(line) for line in body.splitlines()]


def check_round_trip(api: Api, form: str, query: str = "") -> None:
    """Fail unless an export, imported into an empty database, exports again as it was."""
    body = export(api, form, query)
    total = len(records_of(form, body))
    empty()
    report = load(api, form, body)
    assert (report["created"], report["refused"]) == (total, 0), report
    again = export(api, form)
    assert comparable(form, again) == comparable(form, body)
    # Once more into the same database: nothing is new, and what was exported stays as it is.
    report = load(api, form, again)
    assert (report["unchanged"] + report["skipped"], report["refused"]) == (total, 0), report
    assert export(api, form) == again


# Streams


@FORMS
def test_an_export_is_every_match_in_the_order_of_making(api, form):
    ids = [api.store(text=f"No {n}.")["id"] for n in range(3)]
    assert [int(row["id"]) for row in records_of(form, export(api, form))] == ids


@FORMS
def test_an_export_of_nothing_is_empty_and_imports(api, form):
    body = export(api, form)
    assert records_of(form, body) == []
    assert body.count(b"\r\n") == (form == "csv")
    if body:
        assert load(api, form, body)["rows"] == 0


@FORMS
def test_an_export_goes_on_beyond_a_batch(api, form):
    rows = [draft(text=f"No {n}.", date=f"2025-06-{n % 30 + 1:02}") for n in range(1203)]
    api.load(rows)
    for sort in ("", "?sort=-date", "?sort=date", "?sort=-id"):
        found = [int(row["id"]) for row in records_of(form, export(api, form, sort))]
        assert len(found) == len(set(found)) == 1203
    assert found == sorted(found, reverse=True)


@pytest.mark.parametrize(
    "query",
    ["speaker=ada", "speaker=Bob", "agency=AFP", "outlet=Le+Matin", "language=fr", "kind=mixed", "topic=peace", "ref=a,b",
     "since=2025-02&until=2025-03", "published_since=2025", "url=https://example.org/a", "place=moscou", "role=Sprecher",
     "event=briefing", "status=unreviewed", "speaker=ada&language=fr,en&sort=-published"],
)  # fmt: skip
def test_filters_and_sorts_are_those_of_the_list(api, query):
    api.store(ref="a", date="2025-02-03", topics=["Peace"], place="Moscou", outlet="Le Matin")
    api.store(ref="b", language="fr-CA", kind="mixed", published="2025-05", role="Sprecher")
    api.store(speaker="Bob", language="de", url="https://example.org/a?utm_source=x", event="Briefing", agency="TASS")
    expected = api.ids(f"?{query}" if "sort" in query else f"?{query}&sort=id")
    assert 0 < len(expected) < 4
    assert [row["id"] for row in records(api, f"?{query}")] == expected
    assert [int(row["id"]) for row in cells(export(api, "csv", f"?{query}"))] == expected


@FORMS
@pytest.mark.parametrize(
    "sort",
    ["date", "-date", "published", "-published", "created_at", "-created_at", "updated_at", "-updated_at", "-id"],
)
def test_every_sort_gives_the_order_of_the_list(api, form, sort):
    for date, published in [
        ("2025", None),
        (None, "2024"),
        ("2025-06/..", "2025-06-01T00:00:00Z"),
        ("2024-02~", "2025"),
    ]:
        api.store(date=date, published=published)
    found = [int(row["id"]) for row in records_of(form, export(api, form, f"?sort={sort}"))]
    assert found == api.ids(f"?sort={sort}")


@pytest.mark.parametrize("accept", MEDIA_TYPES.values())
def test_a_list_is_an_export_where_the_client_prefers_it(api, accept):
    api.store()
    form = next(name for name, media_type in MEDIA_TYPES.items() if media_type == accept)
    response = api.get("/v1/statements?language=en", headers={"Accept": f"{accept}, application/json;q=0.5"})
    assert (response.mimetype, response.data) == (accept, export(api, form))
    assert "Accept" in response.vary


@FORMS
@pytest.mark.parametrize(
    ("query", "parameters"),
    [
        ("limit=5", ["limit"]), ("cursor=x&count=true", ["cursor", "count"]), ("speaker=nobody", ["speaker"]),
        ("sort=speaker", ["sort"]), ("fields=id,name", ["fields"]), ("since=never&kind=x", ["since", "kind"]), ("topic=none", ["topic"]),
    ],
)  # fmt: skip
def test_a_wrong_parameter_is_an_answer_and_not_the_end_of_a_stream(api, form, query, parameters):
    check_problem(api.get(f"/v1/statements.{form}?{query}"), 422, "invalid", *parameters)


def test_a_deleted_statement_is_not_exported(api):
    gone, stays = api.store(text="Gone."), api.store()
    api.delete(f"/v1/statements/{gone['id']}")
    assert [row["id"] for row in records(api)] == [stays["id"]]


@FORMS
def test_a_stream_that_fails_midway_is_cut_and_not_closed_as_if_whole(api, installed, form):
    api.load([draft(text=f"No {n}.") for n in range(900)])
    with db.proxy.connection_context():
        db.proxy.execute_sql("UPDATE statement SET topics = '[' WHERE text = 'No 800.'")
    response = installed.app.test_client().get(f"/v1/statements.{form}", buffered=False)
    assert response.status_code == 200
    pieces: list[bytes] = []
    with pytest.raises(orjson.JSONDecodeError):
        pieces.extend(response.iter_encoded())
    response.close()
    received = b"".join(pieces)
    assert 0 < len(records_of(form, received)) < 800
    assert received.endswith(b"\n")
    assert orjson.loads(received.splitlines()[-1])["type"] == "/problems/internal"
    assert api.get("/v1/statements?limit=1").status_code == 200


# Fields


def test_fields_choose_what_is_exported(api):
    api.store(topics=["a"], ref="r")
    assert export(api, "ndjson", "?fields=ref,text") == b'{"ref":"r","text":"All is well."}\n'
    assert export(api, "csv", "?fields=ref,topics,text") == b"ref,topics,text\r\nr,a,All is well.\r\n"
    assert list(records(api)[0]) == FIELDS


@FORMS
def test_a_field_named_twice_is_exported_once(api, form):
    api.store()
    assert export(api, form, "?fields=id,text,id") == export(api, form, "?fields=id,text")


@FORMS
def test_an_export_of_some_fields_imports_if_ids_are_among_them(api, form):
    api.store(ref="r", topics=["x"], outlet="Le Matin")
    fields = "id,text,language,speaker,date,agency,outlet,ref"
    body = export(api, form, f"?fields={fields}")
    empty()
    api.store(text="In the way of equal ids.", speaker="Somebody Else", agency="TASS", outlet="Elsewhere")
    assert load(api, form, body)["created"] == 1
    (found,) = records(api, "?ref=r")
    names = [found[entity]["name"] for entity in ("speaker", "agency", "outlet")]
    assert (names, found["topics"]) == (["Ada Example", "AFP", "Le Matin"], [])


# Formulas


@pytest.mark.parametrize(
    "text", ["=1+1", "+1", "-1 degree", "@all", "'=1", "''=1", "'-", "-", "'tis", "'", "''", "=", '=HYPERLINK("x";"y")']
)
def test_a_text_that_a_spreadsheet_would_run_is_guarded_and_comes_back(api, text):
    api.store(text=text, headline=text, topics=[text] if any(map(str.isalnum, text)) else [], ref=text)
    (row,) = cells(export(api, "csv", "?fields=text,headline,topics,ref"))
    assert not [cell for cell in row.values() if cell.startswith(("=", "+", "-", "@"))]
    check_round_trip(api, "csv")
    assert (records(api)[0]["text"], records(api)[0]["ref"]) == (text, text)


def test_names_are_guarded_too(api):
    api.store(
        speaker="=Ada",
        agency={"name": "@AFP", "code": "-afp"},
        outlet="+Paper",
        other_appearances=[{"agency": "=TASS"}],
    )
    (row,) = cells(export(api, "csv"))
    assert [row[name] for name in ("speaker", "agency", "agency_code", "outlet")] == [
        "'=Ada",
        "'@AFP",
        "'-afp",
        "'+Paper",
    ]
    check_round_trip(api, "csv")


# There and back


@FORMS
def test_a_real_wire_goes_there_and_back(api, peskov, form):
    api.load(peskov)
    check_round_trip(api, form)


def stored_with_everything(api: Api) -> None:
    """Statements that only a database with a past holds."""
    ada = [
        api.post("/v1/speakers?on_duplicate=allow", {"name": "Ada", "wikidata": item}).json["id"]
        for item in (None, None, "Q1")
    ]
    group = api.post("/v1/speakers?on_duplicate=allow", {"name": "Ada", "kind": "group"}).json["id"]
    named = api.post("/v1/agencies", {"name": "Agence", "code": "AFP", "aliases": ["Wire"]}).json["id"]
    wires = [
        api.post("/v1/agencies?on_duplicate=allow", {"name": name}).json["id"] for name in ("AFP", "A.F.P.", "Wire")
    ]
    for n, speaker in enumerate([ada[1], group, ada[0], ada[2], ada[1]]):
        api.store(speaker=speaker, on_behalf_of=ada[n % 3], agency=[*wires, named][n % 4], text=f"No {n}.")
    for _ in range(2):
        api.store(speaker=ada[0], agency=named, text="Twice.")
    printed = api.store(
        speaker=ada[0],
        published="2025-06-12",
        agency=wires[0],
        other_appearances=[
            {"outlet": "Later", "published": "2025-06-13", "headline": "=x"},
            {
                "outlet": "Earlier",
                "agency": wires[1],
                "published": "2025-06-11T10:00:00+02:00",
                "url": "https://example.org/ü",
            },
            {"outlet": "Undated"},
            {"outlet": "Undated"},
        ],
    )
    first = api.store(text="Un.", language="fr", agency="TASS")
    second = api.store(text="One.", agency="TASS", translation_of=printed["id"])
    api.patch(f"/v1/statements/{first['id']}", {"translation_of": second["id"], "topics": ["a;b", "c\\", "=d", "'-e"]})
    api.patch(f"/v1/statements/{printed['id']}", {"event": "Moved"})
    api.patch(f"/v1/speakers/{ada[2]}", {"name": "Ada Renamed"})


@FORMS
def test_namesakes_printings_duplicates_and_translations_go_there_and_back(api, form):
    stored_with_everything(api)
    assert len(records(api)) == 10
    check_round_trip(api, form)
    assert api.get("/v1/speakers?count=true").json["total"] == 5


@FORMS
@pytest.mark.parametrize("sort", ["-id", "date", "-published", "-updated_at"])
def test_an_export_in_any_order_imports(api, form, sort):
    stored_with_everything(api)
    check_round_trip(api, form, f"?sort={sort}")


@FORMS
def test_translations_of_translations_keep_their_places(api, form):
    first, second, third = (api.store(text=f"No {n}.") for n in range(3))
    api.patch(f"/v1/statements/{first['id']}", {"translation_of": third["id"]})
    api.patch(f"/v1/statements/{second['id']}", {"translation_of": first["id"]})
    check_round_trip(api, form)


@FORMS
def test_an_export_changes_nothing_where_it_came_from(api, form):
    _, second = api.store(), api.store()
    api.store(text="Alles ist gut.", translation_of=second["id"], ref="a")
    body = export(api, form)
    report = load(api, form, body)
    assert (report["skipped"], report["unchanged"]) == (2, 1)
    assert export(api, form) == body


@FORMS
def test_a_translation_whose_original_was_deleted_goes_there_and_back(api, form):
    original = api.store(text="Un.", language="fr")
    api.store(translation_of=original["id"])
    api.delete(f"/v1/statements/{original['id']}")
    check_round_trip(api, form)


# Text as people and machines write it: white space and separators of every kind, formulas, quotes, other scripts.
CHARACTERS = st.one_of(
    st.sampled_from("'=+-@;\\\"\r\n\t ,a1é«»“”\u2028\u0085\ufeff\u200b"), st.characters(exclude_categories=["Cs"], exclude_characters="\0")
)  # fmt: skip
TEXT = st.text(CHARACTERS, max_size=20)
NOTE = st.none() | TEXT
NAME = st.sampled_from(["Ada", "ÁDA", "=Bob", "'@Eve", "Ada; Bob", 'A "B" C', "Иван", "李"]) | TEXT.map("x{}".format)
DATE = st.sampled_from([None, "2025", "2025-06~", "2025-06-11", "../2025", "2025-06/2025-07?", "0001", "9999-12-31"])
PUBLISHED = st.sampled_from([None, "2025", "2025-06-11", "2025-06-11T10:30:00.5+02:00", "0001-01-01T00:00:00Z"])
URL = st.none() | st.sampled_from(["https://example.org/a", "http://www.example.org/a?b=1", "https://example.org/é"])


def known_as(**more: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    return NAME | st.fixed_dictionaries(
        {"name": NAME}, optional={"wikidata": st.sampled_from(["Q1", "Q2", "Q3"]), **more}
    )


SPEAKER = known_as(kind=st.sampled_from(["person", "organization", "group", "anonymous"]))
PRINTING = {
    "agency": known_as(code=st.sampled_from(["AFP", "=X", "ada"])),
    "outlet": st.none() | known_as(domain=st.sampled_from(["a.org", "b.org"])),
    "published": PUBLISHED,
    "url": URL,
    "headline": NOTE,
    "byline": NOTE,
}
DRAFTS = st.lists(
    st.fixed_dictionaries(
        {
            **PRINTING,
            "text": TEXT.filter(str.strip) | st.just("The same words."),
            "language": st.sampled_from(["fr", "pt-br", "zh-Hant"]),
            "speaker": SPEAKER,
            "date": DATE,
        },
        optional={
            "kind": st.sampled_from(["direct", "indirect", "mixed"]),
            "on_behalf_of": SPEAKER,
            "event": NOTE,
            "place": NOTE,
            "topics": st.lists(NAME | TEXT.map("{}y".format), max_size=4),
            "prefix": NOTE,
            "ref": NOTE,
            "translation_of": st.integers(1, 8),
            "version": st.integers(1, 10**6),
            "other_appearances": st.lists(st.fixed_dictionaries(PRINTING), max_size=3),
        },
    ),
    min_size=1,
    max_size=8,
)


def linked(drafts: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The drafts with ids of a file, so that each may translate one that stands before or after it."""
    rows = [{"id": number, **row} for number, row in enumerate(drafts, 1)]
    return [
        {**row, "translation_of": other if other <= len(rows) and other != row["id"] else None}
        for row in rows
        for other in [row.get("translation_of", row["id"])]
    ]


@settings(
    max_examples=20,
    deadline=None,
    # What fails is shown as it was found: to make it smaller takes a database minutes.
    phases=[Phase.explicit, Phase.reuse, Phase.generate],
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(drafts=DRAFTS.map(linked))
@example(drafts=[draft(text="\ufeff=1"), draft(text="'"), draft(text='"'), draft(text="\r\n=")])
def test_any_drafts_go_there_and_back(api, drafts):
    for form in MEDIA_TYPES:
        empty()
        response = api.load(drafts, "?mode=partial&on_duplicate=allow")
        assert response.status_code == 200, response.text
        if response.json["created"]:
            check_round_trip(api, form)
