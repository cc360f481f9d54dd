"""Lists: what may be filtered and sorted is data, and one small machine pages it.

Pages are cut by keyset (the values of the sort's columns in the last row), never by OFFSET, and one row
more than asked for tells whether there is a next page, never a COUNT. Every sort ends in a unique column
and has no nulls, so a cursor neither skips nor repeats a row while others write.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import peewee
from itsdangerous import BadData, URLSafeSerializer

from schemas.folding import digest
from service import db
from service.errors import Ambiguous, Invalid
from service.models.installation import cursor_secret

_NOT_FILTERS = frozenset({"limit", "cursor", "count", "sort", "wanted"})


@dataclass(frozen=True, kw_only=True)
class Listing:
    """A list: `rows` makes its select, `filters` turn a value into a clause, `sorts` are columns, the last unique.

    A sort's name with a leading - is the same in descending order, unless it has columns of its own.
    """

    name: str
    rows: Callable[[], Any]
    filters: Mapping[str, Callable[[Any], Any]]
    sorts: Mapping[str, tuple[Any, ...]]


@dataclass(frozen=True)
class Page:
    """Some rows of a list, where the next ones begin, and how many there are if that was asked."""

    items: list[Any]
    cursor: str | None = None
    total: int | None = None


def page(listing: Listing, query: Mapping[str, Any]) -> Page:
    """The page that a loaded query string asks for. Raises Invalid or Ambiguous."""
    matching = _matching(listing, query)
    after = _position(listing, query)
    limit = query["limit"]
    found = list(_after(listing, matching, query, after).limit(limit + 1))
    items = found[:limit]
    return Page(
        items,
        _cursor(listing, query, items[-1]) if len(found) > limit else None,
        matching.count() if query["count"] else None,
    )


def batches(listing: Listing, query: Mapping[str, Any], *, size: int = 500) -> Iterator[list[Any]]:
    """Every match in the order of the sort, read in batches, so that memory stays flat and no lock is held."""
    # Judged now, so that a filter that is wrong is an answer and not the end of a stream.
    return _batches(listing, query, _matching(listing, query), size)


def count(listing: Listing, query: Mapping[str, Any]) -> int:
    """How many rows match."""
    return int(_matching(listing, query).count())


def _batches(listing: Listing, query: Mapping[str, Any], matching: Any, size: int) -> Iterator[list[Any]]:
    after = None
    while True:
        found = list(_after(listing, matching, query, after).limit(size))
        if found:
            yield found
        if len(found) < size:
            return
        after = _values(listing, query, found[-1])


def _matching(listing: Listing, query: Mapping[str, Any]) -> Any:
    rows, errors = listing.rows(), []
    for name, value in query.items():
        if name in _NOT_FILTERS:
            continue
        try:
            rows = rows.where(listing.filters[name](value))
        except Invalid as invalid:
            errors += [{"parameter": name, **error, "pointer": None} for error in invalid.members["errors"]]
        except Ambiguous as ambiguous:
            raise Ambiguous(ambiguous.detail, parameter=name, **ambiguous.members) from None
    if errors:
        raise Invalid([{key: value for key, value in error.items() if value is not None} for error in errors])
    return rows


def _sort(listing: Listing, query: Mapping[str, Any]) -> tuple[tuple[Any, ...], bool]:
    name = query["sort"]
    return listing.sorts.get(name) or listing.sorts[name.removeprefix("-")], name.startswith("-")


def _after(listing: Listing, rows: Any, query: Mapping[str, Any], position: list[Any] | None) -> Any:
    columns, descending = _sort(listing, query)
    if position is not None:
        here, there = peewee.Tuple(*columns), peewee.Tuple(*position)
        rows = rows.where(here < there if descending else here > there)
    return rows.order_by(*(column.desc() if descending else column.asc() for column in columns))


def _values(listing: Listing, query: Mapping[str, Any], row: Any) -> list[Any]:
    return [getattr(row, column.name) for column in _sort(listing, query)[0]]


@lru_cache(maxsize=4)
def _secret(_: peewee.Database) -> str:
    """The secret of a database, which does not change while it is bound."""
    return cursor_secret()


def _signer(listing: Listing, query: Mapping[str, Any]) -> tuple[URLSafeSerializer, str]:
    """What signs a cursor, and what binds it: the list, the sort and the filters."""
    filters = sorted((name, repr(value)) for name, value in query.items() if name not in _NOT_FILTERS)
    bound = digest(query["sort"], filters)
    return URLSafeSerializer(_secret(db.proxy.obj), salt=f"cursor {listing.name}"), bound


def _cursor(listing: Listing, query: Mapping[str, Any], row: Any) -> str:
    signer, bound = _signer(listing, query)
    return str(signer.dumps([bound[:12], *_values(listing, query, row)]))


def _position(listing: Listing, query: Mapping[str, Any]) -> list[Any] | None:
    cursor = query.get("cursor")
    if cursor is None:
        return None
    signer, bound = _signer(listing, query)
    try:
        stated, *position = signer.loads(cursor)
    except BadData:
        raise _refused("This is not a cursor that this list gave out: take the whole of `next`.") from None
    if stated != bound[:12]:
        raise _refused("This cursor belongs to another sort or to other filters: keep them as in `next`.")
    return list(position)


def _refused(detail: str) -> Invalid:
    return Invalid([{"parameter": "cursor", "detail": detail}])
