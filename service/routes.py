"""Declarations: what a method of an address takes, answers and needs. `http` runs them, `openapi` describes them."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, BinaryIO

from marshmallow import Schema

from schemas.queries import Nothing
from service.settings import Settings

JSON = "application/json"
PATCH_TYPES = (JSON, "application/merge-patch+json")

View = Callable[["Call"], Any]


@dataclass(frozen=True, kw_only=True)
class Route:
    """What a method of an address takes, answers and needs.

    `returns` maps each status to the schema of its answer, to a list with one schema for a page, or to
    None for no body; of a stream it is the schema of one line. `streams` is the media type of an answer that
    is not one JSON document, and `alternates` are the addresses of the same answer in such types. `body` may
    be a tuple of media types: the view then reads the stream, and holds what transactions it needs.
    """

    method: str
    path: str
    view: View
    needs: str
    returns: Mapping[int, Any]
    query: Schema
    body: Schema | tuple[str, ...] | None = None
    body_types: tuple[str, ...] = (JSON,)
    streams: str | None = None
    alternates: Mapping[str, str] = field(default_factory=dict)
    problems: tuple[str, ...] = ()

    @property
    def writes(self) -> bool:
        """Whether the machine holds a write transaction around the view."""
        return self.method != "GET" and not isinstance(self.body, tuple)


@dataclass(frozen=True, kw_only=True)
class Call:
    """A request, read and checked: all that a view may know of it."""

    id: int
    path: Mapping[str, Any]
    query: dict[str, Any]
    body: Any
    # The versions that If-Match allows; None if it is absent or `*`.
    expected: frozenset[int] | None
    # Whether the client prefers an unknown name to be an error (RFC 7240, handling=strict).
    strict: bool
    actor: str
    settings: Settings
    request_id: str
    media_type: str
    # Copies the body of a route that reads it as a stream into a file.
    copy_body: Callable[[BinaryIO], None]


@dataclass(frozen=True)
class Reply:
    """An answer with a status other than the first that its route declares."""

    data: Any
    status: int


@dataclass(frozen=True)
class Stream:
    """An answer that is made while it is sent."""

    chunks: Iterable[bytes]
    media_type: str
    status: int = 200


class Routes:
    """The routes of one resource: `route = Routes()`, then `@route(...)` above each view."""

    def __init__(self) -> None:
        self.declared: list[Route] = []

    def __call__(
        self,
        method: str,
        path: str,
        *,
        needs: str,
        returns: Mapping[int, Any],
        query: type[Schema] = Nothing,
        body: type[Schema] | tuple[str, ...] | None = None,
        **options: Any,
    ) -> Callable[[View], View]:
        """Declare what the decorated view serves."""

        def declare(view: View) -> View:
            self.declared.append(
                Route(
                    method=method,
                    path=path,
                    view=view,
                    needs=needs,
                    returns=returns,
                    query=query(),
                    body=body() if isinstance(body, type) else body,
                    **options,
                )
            )
            return view

        return declare
