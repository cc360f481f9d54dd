"""What can go wrong, in terms of the domain. `problems` maps each to its HTTP status, once."""

from collections.abc import Iterable
from typing import Any


class Misconfigured(Exception):
    """A setting or the database is not fit to start with. The message is for the operator."""


class DomainError(Exception):
    """The base of what a client can cause. `members` go into the problem document beside `detail`."""

    def __init__(self, detail: str, **members: Any) -> None:
        super().__init__(detail)
        self.detail, self.members = detail, members


class Malformed(DomainError):
    """The body or the query string cannot be parsed."""


class Invalid(DomainError):
    """The input is understood and not acceptable. `errors` say where and why, all of them."""

    def __init__(self, errors: Iterable[dict[str, Any]], detail: str | None = None) -> None:
        listed = list(errors)
        count = "one thing is" if len(listed) == 1 else f"{len(listed)} things are"
        super().__init__(detail or f"The request is understood, but {count} wrong with it: see errors.", errors=listed)


class Ambiguous(DomainError):
    """A name fits several entities: `candidates`."""


class Duplicate(DomainError):
    """What is to be stored is stored already: `existing`."""


class Conflict(DomainError):
    """The change does not fit what is stored."""


class NotFound(DomainError):
    """There is no such resource, and never was."""


class Gone(DomainError):
    """The resource was deleted: its tombstone is in `members`."""


class PreconditionFailed(DomainError):
    """The resource is not at the version that `If-Match` names."""


class Busy(DomainError):
    """Another write took too long; trying again will do."""


class Unauthorized(DomainError):
    """A key is needed, or the one given is not in force."""


class Forbidden(DomainError):
    """The key lacks the scope."""


class NotAcceptable(DomainError):
    """None of the formats that the client accepts is to be had."""


class TooLarge(DomainError):
    """The input exceeds a limit."""


class UnsupportedMediaType(DomainError):
    """The body is in a format that is not taken here."""


class PreconditionRequired(DomainError):
    """The service is set to change nothing without `If-Match`."""
