"""Problem documents (RFC 9457): each domain error and each error of the framework's becomes one, here.

The next kind of problem is one entry in PROBLEMS, and in DOMAIN if an error of the domain causes it.
"""

from dataclasses import dataclass
from http import HTTPStatus
from typing import Any

from werkzeug.exceptions import HTTPException

from service import errors


@dataclass(frozen=True)
class Problem:
    """A type of problem: what it is called, and when it is answered."""

    status: int
    title: str
    meaning: str


PROBLEMS = {
    "malformed": Problem(400, "Malformed request", "The body or the query string cannot be parsed."),
    "unauthorized": Problem(401, "Not authenticated", "A key is needed, or the one given is not in force."),
    "forbidden": Problem(403, "Not allowed", "The key is in force but lacks the scope that this needs."),
    "not-found": Problem(404, "Not found", "There is nothing at this address, and there never was."),
    "method-not-allowed": Problem(405, "Method not allowed", "The address exists, but not for this method: see Allow."),
    "not-acceptable": Problem(406, "Not acceptable", "None of the formats in Accept can be had here."),
    "duplicate": Problem(409, "Stored already", "What is to be stored is there already: see existing."),
    "ambiguous-name": Problem(
        409, "Ambiguous name", "A name fits several entities: use the id of one of the candidates."
    ),
    "conflict": Problem(409, "Conflict", "The change does not fit what is stored."),
    "gone": Problem(410, "Deleted", "The resource was deleted; a POST to restore undoes that."),
    "precondition-failed": Problem(412, "Changed meanwhile", "The resource is not at the version that If-Match names."),
    "too-large": Problem(413, "Too large", "The body is larger than this service takes in one piece."),
    "unsupported-media-type": Problem(415, "Unsupported media type", "The body is in a format that is not taken here."),
    "invalid": Problem(422, "Invalid input", "The input is understood and not acceptable: see errors."),
    "precondition-required": Problem(428, "If-Match required", "This service changes nothing without If-Match."),
    "internal": Problem(500, "Internal error", "A fault of the service's own; the request id finds it in the log."),
    "unavailable": Problem(503, "Busy", "The service cannot do it just now: try again after Retry-After seconds."),
}

DOMAIN: dict[type[errors.DomainError], str] = {
    errors.Malformed: "malformed",
    errors.Unauthorized: "unauthorized",
    errors.Forbidden: "forbidden",
    errors.NotFound: "not-found",
    errors.NotAcceptable: "not-acceptable",
    errors.Duplicate: "duplicate",
    errors.Ambiguous: "ambiguous-name",
    errors.Conflict: "conflict",
    errors.Gone: "gone",
    errors.PreconditionFailed: "precondition-failed",
    errors.TooLarge: "too-large",
    errors.UnsupportedMediaType: "unsupported-media-type",
    errors.Invalid: "invalid",
    errors.PreconditionRequired: "precondition-required",
    errors.Busy: "unavailable",
}
_BY_STATUS = {problem.status: name for name, problem in PROBLEMS.items()}
_FRAMEWORK = {"not-found": "There is nothing at this address. The front page, /, lists what there is."}


def document(name: str, detail: str, *, request_id: str, **members: Any) -> dict[str, Any]:
    """A problem document of the type `name`."""
    problem = PROBLEMS[name]
    fixed = {"type": f"/problems/{name}", "title": problem.title, "status": problem.status, "detail": detail}
    return {
        **fixed,
        **{key: value for key, value in members.items() if value is not None},
        "request_id": request_id,
    }


def of_domain(error: errors.DomainError, *, request_id: str) -> dict[str, Any]:
    """The document of a domain error."""
    return document(DOMAIN[type(error)], error.detail, request_id=request_id, **error.members)


def of_framework(error: HTTPException, detail: str | None, *, request_id: str) -> dict[str, Any]:
    """The document of an error that Flask or Werkzeug raised."""
    status = error.code or HTTPStatus.INTERNAL_SERVER_ERROR
    other = "malformed" if status < HTTPStatus.INTERNAL_SERVER_ERROR else "internal"
    name = _BY_STATUS.get(status, other)
    told = detail or _FRAMEWORK.get(name) or error.description or PROBLEMS[name].meaning
    return document(name, told, request_id=request_id)
