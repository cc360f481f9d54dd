"""Formats: each a file with a pure pair, `parse` from bytes and `unparse` to bytes. No database, no HTTP.

`parse(stream)` takes a binary stream and yields `(line, document)`, the document a dict or a ValueError
that says what is wrong with the line. `unparse(documents, names)` takes dicts with the fields `names` and
yields bytes. Memory stays flat both ways. The next format is one file and one entry in FORMATS.
"""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from service.formats import delimited, ndjson

Parsed = Iterator[tuple[int, dict[str, Any] | ValueError]]


@dataclass(frozen=True)
class Format:
    """A way to write statements down. `also` are other media types that are accepted for it."""

    media_type: str
    parse: Callable[..., Parsed]
    unparse: Callable[[Iterable[dict[str, Any]], list[str]], Iterator[bytes]]
    also: tuple[str, ...] = ()


FORMATS = {
    "ndjson": Format("application/x-ndjson", ndjson.parse, ndjson.unparse, ("application/ndjson", "application/jsonl")),
    "csv": Format("text/csv", delimited.parse, delimited.unparse),
}


def of_media_type(media_type: str) -> Format | None:
    """The format that a Content-Type names."""
    return next((each for each in FORMATS.values() if media_type in (each.media_type, *each.also)), None)
