"""NDJSON, CSV and strict JSON as pure functions: what is written reads back as it was, what is not valid is refused."""

import csv
import io
import itertools
import time
from typing import Any

import orjson
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from service.formats import FORMATS, delimited, ndjson, of_media_type, strictjson

LONGEST = 1000
FORMS = pytest.mark.parametrize("form", FORMATS.values(), ids=list(FORMATS))

# Anything that UTF-8 can hold.
ANY = st.text(st.characters(exclude_categories=["Cs"]))
# What spreadsheets, CSV readers and our own separators stumble over, far more often than chance has it.
TRICKY = st.text(st.sampled_from("'=+-@;\\\"\r\n\t ,a1é\u2028\u0085\ufeff"))
TEXT = st.one_of(ANY, TRICKY).filter(str.strip)
TRIMMED = TEXT.map(str.strip)
NUMBER = st.integers(1, 10**18 - 1)
PRINTING = st.dictionaries(st.sampled_from(["agency", "outlet", "published", "headline"]), st.none() | TEXT, min_size=1)


def entity(*more: str) -> st.SearchStrategy[dict[str, Any] | None]:
    named = st.fixed_dictionaries({"name": TEXT, "id": NUMBER}, optional=dict.fromkeys(more, TEXT))
    return st.none() | named | st.fixed_dictionaries({"id": NUMBER})


# Documents as both formats hold them: CSV has no empty text beside null.
DOCUMENTS = st.lists(
    st.fixed_dictionaries(
        {
            "id": NUMBER,
            "text": TEXT,
            "kind": TEXT,
            "speaker": entity("kind", "wikidata"),
            "on_behalf_of": entity("kind", "wikidata"),
            "agency": entity("code", "wikidata"),
            "outlet": entity("domain", "wikidata"),
            "headline": st.none() | TEXT,
            "url": st.none() | TEXT,
            "topics": st.lists(TRIMMED),
            "translation_of": st.none() | NUMBER | st.just("a ref"),
            "version": NUMBER,
            "source_count": NUMBER,
            "other_appearances": st.lists(PRINTING, max_size=3),
        }
    ),
    max_size=4,
)


def parsed(form: Any, body: bytes, longest: int = LONGEST) -> list[tuple[int, Any]]:
    """The rows of a body by line, with what is wrong as text."""
    rows = form.parse(io.BytesIO(body), longest=longest)
    return [(line, str(row) if isinstance(row, ValueError) else row) for line, row in rows]


def written(form: Any, documents: list[dict[str, Any]], names: list[str] | None = None) -> bytes:
    return b"".join(form.unparse(documents, names or [*documents[0]]))


# Both formats


@FORMS
@given(documents=DOCUMENTS.filter(len))
def test_what_is_written_reads_back_as_it_was(form, documents):
    assert [row for _, row in parsed(form, written(form, documents), 10**6)] == documents


@FORMS
@given(documents=DOCUMENTS.filter(len))
def test_what_was_read_is_written_again_byte_for_byte(form, documents):
    body = written(form, documents)
    again = [{**dict.fromkeys(documents[0]), **row} for _, row in parsed(form, body, 10**6)]
    assert written(form, again, [*documents[0]]) == body


@FORMS
@example(body=b"\xff\n0")
@given(body=st.binary() | st.text("a=,;\"'\n\r{}[]:1\\u\x00\ufeff").map(str.encode))
def test_whatever_is_read_comes_as_rows_that_can_be_told(form, body):
    rows = parsed(form, b"text,id\n" + body if form is FORMATS["csv"] else body, 20) + parsed(form, body)
    for line, row in rows:
        assert line >= 1
        orjson.dumps(row)
    assert parsed(form, body) == parsed(form, b"\xef\xbb\xbf" + body) or body.startswith(b"\xef\xbb\xbf")


@FORMS
def test_rows_are_read_and_written_one_at_a_time(form):
    documents, taken = [{"text": "a"}, {"text": "b"}], []
    pieces = form.unparse((taken.append(each) or each for each in documents), ["text"])
    first = next(piece for piece in pieces if b"a" in piece)
    assert taken == documents[:1]

    line = first.removeprefix(b"text\r\n")

    class Endless(io.RawIOBase):
        def readable(self) -> bool:
            return True

        def readinto(self, buffer: Any) -> int:
            piece = line * (len(buffer) // len(line))
            buffer[: len(piece)] = piece
            return len(piece)

    rows = form.parse(io.BufferedReader(Endless()), longest=LONGEST)
    assert len(list(itertools.islice(rows, 5_000))) == 5_000


@FORMS
def test_a_line_without_end_is_not_kept(form):
    class Endless(io.RawIOBase):
        given = 0

        def readable(self) -> bool:
            return True

        def readinto(self, buffer: Any) -> int:
            buffer[:] = b"x" * len(buffer)
            self.given += len(buffer)
            return len(buffer)

    endless = Endless()
    line, row = next(iter(form.parse(io.BufferedReader(endless), longest=LONGEST)))
    assert (line, "longer than 1,000" in str(row)) == (1, True)
    assert endless.given < 100_000


@pytest.mark.parametrize(
    ("media_type", "name"),
    [
        ("application/x-ndjson", "ndjson"),
        ("application/jsonl", "ndjson"),
        ("text/csv", "csv"),
        ("text/plain", None),
        ("", None),
    ],
)
def test_a_media_type_chooses_the_format(media_type, name):
    assert of_media_type(media_type) is (FORMATS[name] if name else None)


# NDJSON


@pytest.mark.parametrize(
    ("body", "rows"),
    [
        (b"", []),
        (b"\n", []),
        (b"{}", [(1, {})]),
        (b"\xef\xbb\xbf{}\r\n \t\r\n{}\r\n", [(1, {}), (3, {})]),
        (b'\n\n{"a":1}\n{', [(3, {"a": 1}), (4, "Not valid JSON")]),
        (b"[]\nnull\n1\n", [(1, "Not a JSON object"), (2, "Not a JSON object"), (3, "Not a JSON object")]),
        (b"{}\n\xef\xbb\xbf{}\n", [(1, {}), (2, "Not valid JSON")]),
        (b'{"a":1}\n{}', [(1, {"a": 1}), (2, {})]),
        (b'{"a":12}\n{}', [(1, {"a": 12}), (2, {})]),
        (b'{"a":123}\n{}', [(1, "longer than 8 bytes"), (2, {})]),
        (b'{"a":123}', [(1, "longer than 8 bytes")]),
        (b" " * 17 + b"\n{}", [(1, "longer than 8 bytes"), (2, {})]),
        (b" " * 18 + b"\n{}", [(1, "longer than 8 bytes"), (2, {})]),
        (b" " * 30 + b"{}\n{}\n", [(1, "longer than 8 bytes"), (2, {})]),
        (b'{"a":12}\r\n{}', [(1, {"a": 12}), (2, {})]),
    ],
)
def test_lines_of_ndjson(body, rows):
    found = parsed(FORMATS["ndjson"], body, longest=8)
    assert [line for line, _ in found] == [line for line, _ in rows]
    for (_, row), (_, expected) in zip(found, rows, strict=True):
        assert row == expected or (type(row) is type(expected) is str and expected in row)


def test_ndjson_is_written_with_the_fields_asked_for_in_their_order():
    assert written(ndjson, [{"a": "é\n", "b": 1, "c": None}], ["c", "a"]) == '{"c":null,"a":"é\\n"}\n'.encode()


# CSV


def table(text: str, longest: int = LONGEST) -> list[tuple[int, Any]]:
    return parsed(delimited, text.encode("utf-8", "surrogateescape"), longest)


@pytest.mark.parametrize(
    ("cell", "value"),
    [
        ("x", "x"), (" x ", " x "), ("", None), ("  ", None), ("\ufeff", "\ufeff"),
        ('"a,""b""\r\nc\rd"', 'a,"b"\r\nc\rd'), ("a\u2028b\x85c\x0bd", "a\u2028b\x85c\x0bd"),
        ("'=1", "=1"), ("''=1", "'=1"), ("'+1", "+1"), ("'-1", "-1"), ("'@a", "@a"), ("\"'\ta\"", "\ta"), ("\"'\na\"", "\na"),
        ("'", "'"), ("''", "''"), ("'a=1", "'a=1"), ("''a", "''a"), ("=1", "=1"), ("a=1", "a=1"), ("'’=1", "'’=1"),
    ],
)  # fmt: skip
def test_a_cell_is_text_less_what_guards_it(cell, value):
    expected = (2, {"headline": value, "ref": "1"})
    assert [row for row in table(f"headline,ref\n{cell},1\n") if row[1]] == [expected]


@pytest.mark.parametrize(
    ("name", "cell", "value"),
    [
        ("topics", "", []), ("topics", " ; ;", []), ("topics", "a;b", ["a", "b"]), ("topics", " a ; b ", ["a", "b"]),
        ("topics", r"a\;b;c", ["a;b", "c"]), ("topics", r"a\\;b", ["a\\", "b"]), ("topics", r"a\\\;b", [r"a\;b"]),
        ("topics", r"\a", ["a"]), ("topics", r"a;\;", ["a", ";"]), ("topics", "'=a;'=b", ["=a", "'=b"]),
        ("id", "7", 7), ("id", "007", 7), ("id", "x", "x"), ("id", "-1", "-1"), ("id", "1.0", "1.0"), ("id", "٧", "٧"),
        ("id", "9" * 30, "9" * 30), ("version", "2", 2), ("translation_of", "7", 7), ("translation_of", "a7", "a7"),
        ("translation_of", "", None), ("appearance_count", "2", 2), ("text", "7", "7"), ("ref", "7", "7"),
        ("other_appearances", "", []), ("other_appearances", '"[{""url"": null}]"', [{"url": None}]),
    ],
)  # fmt: skip
def test_a_column_gives_its_cells_their_type(name, cell, value):
    assert table(f"{name},headline\n{cell},x\n") == [(2, {name: value, "headline": "x"})]


@pytest.mark.parametrize("name", ["id", "kind", "version"])
def test_a_blank_cell_of_these_means_not_given(name):
    assert table(f"{name},headline\n,x\n") == [(2, {"headline": "x"})]


@pytest.mark.parametrize(
    ("header", "row", "document"),
    [
        ("speaker", "Ada", {"speaker": "Ada"}),
        ("speaker,speaker_kind,speaker_wikidata,speaker_id", "Ada,person,,7", {"speaker": {"name": "Ada", "kind": "person", "id": 7}}),
        ("speaker,speaker_kind", "Ada,", {"speaker": "Ada"}),
        ("speaker,speaker_kind", ",person", {"speaker": {"kind": "person"}}),
        ("on_behalf_of,on_behalf_of_id", ",", {"on_behalf_of": None}),
        ("agency_code,agency", "AFP,Agence", {"agency": {"name": "Agence", "code": "AFP"}}),
        ("outlet_domain", "a.org", {"outlet": {"domain": "a.org"}}),
        ("agency_kind,outlet_code", "a,b", {"agency_kind": "a", "outlet_code": "b"}),
    ],
)  # fmt: skip
def test_the_columns_of_an_entity_come_together(header, row, document):
    assert table(f"{header}\n{row}\n") == [(2, document)]


@pytest.mark.parametrize(
    ("text", "rows"),
    [
        ("", []),
        ("\n\r\n", []),
        ("a,b\n", []),
        (" a , b \n1,2", [(2, {"a": "1", "b": "2"})]),
        ("\n\na,b\n\n1,2\n\n3,4\n", [(5, {"a": "1", "b": "2"}), (7, {"a": "3", "b": "4"})]),
        ('a,b\n"1\n\n",2\n3,4\n', [(2, {"a": "1\n\n", "b": "2"}), (5, {"a": "3", "b": "4"})]),
        ("a,b\n1\n1,2,3\n1,2\n", [(2, "has 1 cells, the header 2"), (3, "has 3 cells, the header 2"), (4, {"a": "1", "b": "2"})]),
        ("a,a\n1,2\n", [(1, "names a column twice")]),
        ("a,\n1,2\n", [(1, "or not at all")]),
        ("a\n\udcff\nb\n", [(2, "Not valid UTF-8"), (3, {"a": "b"})]),
        ('a\n"b"c\nd\n', [(2, "Not valid CSV"), (3, {"a": "d"})]),
        ('a\n"b\n', [(2, "Not valid CSV")]),
        ('a\nb"c\n', [(2, {"a": 'b"c'})]),
        ("a\n" + "x" * 11 + "\nb\n", [(2, "longer than 10 characters"), (3, {"a": "b"})]),
        ("a\n" + "x" * 10 + "\nb\n", [(2, {"a": "x" * 10}), (3, {"a": "b"})]),
        ("a\n" + "é" * 10 + "\n", [(2, {"a": "é" * 10})]),
        ('a\n"' + "12345\n" * 2, [(2, "Not valid CSV")]),
    ],
)  # fmt: skip
def test_rows_of_csv(text, rows):
    found = table(text, longest=10)
    assert [line for line, _ in found] == [line for line, _ in rows]
    for (_, row), (_, expected) in zip(found, rows, strict=True):
        assert row == expected or (type(row) is type(expected) is str and expected in row)


@pytest.mark.parametrize("header", ["t\udcffxt,b", "\udcff\udcfea,b", "\udcffa\0,\0b"])
def test_a_header_that_is_not_text_is_refused(header):
    ((line, reason),) = table(f"{header}\n1,2\n")
    assert (line, "Not valid UTF-8" in reason) == (1, True)


@given(
    document=st.fixed_dictionaries(
        {"text": TEXT, "headline": st.none() | TEXT, "speaker": entity("kind"), "topics": st.lists(TRIMMED)}
    )
)
def test_no_cell_that_is_written_is_a_formula(document):
    body = written(delimited, [document]).decode()
    header, *rows = csv.reader(io.StringIO(body, newline=""))
    assert [len(row) for row in rows] == [len(header)]
    assert not [cell for cell in rows[0] if cell.startswith(("=", "+", "-", "@", "\t", "\r", "\n"))]


def test_csv_is_written_for_spreadsheets_with_the_columns_asked_for():
    document = {
        "id": 7,
        "text": '=1, "x"\ny',
        "speaker": {"name": "@Ada", "kind": "person", "wikidata": None, "id": 3},
        "agency": None,
        "topics": ["a;b", "c\\", "d"],
        "other_appearances": [{"url": None}],
        "date": None,
    }
    names = ["text", "id", "speaker", "agency", "topics", "other_appearances", "date"]
    assert written(delimited, [document], names).decode() == (
        "text,id,speaker,speaker_kind,speaker_wikidata,speaker_id,agency,agency_code,agency_wikidata,agency_id,"
        "topics,other_appearances,date\r\n"
        '"\'=1, ""x""\ny",7,\'@Ada,person,,3,,,,,a\\;b; c\\\\; d,"[{""url"":null}]",\r\n'
    )
    assert b"".join(delimited.unparse([], ["id", "agency"])) == b"id,agency,agency_code,agency_wikidata,agency_id\r\n"


@pytest.mark.parametrize("cell", ["[", "{", "nothing", "NaN", '[{"a":1,"a":2}]', '["\\ud800"]', "[" * 10_000, "1e999"])
def test_further_printings_in_a_cell_are_strict_json(cell):
    quoted = cell.replace('"', '""')
    ((line, reason),) = table(f'other_appearances,b\n"{quoted}",x\n', 100_000)
    assert (line, type(reason)) == (2, str)


# Strict JSON

JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**63), 2**63 - 1)
    | st.floats(allow_nan=False, allow_infinity=False)
    | ANY,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(ANY, inner, max_size=4),
)


@given(value=JSON)
def test_json_reads_back_as_it_was(value):
    assert strictjson.loads(strictjson.dumps(value)) == value
    assert strictjson.loads(strictjson.dumps(value, readable=True)) == value


@pytest.mark.parametrize(
    ("raw", "value"),
    [
        (b" {} \n", {}), (b'{"":{"":[]}}', {"": {"": []}}), (b'"\xc3\xa9"', "é"), (rb'"\u00e9\/"', "é/"),
        (rb'"\ud83d\ude00"', "😀"), (rb'"\\ud800"', r"\ud800"), (rb'"\u0000"', "\0"), (b'"\x7f"', "\x7f"),
        (b"9223372036854775807", 2**63 - 1), (b"-9223372036854775808", -(2**63)), (b"-0", 0), (b"1e3", 1000.0), (b"1.5", 1.5),
        (b"true", True), (b"[" * 40 + b"]" * 40, None),
    ],
)  # fmt: skip
def test_valid_json(raw, value):
    found = strictjson.loads(raw)
    assert found == value or raw.startswith(b"[[")


@pytest.mark.parametrize(
    ("raw", "reason"),
    [
        (b"", "Empty"), (b" \n", "Empty"), (b"{", "Not valid JSON"), (b"{} {}", "Not valid JSON"), (b"{'a':1}", "Not valid JSON"),
        (b'{"a":1,}', "Not valid JSON"), (b"[1,]", "Not valid JSON"), (b"// x\n1", "Not valid JSON"), (b"01", "Not valid JSON"),
        (b"+1", "Not valid JSON"), (b".5", "Not valid JSON"), (b"0x1", "Not valid JSON"), (b"True", "Not valid JSON"),
        (b'"a\nb"', "Not valid JSON"), (b'"\x00"', "Not valid JSON"), (rb'"\x41"', "Not valid JSON"), (b"\xef\xbb\xbf{}", "Not valid JSON"),
        (b'"\xff"', "Not valid UTF-8"), (b'"\xed\xa0\x80"', "Not valid UTF-8"), (b'"\xc0\xaf"', "Not valid UTF-8"), (b'"\xc3', "Not valid UTF-8"),
        (b"NaN", "NaN is not JSON"), (b"[Infinity]", "Infinity is not JSON"), (b'{"a":-Infinity}', "-Infinity is not JSON"),
        (b"1e309", "too large"), (b"-1e999999", "too large"), (b"9223372036854775808", "64 bits"), (b"-9223372036854775809", "64 bits"),
        (b"1" * 5000, "64 bits"), (b'{"a":1,"a":1}', "“a” stands twice"), (rb'{"a":1,"\u0061":2}', "“a” stands twice"),
        (b'[{"b":{"x":1,"x":2}}]', "“x” stands twice"), (b'{"' + b"k" * 500 + b'":1,"' + b"k" * 500 + b'":1}', "k” stands twice"),
        (rb'"\ud800"', "surrogate"), (rb'"\uDFFF"', "surrogate"), (rb'"\ude00\ud83d"', "surrogate"), (rb'{"\ud800":1}', "surrogate"),
        (b"[" * 10_000 + b"]" * 10_000, "Nested"), (b"[" * 100_000, "Nested"),
        (b'{"a":' * 10_000 + b"1" + b"}" * 10_000, "Nested"),
    ],
)  # fmt: skip
def test_json_that_cannot_be_kept_exactly_is_refused(raw, reason):
    with pytest.raises(ValueError, match=reason):
        strictjson.loads(raw)


def nested(depth: int) -> bytes:
    return b"[" * depth + rb'"\ud83d\ude00"' + b"]" * depth


def test_nesting_of_fifty_levels_is_kept():
    assert strictjson.loads(nested(50)) == orjson.loads(nested(50))


@pytest.mark.parametrize("depth", [51, 60, *range(850, 1010, 20)])
def test_deeper_nesting_is_refused_whatever_the_stack_holds(depth):
    with pytest.raises(ValueError, match="Nested"):
        strictjson.loads(nested(depth))


def test_a_name_that_stands_twice_among_very_many_is_found_at_once():
    names = b"".join(b'"n%d":0,' % n for n in range(20_000))
    began = time.process_time()
    with pytest.raises(ValueError, match="“n19999” stands twice"):
        strictjson.loads(b"{" + names + b'"n19999":0}')
    assert time.process_time() - began < 1


READABLE = """{
  "items": [
    {
      "id": 1,
      "text": "é",
      "speaker": {"id": 2, "name": "Ada"},
      "topics": ["a", "b"],
      "none": []
    }
  ],
  "next": null
}
"""


def test_json_for_readers_is_indented_and_keeps_small_things_on_a_line():
    item = {"id": 1, "text": "é", "speaker": {"id": 2, "name": "Ada"}, "topics": ["a", "b"], "none": []}
    document = {"items": [item], "next": None}
    assert strictjson.dumps(document, readable=True).decode() == READABLE
    assert strictjson.dumps(document).count(b"\n") == 1
