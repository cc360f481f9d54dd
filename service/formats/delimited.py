"""CSV (RFC 4180) in UTF-8 with a header line, one row a statement.

The entities of a statement are spread over columns: `speaker` holds the name, `speaker_kind`,
`speaker_wikidata` and `speaker_id` the rest. Topics are separated by semicolons (a semicolon or backslash
of their own is escaped by a backslash), further appearances are JSON. An empty cell is null.

A cell that a spreadsheet would take for a formula, because it begins with = + - @ or a control
character, is written with an apostrophe before it, and so is one that begins with apostrophes and then
such a character; reading takes exactly one away again.
"""

import csv
import io
import re
from collections.abc import Iterable, Iterator
from typing import Any, BinaryIO, Self

from service.formats import strictjson

ENTITIES = {
    "speaker": ("name", "kind", "wikidata", "id"),
    "on_behalf_of": ("name", "kind", "wikidata", "id"),
    "agency": ("name", "code", "wikidata", "id"),
    "outlet": ("name", "domain", "wikidata", "id"),
}
_WHOLE = ("id", "version", "appearance_count", "source_count", *(f"{entity}_id" for entity in ENTITIES))
_OPTIONAL = ("id", "kind", "version")  # where a blank cell means not given, rather than null
_NOT_UTF8 = "Not valid UTF-8."
_FORMULA = re.compile(r"'*[=+\-@\t\r\n]")
_GUARDED = re.compile(r"'+[=+\-@\t\r\n]")
_TOPIC = re.compile(r"(?:\\.|[^;])+", re.DOTALL)


def parse(stream: BinaryIO, *, longest: int) -> Iterator[tuple[int, dict[str, Any] | ValueError]]:
    """The rows of a stream by the line that each begins on, the header being line 1."""
    text = io.TextIOWrapper(stream, encoding="utf-8-sig", errors="surrogateescape", newline="")
    csv.field_size_limit(longest)
    lines = _Lines(text, longest)
    reader = csv.reader(lines, strict=True)
    header: list[str] | None = None
    while True:
        line = lines.number + 1
        try:
            row = next(reader)
        except StopIteration:
            break
        except csv.Error as error:
            yield line, ValueError(f"Not valid CSV: {error}.")
            continue
        if not row:
            continue
        if header is None:
            header = [name.strip() for name in row]
            if wrong := _wrong_header(header):
                yield line, ValueError(wrong)
                break
        else:
            yield line, _document(header, row)
    text.detach()


class _Lines:
    """The lines of a stream. One that is too long is an error in its place, and is passed over."""

    def __init__(self, text: io.TextIOWrapper, longest: int) -> None:
        self.text, self.longest, self.number, self._rest = text, longest, 0, ""

    def __iter__(self) -> Self:
        return self

    def __next__(self) -> str:
        while self._rest and not self._rest.endswith("\n"):
            self._rest = self.text.readline(self.longest)
        self._rest = ""
        line = self.text.readline(self.longest + 2)  # two more, for the end of the line
        if not line:
            raise StopIteration
        self.number += 1
        if len(line.rstrip("\r\n")) > self.longest:
            self._rest = line
            raise csv.Error(f"a line is longer than {self.longest:,} characters")
        return line


def _wrong_header(header: list[str]) -> str | None:
    if not _decoded(header):
        return _NOT_UTF8
    if len(set(header)) < len(header) or not all(header):
        return "The header names a column twice, or not at all."
    return None


def _decoded(cells: Iterable[str]) -> bool:
    """Whether no byte had to be let through undecoded."""
    return not any("\udc80" <= character <= "\udcff" for cell in cells for character in cell)


def unparse(documents: Iterable[dict[str, Any]], names: list[str]) -> Iterator[bytes]:
    """The header, then each document as a row, with the columns of the fields `names`."""
    buffer = io.StringIO(newline="")
    writer = csv.writer(buffer)
    writer.writerow([column for name in names for column in _columns(name)])
    for document in documents:
        writer.writerow([_guard(cell) for name in names for cell in _cells(name, document[name])])
        yield buffer.getvalue().encode()
        buffer.seek(0)
        buffer.truncate()
    yield buffer.getvalue().encode()


def _columns(name: str) -> list[str]:
    return [name, *(f"{name}_{part}" for part in ENTITIES[name][1:])] if name in ENTITIES else [name]


def _cells(name: str, value: Any) -> list[str]:
    if name in ENTITIES:
        return ["" if value is None or value.get(part) is None else str(value[part]) for part in ENTITIES[name]]
    if name == "topics":
        return ["; ".join(re.sub(r"([\\;])", r"\\\1", topic) for topic in value)]
    if name == "other_appearances":
        return [strictjson.dumps(value).decode().rstrip("\n") if value else ""]
    return ["" if value is None else str(value)]


def _guard(cell: str) -> str:
    return "'" + cell if _FORMULA.match(cell) else cell


def _document(header: list[str], row: list[str]) -> dict[str, Any] | ValueError:
    if len(row) != len(header):
        return ValueError(f"The row has {len(row)} cells, the header {len(header)}.")
    cells = {name: cell[1:] if _GUARDED.match(cell) else cell for name, cell in zip(header, row, strict=True)}
    if not _decoded(cells.values()):
        return ValueError(_NOT_UTF8)
    try:
        return _nested({name: _value(name, cell) for name, cell in cells.items()})
    except ValueError as error:
        return error


def _value(name: str, cell: str) -> Any:
    if name == "topics":
        return [re.sub(r"\\(.)", r"\1", topic).strip() for topic in _TOPIC.findall(cell) if topic.strip()]
    if not cell.strip():
        return [] if name == "other_appearances" else None
    if name == "other_appearances":
        return strictjson.loads(cell.encode())
    if name in _WHOLE or name == "translation_of":
        return int(cell) if re.fullmatch(r"\d{1,18}", cell, re.ASCII) else cell
    return cell


def _nested(cells: dict[str, Any]) -> dict[str, Any]:
    """Cells to a document: the columns of an entity come together."""
    document = dict(cells)
    for entity, parts in ENTITIES.items():
        found = {part: document.pop(f"{entity}_{part}", None) for part in parts[1:]}
        given = {part: value for part, value in found.items() if value is not None}
        if given:
            name = document.get(entity)
            document[entity] = {**({"name": name} if name is not None else {}), **given}
    return {name: value for name, value in document.items() if value is not None or name not in _OPTIONAL}
