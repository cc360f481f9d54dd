"""NDJSON: one JSON object a line, in UTF-8."""

from collections.abc import Iterable, Iterator
from typing import Any, BinaryIO

from service.formats import strictjson

_BOM = b"\xef\xbb\xbf"


def parse(stream: BinaryIO, *, longest: int) -> Iterator[tuple[int, dict[str, Any] | ValueError]]:
    """The objects of a stream by line, from 1; blank lines are passed over.

    Of a line of more than `longest` bytes only the beginning is kept.
    """
    for number, line in enumerate(_lines(stream, longest), 1):
        if len(line.rstrip(b"\r\n")) > longest:
            yield number, ValueError(f"The line is longer than {longest:,} bytes.")
            continue
        text = line.removeprefix(_BOM) if number == 1 else line
        if text.strip():
            yield number, _document(text)


def unparse(documents: Iterable[dict[str, Any]], names: list[str]) -> Iterator[bytes]:
    """Each document as a line, with the fields `names`."""
    for document in documents:
        yield strictjson.dumps({name: document[name] for name in names})


def _document(line: bytes) -> dict[str, Any] | ValueError:
    try:
        value = strictjson.loads(line)
    except ValueError as error:
        return error
    return value if isinstance(value, dict) else ValueError("Not a JSON object.")


def _lines(stream: BinaryIO, longest: int) -> Iterator[bytes]:
    """Lines; of one that is too long only the beginning, and more than `longest` of it."""
    while line := stream.readline(longest + 2):  # two more, for the end of the line
        yield line
        while line and not line.endswith(b"\n") and len(line) > longest:
            line = stream.readline(longest + 2)
