"""Many statements at once: what is stored, what is refused and why, and that nothing is done by halves."""

import csv
import gzip
import io
from typing import Any

import orjson
import pytest
from conftest import Api, check_problem, draft
from werkzeug.test import TestResponse

from service import db
from service.models import MODELS, Revision

ACTIONS = ("created", "updated", "linked", "unchanged", "skipped", "refused")
GOOD = orjson.dumps(draft(text="Good."))
LONGEST = 1_048_576

Refusal = tuple[int, str, str]


def refusals(response: TestResponse, **counts: int) -> list[Refusal]:
    """The line, pointer and reason of each refusal, once the report counts exactly this and adds up."""
    assert response.status_code in (200, 422), response.text
    report = response.json
    assert {name: report[name] for name in ACTIONS} == {**dict.fromkeys(ACTIONS, 0), **counts}, response.text
    assert report["rows"] == sum(counts.values())
    errors = [(error["line"], error["pointer"], error["detail"]) for error in report["errors"]]
    assert len({line for line, _, _ in errors}) == counts.get("refused", 0)
    return errors


def places(response: TestResponse, **counts: int) -> list[tuple[int, str]]:
    return [(line, pointer) for line, pointer, _ in refusals(response, **counts)]


def table(*rows: dict[str, Any]) -> bytes:
    """CSV with the columns of the first row."""
    text = io.StringIO(newline="")
    writer = csv.DictWriter(text, list(rows[0]))
    writer.writeheader()
    writer.writerows(rows)
    return text.getvalue().encode()


def lines(*rows: dict[str, Any] | bytes) -> bytes:
    return b"".join((row if isinstance(row, bytes) else orjson.dumps(row)) + b"\n" for row in rows)


def load_csv(api: Api, body: bytes, query: str = "?mode=partial") -> TestResponse:
    return api.load(body, query, content_type="text/csv")


def stored(api: Api) -> list[dict[str, Any]]:
    """The stored statements in the order of their making."""
    return [orjson.loads(line) for line in api.get("/v1/statements.ndjson").data.splitlines()]


def texts(api: Api) -> list[str]:
    return [each["text"] for each in stored(api)]


def sizes() -> dict[str, int]:
    """How many rows each table has."""
    with db.proxy.connection_context():
        return {model.__name__: model.select().count() for model in MODELS}


# What is taken


@pytest.mark.parametrize("pack", [bytes, gzip.compress], ids=["plain", "gzip"])
@pytest.mark.parametrize(
    ("media_type", "body"),
    [
        ("application/x-ndjson", lines(draft(topics=["a", "b; c"]))),
        ("application/ndjson; charset=utf-8", lines(draft(topics=["a", "b; c"]))),
        ("application/jsonl", lines(draft(topics=["a", "b; c"]))),
        ("text/csv", table(draft(topics="a; b\\; c"))),
        ("text/csv; header=present", table(draft(topics="a; b\\; c", url="", kind="", ref=""))),
    ],
)
def test_every_form_brings_what_a_post_brings(api, media_type, body, pack):
    assert refusals(api.load(pack(body), content_type=media_type), created=1) == []
    (imported,) = stored(api)
    api.store(topics=["a", "b; c"])
    posted = stored(api)[1]
    differs = {name for name in posted if posted[name] != imported[name]}
    assert differs <= {"id", "created_at", "updated_at"}


def test_the_wire_is_stored_once_however_often_it_comes(api, peskov):
    assert refusals(api.load(peskov), created=len(peskov)) == []
    before, answer = sizes(), stored(api)
    assert refusals(api.load(peskov), unchanged=len(peskov)) == []
    assert (sizes(), stored(api)) == (before, answer)


@pytest.mark.parametrize(
    "body",
    [
        b"\xef\xbb\xbf" + lines(GOOD, GOOD[:-1] + b', "event": "x"}'),
        GOOD + b"\r\n" + GOOD + b"\r\n",
        b"\n\n  \n" + lines(GOOD, b"", b" \t", GOOD) + b"\n",
        lines(b"  " + GOOD + b"  ", GOOD).rstrip(),
        b"\xef\xbb\xbf\r\n" + lines(GOOD, GOOD),
    ],
    ids=["byte order mark", "CRLF", "blank lines", "no newline at the end", "byte order mark alone on its line"],
)
def test_what_editors_do_to_line_ends_does_not_matter(api, body):
    assert refusals(api.load(body), created=1, skipped=1) == []


@pytest.mark.parametrize(
    ("before", "newline"), [(b"\xef\xbb\xbf", b"\r\n"), (b"\r\n\r\n", b"\r\n"), (b"", b"\n"), (b"", b"\r")]
)
def test_what_spreadsheets_do_to_line_ends_does_not_matter(api, before, newline):
    body = before + table(draft(text="Two\nlines."), draft(text="More.", agency="")).replace(b"\r\n", newline)
    first = 1 + before.count(b"\n")
    assert places(load_csv(api, body), created=1, refused=1) == [(first + 3, "/agency")]
    assert texts(api) == ["Two\nlines."]


@pytest.mark.parametrize("body", [b"\n \n", table(draft()).splitlines()[0], gzip.compress(b"\n", mtime=0)])
def test_a_file_without_rows_is_no_error(api, body):
    media_type = "text/csv" if body.startswith(b"text,") else "application/x-ndjson"
    assert refusals(api.load(body, content_type=media_type)) == []


# Modes


def test_an_atomic_import_with_a_refused_row_leaves_nothing_behind(api):
    before = sizes()
    new = draft(speaker="New", on_behalf_of="Principal", agency="Wire", outlet="Paper", topics=["new"], ref="r")
    body = lines({**new, "text": "First."}, draft(date=None, agency=None), {**new, "text": "Last.", "ref": "s"})
    response = api.load(body)
    assert places(response, created=2, refused=1) == [(2, "/agency")]
    assert response.json["stored"] is False
    check_problem(response, 422, "invalid", "/agency")
    assert sizes() == before


def test_a_partial_import_stores_what_it_can(api):
    response = api.load(lines(draft(text="First."), draft(text=""), draft(text="Last.")), "?mode=partial")
    assert places(response, created=2, refused=1) == [(2, "/text")]
    assert (response.status_code, response.json["stored"], texts(api)) == (200, True, ["First.", "Last."])


@pytest.mark.parametrize("mode", ["atomic", "partial"])
def test_a_dry_run_reports_the_same_and_stores_nothing(api, mode):
    api.load([draft(ref="a"), draft(ref="b", text="Other.")])
    before, answer = sizes(), stored(api)
    rows = [
        draft(ref="a", text="Changed."),
        draft(ref="b", text="Other."),
        draft(text="Other."),
        draft(text="New.", speaker="New", topics=["new"]),
        draft(language="french"),
    ]
    rehearsed = api.load(rows, f"?mode={mode}&dry_run=true")
    assert (sizes(), stored(api)) == (before, answer)
    counts = {"created": 1, "updated": 1, "unchanged": 1, "skipped": 1, "refused": 1}
    assert places(rehearsed, **counts) == [(5, "/language")]
    assert (rehearsed.json["dry_run"], rehearsed.json["stored"]) == (True, False)
    performed = api.load(rows, f"?mode={mode}")
    assert refusals(performed, **counts) == refusals(rehearsed, **counts)


# Duplicates

ARTICLE = {"url": "https://example.org/a", "published": "2025-06-12"}
SAME = draft(**{**ARTICLE, "text": "“All is well”", "url": "http://www.example.org/a/?utm_source=x"})
ELSEWHERE = draft(url="https://example.org/b", outlet="Elsewhere")


@pytest.mark.parametrize(
    ("on_duplicate", "row", "action", "kept"),
    [
        (None, SAME, "skipped", (1, 1)),
        ("skip", SAME, "skipped", (1, 1)),
        ("refuse", SAME, "refused", (1, 1)),
        ("link", SAME, "linked", (1, 2)),
        ("allow", SAME, "created", (2, 1)),
        ("skip", ELSEWHERE, "created", (2, 1)),
        ("refuse", ELSEWHERE, "created", (2, 1)),
        ("link", ELSEWHERE, "linked", (1, 2)),
        ("allow", ELSEWHERE, "created", (2, 1)),
        ("link", {**ELSEWHERE, "date": "2024"}, "created", (2, 1)),
        ("link", {**ELSEWHERE, "language": "fr"}, "created", (2, 1)),
        ("skip", {**SAME, "speaker": "Somebody Else"}, "created", (2, 1)),
    ],
)
def test_on_duplicate(api, on_duplicate, row, action, kept):
    first = api.store(**ARTICLE)
    query = "?mode=partial" + (f"&on_duplicate={on_duplicate}" if on_duplicate else "")
    response = api.load([row], query)
    refusals(response, **{action: 1})
    for error in response.json["errors"]:
        assert error["existing"] == f"/v1/statements/{first['id']}"
    first, *others = stored(api)
    assert (1 + len(others), first["appearance_count"]) == kept
    counts = {action: 1}
    if action == "linked":
        counts = {"skipped": 1}
        assert first["version"] == 2
    elif action == "created" and on_duplicate != "allow":
        counts = {"refused": 1} if on_duplicate == "refuse" else {"skipped": 1}
    refusals(api.load([row], query), **counts)


def test_the_same_words_twice_in_one_file_are_stored_once(api):
    assert refusals(api.load([draft(), draft(text="all is well"), draft()]), created=1, skipped=2) == []


# The clients' own identifiers


def test_a_changed_row_changes_its_statement_and_makes_a_revision(api):
    api.load([draft(ref="a", topics=["old"]), draft(ref="b", text="Other.")])
    (before, other), revisions = stored(api), sizes()["Revision"]
    rows = [draft(ref="a", text="All is better.", topics=["new"]), draft(ref="b", text="Other.")]
    assert refusals(api.load(rows), updated=1, unchanged=1) == []
    changed, same = stored(api)
    assert same == other
    assert {name for name in changed if changed[name] != before[name]} == {"text", "topics", "version", "updated_at"}
    assert (changed["id"], changed["version"], sizes()["Revision"]) == (before["id"], 2, revisions + 1)
    assert api.ids("?topic=new") == [before["id"]]
    refusals(api.load(rows), unchanged=2)
    assert sizes()["Revision"] == revisions + 1


def test_a_deleted_ref_is_refused_with_the_way_back(api):
    gone = api.store(ref="a")
    api.delete(f"/v1/statements/{gone['id']}")
    response = api.load([draft(ref="a"), draft(ref="b", text="Other.")], "?mode=partial")
    ((line, pointer, reason),) = refusals(response, created=1, refused=1)
    assert (line, pointer, f"/v1/statements/{gone['id']}/restore" in reason) == (1, "/ref", True)
    assert api.get(f"/v1/statements/{gone['id']}").status_code == 410


@pytest.mark.parametrize("known", [False, True], ids=["new", "stored before"])
def test_of_two_rows_with_one_ref_the_last_stands(api, known):
    if known:
        api.store(ref="a", text="Zero.")
    response = api.load([draft(ref="a", text="One."), draft(ref="a", text="Two.")])
    assert refusals(response, **({"updated": 2} if known else {"created": 1, "updated": 1})) == []
    assert texts(api) == ["Two."]


def test_a_row_that_takes_back_the_row_before_it_stands(api):
    api.store(ref="a", text="Zero.")
    assert refusals(api.load([draft(ref="a", text="One."), draft(ref="a", text="Zero.")]), updated=2) == []
    assert texts(api) == ["Zero."]


def test_a_statement_may_be_linked_to_and_changed_by_one_file(api):
    api.store(ref="a", **ARTICLE)
    rows = [ELSEWHERE, draft(ref="a", event="Briefing", **ARTICLE)]
    assert refusals(api.load(rows, "?on_duplicate=link"), linked=1, updated=1) == []
    (statement,) = stored(api)
    assert (statement["appearance_count"], statement["event"], statement["version"]) == (2, "Briefing", 3)


def test_words_that_a_row_took_from_a_statement_may_be_stored_by_the_next(api):
    api.store(ref="a")
    assert refusals(api.load([draft(ref="a", text="Other."), draft()]), updated=1, created=1) == []
    assert texts(api) == ["Other.", "All is well."]


def test_words_that_a_row_gave_to_a_statement_are_known_to_the_next(api):
    api.store(ref="a")
    assert refusals(api.load([draft(ref="a", text="Other."), draft(text="Other.")]), updated=1, skipped=1) == []
    assert texts(api) == ["Other."]


@pytest.mark.parametrize(
    ("row", "printings"),
    [
        (draft(ref="a", other_appearances=[{"outlet": "Elsewhere"}]), 2),
        (draft(ref="a", other_appearances=[{"outlet": "Elsewhere"}, {"agency": "TASS", "url": "https://x.org"}]), 3),
        (draft(ref="a", other_appearances=[{"agency": "AFP"}]), 1),
    ],
)
def test_further_printings_are_added_once(api, row, printings):
    api.store(ref="a")
    refusals(api.load([row]), **{"updated" if printings > 1 else "unchanged": 1})
    refusals(api.load([row]), unchanged=1)
    assert stored(api)[0]["appearance_count"] == printings


# Refused lines

PLAIN = GOOD.decode()


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        (GOOD.replace(b"Good", b"Bon\xe9"), "UTF-8"),
        (GOOD.decode().encode("utf-16"), "UTF-8"),
        (b"\xff\xfe", "UTF-8"),
        (GOOD.replace(b"Good", b"\xed\xa0\x80"), "UTF-8"),
        (b'{"text": NaN}', "NaN is not JSON"),
        (b'{"text": [-Infinity]}', "-Infinity is not JSON"),
        (b'{"text": 1e400}', "too large"),
        (b'{"id": 18446744073709551616}', "64 bits"),
        (b'{"id": ' + b"9" * 5000 + b"}", "64 bits"),
        (GOOD[:-1] + b', "text": "x"}', "“text” stands twice"),
        (GOOD[:-1] + b', "speaker": {"name": "x", "name": "y"}}', "“name” stands twice"),
        (b'{"a":' * 10_000 + b"1" + b"}" * 10_000, "Nested"),
        (b"[" * 10_000, "Nested"),
        (GOOD.replace(b"Good", rb"\ud800"), "half of a surrogate pair"),
        (GOOD.replace(b"Good", rb"\udc00\ud800"), "half of a surrogate pair"),
        (rb'{"\udfff": 1}', "half of a surrogate pair"),
        (GOOD.replace(b"Good", b"\x00"), "Not valid JSON"),
        (GOOD[:-1], "Not valid JSON"),
        (GOOD + b"," + GOOD, "Not valid JSON"),
        (GOOD.replace(b'"', b"'"), "Not valid JSON"),
        (b"text,language,speaker", "Not valid JSON"),
        (b"[" + GOOD + b"]", "Not a JSON object"),
        (b"null", "Not a JSON object"),
        (b'"text"', "Not a JSON object"),
        (b"1", "Not a JSON object"),
        (b"\xef\xbb\xbf" + GOOD, "Not valid JSON"),
        (GOOD.replace(b"Good", b"G" * LONGEST), "longer than 1,048,576 bytes"),
        (b" " * 3 * LONGEST + GOOD, "longer than 1,048,576 bytes"),
    ],
)
def test_a_line_that_cannot_be_read_is_refused_and_the_next_is_read(api, line, reason):
    response = api.load(lines(GOOD, line, draft(text="After.")), "?mode=partial")
    ((number, pointer, told),) = refusals(response, created=2, refused=1)
    assert (number, pointer, reason in told) == (2, "", True), told
    assert texts(api) == ["Good.", "After."]


def test_a_line_as_long_as_a_document_may_be_is_taken(api):
    line = GOOD[:-1] + b" " * (LONGEST - len(GOOD)) + b"}"
    assert len(line) == LONGEST
    assert refusals(api.load(lines(line, draft())), created=2) == []


@pytest.mark.parametrize("depth", [900, 950, 975, 990, 1000, 1100])
def test_nesting_near_the_limit_of_the_stack_is_refused_too(api, depth):
    line = b'{"status": ' + b"[" * depth + rb'"\ud83d\ude00"' + b"]" * depth + b"}"
    assert api.load(line, "?mode=partial").json["refused"] == 1


def test_refusals_are_told_in_the_order_of_the_lines(api):
    rows = [draft(speaker=10**18), draft(text=""), draft(agency=10**18), b"{"]
    found = places(api.load(lines(*rows), "?mode=partial"), refused=4)
    assert found == [(1, "/speaker"), (2, "/text"), (3, "/agency"), (4, "")]


def test_a_version_that_leaves_no_room_for_changes_is_refused(api):
    response = api.load([draft(ref="a", version=2**63 - 1), draft(ref="b", version=10**17)], "?mode=partial")
    assert places(response, created=1, refused=1) == [(1, "/version")]
    (statement,) = stored(api)
    etag = api.get(f"/v1/statements/{statement['id']}").headers["ETag"]
    changed = api.patch(f"/v1/statements/{statement['id']}", {"event": "x"}, headers={"If-Match": etag})
    assert (changed.status_code, changed.json["version"]) == (200, 10**17 + 1)


EVERY = ["/text", "/language", "/speaker", "/date", "/agency"]


@pytest.mark.parametrize(
    ("row", "pointers"),
    [
        ({}, EVERY),
        ({"text": None, "language": None, "speaker": None, "date": 1, "agency": None}, EVERY),
        (draft(text="  "), ["/text"]),
        (draft(text="x" * 10_001), ["/text"]),
        (draft(text="a\0b", ref="\0", topics=["ok", "\0"]), ["/text", "/ref", "/topics/1"]),
        (draft(speaker="He"), ["/speaker"]),
        (draft(speaker="—"), ["/speaker"]),
        (draft(speaker={}), ["/speaker/name"]),
        (draft(speaker={"name": "Il", "kind": "human"}), ["/speaker/name", "/speaker/kind"]),
        (draft(speaker=["Ada"]), ["/speaker"]),
        (draft(speaker=1.5), ["/speaker"]),
        (draft(speaker=True), ["/speaker"]),
        (draft(speaker=0), ["/speaker"]),
        (draft(speaker=10**18), ["/speaker"]),
        (draft(speaker={"id": 10**18, "name": "Nobody"}, agency=10**18), ["/speaker", "/agency"]),
        (draft(language="french", kind="spoken"), ["/language", "/kind"]),
        (draft(date="2025-02-30"), ["/date"]),
        (draft(date="0000-01-01"), ["/date"]),
        (draft(date="99999"), ["/date"]),
        (draft(published="yesterday", url="example.org/a"), ["/published", "/url"]),
        (draft(topics="talks"), ["/topics"]),
        (draft(topics=[1, None, "…"]), ["/topics/0", "/topics/1", "/topics/2"]),
        (draft(Text="x", **{"a/b~": 1, "": 2}), ["/Text", "/a~1b~0", "/"]),
        (draft(translation_of="nothing"), ["/translation_of"]),
        (draft(translation_of=10**18), ["/translation_of"]),
        (draft(translation_of=1.5), ["/translation_of"]),
        (draft(other_appearances=[{"headline": "x"}]), ["/other_appearances/0/agency"]),
        (draft(other_appearances=[{"agency": "AFP", "outlet": {"domain": "a b"}}, 1]),
         ["/other_appearances/0/outlet/domain", "/other_appearances/1"]),
        (draft(other_appearances={"agency": "AFP"}), ["/other_appearances"]),
        (draft(id="1", version=0), ["/id", "/version"]),
        (draft(id=2**63), [""]),
    ],
)  # fmt: skip
def test_a_row_is_refused_with_everything_that_is_wrong_with_it(api, row, pointers):
    response = api.load([draft(text="Good."), row, draft(text="After.")], "?mode=partial")
    found = places(response, created=2, refused=1)
    assert sorted(set(found)) == sorted((2, pointer) for pointer in pointers)
    assert texts(api) == ["Good.", "After."]


OTHER = "the id of another"


@pytest.mark.parametrize(
    ("row", "pointer"),
    [
        (draft(speaker="New", translation_of="nothing"), "/translation_of"),
        (draft(speaker="New", agency=10**18), "/agency"),
        (draft(speaker="New", on_behalf_of={"name": "New", "kind": "group"}), "/on_behalf_of"),
        (draft(speaker="New", agency={"id": OTHER, "name": "Somebody"}), "/agency/name"),
        (draft(speaker="New", agency={"id": OTHER, "wikidata": "Q1"}), "/agency"),
        (draft(speaker="New", agency={"id": OTHER, "code": "KNOWN"}), "/agency"),
        (draft(speaker="New", agency={"name": "A", "code": "A"},
               other_appearances=[{"agency": {"name": "B", "wikidata": "Q9"}}, {"agency": {"name": "C", "code": "A", "wikidata": "Q9"}}]),
         "/other_appearances/1/agency"),
        (draft(id=1, speaker="New", translation_of=2), "/translation_of"),
        (draft(id=1, speaker="New", translation_of=2, version=3), "/translation_of"),
        (draft(id=1, speaker="New", translation_of=1), "/translation_of"),
        (draft(ref="own", speaker="New", translation_of="own"), "/translation_of"),
        (draft(speaker="New", ref="deleted"), "/ref"),
    ],
)  # fmt: skip
def test_a_refused_row_leaves_nothing_behind_not_even_names(api, row, pointer):
    for agency in ({"name": "Known", "code": "KNOWN"}, {"name": "Known too", "wikidata": "Q2"}):
        assert api.post("/v1/agencies", agency).status_code == 201
    other = api.post("/v1/agencies", {"name": "Other", "wikidata": "Q3"}).json["id"]
    body = lines(row).replace(orjson.dumps(OTHER), str(other).encode())
    gone = api.store(ref="deleted", text="Gone.")
    api.delete(f"/v1/statements/{gone['id']}")
    before = sizes()
    assert places(api.load(body, "?mode=partial"), refused=1) == [(1, pointer)]
    assert sizes() == before


def test_a_row_refused_for_its_original_can_be_put_right(api):
    api.load([draft(id=1, ref="a", translation_of=2)], "?mode=partial")
    assert refusals(api.load([draft(ref="a")]), created=1) == []


def test_lines_are_told_in_order_and_counts_add_up_over_many_batches(api):
    rows = [draft(text=f"No {n}.", date="never" if n % 7 == 0 else "2025", translation_of=None) for n in range(1, 1202)]
    found = places(api.load(rows, "?mode=partial"), created=1030, refused=171)
    assert found == [(line, "/date") for line in range(7, 1202, 7)]
    assert api.get("/v1/statements?count=true").json["total"] == 1030


# Names

AMBIGUOUS = {"name": "Ada Example"}


def test_unknown_names_are_refused_where_the_client_is_strict(api):
    api.store(speaker="Ada Example")
    before = sizes()
    rows = [draft(text="One.", speaker="ADA  EXAMPLE"), draft(text="Two.", speaker="Ada Exampel", outlet="Nowhere")]
    response = api.load(rows, "?mode=partial", headers={"Prefer": "handling=strict"})
    errors = refusals(response, created=1, refused=1)
    assert [(line, pointer) for line, pointer, _ in errors] == [(2, "/speaker"), (2, "/outlet")]
    assert [near["name"] for near in response.json["errors"][0]["near"]] == ["Ada Example"]
    assert sizes() == {**before, **{name: before[name] + 1 for name in ("Statement", "Appearance", "Revision")}}


@pytest.mark.parametrize("prefer", ["respond-async, handling=strict", 'handling="strict"', "Handling = strict; x=y"])
def test_strictness_may_be_asked_for_as_the_standard_allows(api, prefer):
    assert places(api.load([draft()], headers={"Prefer": prefer}), refused=1) == [(1, "/speaker"), (1, "/agency")]


@pytest.mark.parametrize("prefer", ["handling=lenient", "return=minimal", ""])
def test_other_preferences_make_no_row_refused(api, prefer):
    assert refusals(api.load([draft()], headers={"Prefer": prefer}), created=1) == []


def test_a_name_that_fits_several_is_refused_with_the_candidates(api):
    ids = [api.post("/v1/speakers?on_duplicate=allow", AMBIGUOUS).json["id"] for _ in range(2)]
    rows = [draft(), draft(speaker=ids[1])]
    response = api.load(rows, "?mode=partial")
    assert places(response, created=1, refused=1) == [(1, "/speaker")]
    assert [each["id"] for each in response.json["errors"][0]["candidates"]] == ids


def test_a_row_keeps_the_namesake_that_its_statement_has(api):
    ids = [api.post("/v1/speakers?on_duplicate=allow", AMBIGUOUS).json["id"] for _ in range(2)]
    api.store(ref="a", speaker=ids[1])
    assert refusals(api.load([draft(ref="a")]), unchanged=1) == []


def labelled(id_: int, label: int, **fields: Any) -> dict[str, Any]:
    """A row of an export, whose speaker has this id there."""
    speaker = {"id": label, "name": "Ada Example", "kind": "person", "wikidata": None}
    return draft(id=id_, text=f"No {id_}.", speaker={**speaker, **fields})


@pytest.mark.parametrize("before", [0, 1])
def test_namesakes_of_an_export_are_told_apart_by_their_ids(api, before):
    for _ in range(before):
        api.post("/v1/speakers", AMBIGUOUS)
    rows = [labelled(1, 70), labelled(2, 90), labelled(3, 70), labelled(4, 90, kind="person")]
    assert refusals(api.load(rows), created=4) == []
    one, two, three, four = (each["speaker"]["id"] for each in stored(api))
    assert (one, two) == (three, four) != (two, one)
    assert api.get("/v1/speakers?count=true").json["total"] == 2


def test_namesakes_are_told_apart_beyond_a_batch_with_no_query_a_row(api, count_queries):
    rows = [labelled(n, 70 + n % 2) for n in range(1, 1501)]
    count_queries()
    assert refusals(api.load(rows), created=1500) == []
    assert len(count_queries()) < 150
    assert len({each["speaker"]["id"] for each in stored(api)}) == 2


def test_a_person_and_an_organization_of_one_name_are_two_in_an_export(api):
    assert refusals(api.load([labelled(1, 70), labelled(2, 90, kind="organization")]), created=2) == []
    assert [each["speaker"]["kind"] for each in stored(api)] == ["person", "organization"]


def test_ids_of_an_export_name_nobody_here(api):
    stranger = api.post("/v1/speakers", {"name": "Stranger"}).json["id"]
    assert refusals(api.load([labelled(1, stranger)]), created=1) == []
    assert stored(api)[0]["speaker"]["name"] == "Ada Example"
    row = {name: value for name, value in labelled(1, stranger).items() if name != "id"}
    assert places(api.load([row], "?mode=partial"), refused=1) == [(1, "/speaker/name")]


# Translations


def test_a_translation_names_its_original_by_ref(api):
    earlier = api.store(ref="earlier", text="Tout va bien.", language="fr")
    rows = [
        draft(ref="a", text="Alles ist gut.", language="de"),
        draft(ref="b", translation_of="a"),
        draft(text="All's well.", translation_of="earlier"),
        draft(text="All is fine.", translation_of=earlier["id"]),
    ]
    assert refusals(api.load(rows), created=4) == []
    first, original, *translations = stored(api)
    expected = [original["id"], first["id"], first["id"]]
    assert [each["translation_of"] for each in translations] == expected
    assert refusals(api.load(rows), unchanged=2, skipped=2) == []


@pytest.mark.parametrize("between", [0, 700], ids=["same batch", "batches apart"])
@pytest.mark.parametrize("mode", ["atomic", "partial"])
@pytest.mark.parametrize("ids", [(50, 40), (40, 50)], ids=["backward", "forward"])
def test_a_translation_names_its_original_by_the_ids_of_the_file(api, ids, mode, between):
    api.store(text="In the way of equal ids.")
    filling = [draft(id=1000 + n, text=f"No {n}.") for n in range(between)]
    original, translation = draft(id=40, text="Original."), draft(id=50, text="Translation.", translation_of=40)
    first, last = sorted((original, translation), key=lambda row: ids.index(row["id"]))
    assert refusals(api.load([first, *filling, last], f"?mode={mode}"), created=between + 2) == []
    found = {each["text"]: each for each in stored(api)}
    translated = found["Translation."]
    assert (translated["translation_of"], translated["version"]) == (found["Original."]["id"], 1)


def test_a_chain_of_translations_in_any_order(api):
    rows = [draft(id=n, text=f"No {n}.", translation_of=n % 3 + 2 if n < 4 else None) for n in (3, 1, 2, 4)]
    assert refusals(api.load(rows), created=4) == []
    by_text = {each["text"]: each for each in stored(api)}
    for row in rows:
        original = row["translation_of"] and by_text[f"No {row['translation_of']}."]["id"]
        assert by_text[row["text"]]["translation_of"] == original


def test_pairs_of_originals_and_translations_are_stored_with_no_query_a_row(api, count_queries):
    rows = [draft(id=n, text=f"No {n}.", translation_of=None if n % 2 else n - 1) for n in range(1, 601)]
    count_queries()
    assert refusals(api.load(rows), created=600) == []
    assert len(count_queries()) < 300


@pytest.mark.parametrize("ids", [range(1, 41), range(40, 0, -1)], ids=["first to last", "last to first"])
def test_a_long_chain_of_translations_is_stored_in_the_order_of_the_file(api, ids):
    originals = dict(zip(ids, [None, *ids], strict=False))
    rows = [draft(id=n, text=f"No {n}.", translation_of=originals[n]) for n in range(1, 41)]
    assert refusals(api.load(rows), created=40) == []
    assert texts(api) == [row["text"] for row in rows]


@pytest.mark.parametrize("row", [draft(ref="b", translation_of="a"), draft(ref="a", text="The last word.")])
def test_a_ref_may_mean_a_row_that_waits_for_its_original(api, row):
    first = draft(id=1, ref="a", text="Translation.", translation_of=3)
    response = api.load([first, row, draft(id=3, text="Original.")])
    assert response.json["refused"] == 0
    assert row["text"] in texts(api)


@pytest.mark.parametrize("version", [1, 3])
def test_a_translation_whose_original_is_not_in_the_file_is_refused(api, version):
    rows = [draft(id=5, version=version, translation_of=6), draft(id=7, text="Other.")]
    assert places(api.load(rows), created=1, refused=1) == [(1, "/translation_of")]
    assert places(api.load(rows, "?mode=partial"), created=1, refused=1) == [(1, "/translation_of")]
    assert texts(api) == ["Other."]


def test_a_translation_of_a_refused_translation_is_refused(api):
    rows = [draft(id=1, text="One.", translation_of=9), draft(id=2, text="Two.", translation_of=1)]
    response = api.load(rows, "?mode=partial")
    assert places(response, refused=2) == [(1, "/translation_of"), (2, "/translation_of")]
    assert texts(api) == []


def test_a_translation_of_a_refused_row_is_refused(api):
    rows = [draft(id=1, text=""), draft(id=2, translation_of=1), draft(id=3, text="Other.")]
    response = api.load(rows, "?mode=partial")
    assert places(response, created=1, refused=2) == [(1, "/text"), (2, "/translation_of")]


def test_two_rows_of_one_ref_with_a_missing_original_are_refused(api):
    rows = [draft(id=1, ref="a", translation_of=9), draft(id=2, ref="a", translation_of=9)]
    assert places(api.load(rows, "?mode=partial"), refused=2) == [(1, "/translation_of"), (2, "/translation_of")]


@pytest.mark.parametrize("order", [(0, 1), (1, 0)], ids=["backward", "forward"])
def test_a_link_to_an_original_is_a_change_like_any_other(api, order):
    rows = [draft(id=1, ref="a", text="Original."), draft(id=2, ref="b", text="Translation.")]
    api.load(rows)
    rows[1]["translation_of"] = 1
    assert refusals(api.load([rows[n] for n in order]), updated=1, unchanged=1) == []
    original, translation = stored(api)
    assert (translation["translation_of"], translation["version"]) == (original["id"], 2)
    with db.proxy.connection_context():
        history = list(Revision.select().where(Revision.entity_id == translation["id"], Revision.entity == "statement"))
    assert [each.operation for each in history] == ["create", "update"]
    refusals(api.load([rows[n] for n in order]), unchanged=2)


@pytest.mark.parametrize("order", [(0, 1), (1, 0)], ids=["backward", "forward"])
def test_a_skipped_row_changes_nothing(api, order):
    before = api.store(text="Translation.")
    rows = [draft(id=1, text="Original."), draft(id=2, text="Translation.", translation_of=1)]
    assert refusals(api.load([rows[n] for n in order]), created=1, skipped=1) == []
    assert api.get(f"/v1/statements/{before['id']}").json == before


def test_a_stored_statement_whose_new_original_is_missing_is_refused(api):
    before = api.store(ref="a")
    rows = [draft(id=1, ref="a", translation_of=9, event="Changed too")]
    assert places(api.load(rows, "?mode=partial"), refused=1) == [(1, "/translation_of")]
    assert api.get(f"/v1/statements/{before['id']}").json == before


# Whole requests


@pytest.mark.parametrize("media_type", ["application/x-ndjson", "text/csv"])
def test_an_empty_body_is_refused(api, media_type):
    check_problem(api.load(b"", content_type=media_type), 400, "malformed")


@pytest.mark.parametrize(
    "media_type",
    ["application/json", "application/x-www-form-urlencoded", "text/plain", "application/gzip", "multipart/form-data; boundary=x", ""],
)  # fmt: skip
def test_a_wrong_media_type_is_refused_with_the_right_ones(api, media_type):
    accepted = check_problem(api.load(lines(GOOD), content_type=media_type), 415, "unsupported-media-type")["accepted"]
    assert {"application/x-ndjson", "text/csv"} <= set(accepted)
    assert texts(api) == []


@pytest.mark.parametrize(
    ("query", "parameters"),
    [
        ("mode=some", ["mode"]),
        ("mode=", ["mode"]),
        ("dry_run=1&on_duplicate=merge", ["dry_run", "on_duplicate"]),
        ("dryrun=true", ["dryrun"]),
        ("mode=partial&mode=atomic", ["mode"]),
        ("limit=5", ["limit"]),
    ],
)
def test_a_wrong_parameter_is_refused_before_anything_is_stored(api, query, parameters):
    check_problem(api.load(lines(GOOD), f"?{query}"), 422, "invalid", *parameters)
    assert texts(api) == []


@pytest.mark.parametrize(("key", "status", "kind"), [(None, 401, "unauthorized"), ("reader", 403, "forbidden")])
def test_an_import_needs_a_key_that_may_write(api, key, status, kind):
    check_problem(api.load(lines(GOOD), key=key), status, kind)
    assert texts(api) == []


WHOLE = lines(*(draft(text=f"No {n}.") for n in range(1, 4)))


def corrupt(packed: bytes, at: int) -> bytes:
    return packed[:at] + bytes([packed[at] ^ 0xFF]) + packed[at + 1 :]


@pytest.mark.parametrize(
    ("body", "rows"),
    [
        (gzip.compress(WHOLE)[:-8], 3),
        (gzip.compress(WHOLE)[:-1], 3),
        (corrupt(gzip.compress(WHOLE), -5), 3),
        (gzip.compress(WHOLE) + b"more", 3),
        (gzip.compress(WHOLE)[:12], 0),
        (corrupt(gzip.compress(WHOLE), 10), 0),
        (b"\x1f\x8bnot gzip at all", 0),
        (b"\x1f\x8b", 0),
    ],
    ids=["no checksum", "cut short", "wrong checksum", "more after the end", "cut early", "damaged early", "magic", "magic alone"],
)  # fmt: skip
def test_a_damaged_gzip_file_is_refused_where_the_damage_is(api, body, rows):
    assert places(api.load(body), refused=1, **({"created": rows} if rows else {})) == [(rows + 1, "")]
    assert texts(api) == []
    response = api.load(body, "?mode=partial")
    assert "cannot be read on" in refusals(response, refused=1, **({"created": rows} if rows else {}))[0][2]
    assert len(texts(api)) == rows


def test_a_damaged_gzip_file_of_csv_is_refused_where_the_damage_is(api):
    body = gzip.compress(table(*(draft(text=f"No {n}.") for n in range(3))))[:-8]
    assert places(load_csv(api, body), created=3, refused=1) == [(5, "")]


def test_two_gzip_files_in_one_are_one_file(api):
    assert refusals(api.load(gzip.compress(lines(GOOD)) + gzip.compress(lines(draft()))), created=2) == []


# CSV

HEADER, ROW = b"text,language,speaker,date,agency", b"Good.,en,Ada Example,2025,AFP"


@pytest.mark.parametrize(
    ("rows", "line", "pointer", "reason"),
    [
        ([b"Few.,en,Ada"], 2, "", "The row has 3 cells, the header 5."),
        ([b"Many,en,Ada,2025,AFP,x"], 2, "", "The row has 6 cells, the header 5."),
        ([b'"Two\nlines",en', ROW], 2, "", "The row has 2 cells, the header 5."),
        ([ROW, b'"Two\n\nlines",en,Ada,2025,AFP', b'"Two\nlines",en,He,2025,AFP'], 6, "/speaker", "“He” is a pronoun"),
        ([ROW, b"", b"\xe9,en,Ada,2025,AFP"], 4, "", "Not valid UTF-8."),
        ([b'"Quote" left open,en,Ada,2025,AFP', ROW], 2, "", "Not valid CSV"),
        ([ROW, b'"Never closed,en,Ada,2025,AFP'], 3, "", "Not valid CSV"),
        ([b"Nul \x00,en,Ada,2025,AFP"], 2, "/text", "NUL"),
        ([b" ,en,Ada,2025,AFP"], 2, "/text", "null"),
        ([b"Long " + b"g" * 10_000 + b",en,Ada,2025,AFP"], 2, "/text", "longer than 10,000"),
        ([b"g" * (LONGEST + 1)], 2, "", "longer than 1,048,576"),
    ],
)
def test_a_wrong_row_of_csv_is_refused_where_it_begins(api, rows, line, pointer, reason):
    body = b"\n".join([HEADER, *rows]) + b"\n"
    good = sum(row == ROW or b"Two\n\nlines" in row for row in rows)
    counts = {"refused": 1, **({"created": good} if good else {})}
    ((number, where, told),) = refusals(load_csv(api, body), **counts)
    assert (number, where, reason in told) == (line, pointer, True), told


@pytest.mark.parametrize(
    ("header", "pointers"),
    [
        (b"Text,language,speaker,date,agency", ["/Text", "/text"]),
        (b"text,language,speaker,agency,said_on", ["/said_on", "/date"]),
        (b"text,language,who,date,agency", ["/speaker", "/who"]),
        (b"text,language,speaker_kind,date,agency", ["/speaker/kind"]),
        (b"t\xe9xt,language,speaker,date,agency", None),
        (b"\xff\xfetext,language,speaker,date,agency", None),
        (b"text,language,speaker,date,date", None),
        (b"text,language,speaker,date,", None),
        (HEADER.replace(b",", b";"), None),
        (HEADER.replace(b",", b"\t"), None),
    ],
)
def test_a_wrong_header_is_refused(api, header, pointers):
    response = load_csv(api, header + b"\n" + ROW + b"\n")
    found = {pointer for _, pointer, _ in refusals(response, refused=1)}
    assert pointers is None or found == set(pointers)
    assert texts(api) == []


def test_a_spreadsheet_saved_in_utf_16_is_refused(api):
    response = load_csv(api, table(draft()).decode().encode("utf-16"))
    assert response.status_code == 200, response.text
    assert response.json["created"] == 0
    assert response.json["refused"] > 0


def test_a_table_may_have_columns_in_any_order_and_leave_some_out(api):
    body = b" agency ,date,text,speaker,speaker_kind,language,topics\nAFP,,Well.,Officials,group,en,a;b\\;c; ;\n"
    assert refusals(load_csv(api, body), created=1) == []
    (statement,) = stored(api)
    assert (statement["date"], statement["topics"], statement["speaker"]["kind"]) == (None, ["a", "b;c"], "group")


@pytest.mark.parametrize(
    ("cell", "text"),
    [("'=1+1", "=1+1"), ("''=1", "'=1"), ("'tis so", "'tis so"), ("''", "''"), ("=1+1", "=1+1"), ("'-", "-"), ("'@a", "@a")],
)  # fmt: skip
def test_the_apostrophe_before_a_formula_is_taken_away(api, cell, text):
    assert refusals(load_csv(api, table(draft(text=cell))), created=1) == []
    assert texts(api) == [text]


@pytest.mark.parametrize(
    "cell", ["[", "{}", "1", '[{"agency": "AFP", "agency": "TASS"}]', "[NaN]", "[" * 10_000, r'["\ud800"]']
)
def test_further_printings_in_a_table_are_read_as_strictly(api, cell):
    ((line, _, _),) = refusals(load_csv(api, table(draft(other_appearances=cell))), refused=1)
    assert line == 2
    assert texts(api) == []
