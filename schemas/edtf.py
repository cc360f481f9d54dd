"""Dates that are only partly known: the part of EDTF (ISO 8601-2:2019, levels 0 and 1) that quotes need.

`2025-06-11`, `2025-06`, `2025`; each with `?` (uncertain), `~` (approximate) or `%` (both); intervals
of two such dates, `2025-06-10/2025-06-11`, open at one end: `../2025-06-11`, `2025-06/..`.
Years run from 0001 to 9999. A date is handled as the days it may be: a pair of proleptic Gregorian
ordinals (day 1 is 0001-01-01), both ends included.
"""

import re
from calendar import monthrange
from datetime import date
from functools import lru_cache
from typing import NamedTuple

FIRST_DAY, LAST_DAY = date.min.toordinal(), date.max.toordinal()
_DATE = re.compile(r"(\d{4})(?:-(\d\d)(?:-(\d\d))?)?([?~%]?)", re.ASCII)
EXPECTED = "Not an EDTF date: 2025-06-11, 2025-06, 2025, 2025~, 2025-06-10/2025-06-11 or ../2025-06-11."


class Span(NamedTuple):
    """The first and the last day, or microsecond, that something may lie on."""

    earliest: int
    latest: int


# Empty, and so overlapping nothing; its ends lie beyond every real one, so that it sorts last both ways.
UNKNOWN = Span(LAST_DAY + 1, FIRST_DAY - 1)


@lru_cache(maxsize=16_384)
def parse(text: str) -> Span:
    """The days that an EDTF date may mean. Raises ValueError with a sentence for the reader."""
    start, slash, end = text.partition("/")
    if not slash:
        return _simple(text)
    if start == end == "..":
        raise ValueError("An interval needs a date at one end at least.")
    span = Span(
        FIRST_DAY if start == ".." else _simple(start).earliest,
        LAST_DAY if end == ".." else _simple(end).latest,
    )
    if span.earliest > span.latest:
        raise ValueError("The interval ends before it begins.")
    return span


def _simple(text: str) -> Span:
    match = _DATE.fullmatch(text)
    if match is None:
        raise ValueError(EXPECTED)
    year, month, day = (int(part) if part else None for part in match.group(1, 2, 3))
    try:
        first = date(year or 0, 1 if month is None else month, 1 if day is None else day)
    except ValueError as error:
        raise ValueError(f"No such day in the calendar: {text} ({error}).") from None
    if day is not None:
        return Span(first.toordinal(), first.toordinal())
    last = first.replace(month=month or 12)
    return Span(first.toordinal(), last.replace(day=monthrange(last.year, last.month)[1]).toordinal())
