"""Moments: RFC 3339 timestamps in UTC, and publication dates that may name a day, a month or a year only.

A moment is handled as microseconds since 0001-01-01T00:00:00Z, so that it sorts and compares as an integer.
"""

import re
from datetime import UTC, datetime, timedelta

from schemas import edtf
from schemas.edtf import Span

_EPOCH = datetime(1, 1, 1, tzinfo=UTC)
_DAY = timedelta(days=1) // timedelta(microseconds=1)
_TIMESTAMP = re.compile(r"\d{4}-\d\d-\d\d[Tt]\d\d:\d\d:\d\d(\.\d{1,6})?([Zz]|[+-]([01]\d|2[0-3]):[0-5]\d)", re.ASCII)
_PARTIAL = re.compile(r"\d{4}(-\d\d(-\d\d)?)?", re.ASCII)
EXPECTED = "Not a date (2025-06-11, 2025-06, 2025) or an RFC 3339 timestamp with its zone (2025-06-11T10:30:00Z)."

# As for dates: overlaps nothing, sorts last both ways.
UNKNOWN = Span((edtf.LAST_DAY + 1) * _DAY, -1)


def normalise(text: str) -> str:
    """`text` as it is stored: a timestamp moved to UTC, a date as given. Raises ValueError for anything else."""
    if _PARTIAL.fullmatch(text):
        edtf.parse(text)
        return text
    if not _TIMESTAMP.fullmatch(text):
        raise ValueError(EXPECTED)
    try:
        moment = datetime.fromisoformat(text.upper()).astimezone(UTC)
    except (ValueError, OverflowError):
        raise ValueError(f"No such moment: {text}.") from None
    return moment.isoformat().replace("+00:00", "Z")


def parse(text: str) -> Span:
    """The microseconds that a normalised date or timestamp covers."""
    if _PARTIAL.fullmatch(text):
        days = edtf.parse(text)
        return Span((days.earliest - 1) * _DAY, days.latest * _DAY - 1)
    micros = (datetime.fromisoformat(text) - _EPOCH) // timedelta(microseconds=1)
    return Span(micros, micros)


def now() -> str:
    """This moment in UTC, to the millisecond: `2026-11-24T05:48:31.123Z`. Sorts as text."""
    return datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
