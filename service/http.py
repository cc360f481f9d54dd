"""HTTP: what a route declares, this small machine runs.

For each request: who asks (`auth`), the query string and the body through their schemas, all that is
wrong with both at once, the view, its answer through the schema of the answer, and the headers that the
contract promises. A view takes a `Call` and returns data; it neither parses nor serialises.
"""

import logging
import re
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import nullcontext
from http import HTTPStatus
from typing import Any, BinaryIO
from urllib.parse import unquote_to_bytes, urlencode

from flask import Flask, Request, Response, current_app, g, request
from marshmallow import Schema, ValidationError
from werkzeug.datastructures import MIMEAccept
from werkzeug.routing import BaseConverter

from schemas.fields import MAX_ID, CommaList, flattened
from service import auth, db, problems
from service.errors import (
    Invalid,
    Malformed,
    NotAcceptable,
    PreconditionRequired,
    UnsupportedMediaType,
)
from service.formats import strictjson
from service.listing import Page
from service.routes import JSON, Call, Reply, Route, Stream
from service.settings import Settings

_log = logging.getLogger("verbatim")
_PIECE = 65_536
_READERS = re.compile(r"curl/|Wget/|HTTPie/|xh/")
_FORM = "application/x-www-form-urlencoded"  # what curl sends unless told otherwise
_ETAG = re.compile(r"(\d{1,18})(?:\.\d+)?", re.ASCII)


class IdConverter(BaseConverter):
    """An id in a path: anything else is not found, however many digits it has."""

    regex = r"[1-9][0-9]{0,18}"

    def to_python(self, value: str) -> int:
        """The number, or one that nothing has."""
        return min(int(value), MAX_ID)


class ChunkedBodies:
    """Lets a body without Content-Length be read: the server ends its stream, but does not say so as Werkzeug asks."""

    def __init__(self, application: Any) -> None:
        self.application = application

    def __call__(self, environ: dict[str, Any], start_response: Any) -> Any:
        """Pass a request on."""
        if "chunked" in environ.get("HTTP_TRANSFER_ENCODING", "").lower():
            environ["wsgi.input_terminated"] = True
        return self.application(environ, start_response)


def mount(app: Flask, routes: Iterable[Route]) -> None:
    """Serve `routes`."""
    for route in routes:
        endpoint = f"{route.method} {route.path}"
        app.add_url_rule(route.path, endpoint, _serving(route), methods=[route.method])
        app.extensions.setdefault("routes", {})[endpoint] = route


def _serving(route: Route) -> Callable[..., Response]:
    def serve(**path: Any) -> Response:
        chosen = _negotiated(route)
        settings: Settings = current_app.config["SETTINGS"]
        with db.proxy.connection_context():
            key = auth.authenticate(chosen.needs, public_read=settings.public_read)
            g.key_used = key is not None
            if key is not None:
                auth.note_use(key)
            call = _read(chosen, path, key.name if key else "", settings)
            with db.writing() if chosen.writes else nullcontext():
                answer = chosen.view(call)
                if isinstance(answer, Stream):
                    return _streamed(answer)
                reply = answer if isinstance(answer, Reply) else Reply(answer, next(iter(chosen.returns)))
                return _answer(chosen, call, reply)

    return serve


def _negotiated(route: Route) -> Route:
    """The route that answers in the format that the client prefers. Raises NotAcceptable."""
    offered = [JSON, *route.alternates]
    # A parameter such as charset chooses no other format.
    accepted = MIMEAccept([(kind.partition(";")[0].strip(), quality) for kind, quality in request.accept_mimetypes])
    if not accepted or route.method != "GET" or route.streams:
        return route  # an address with a suffix has chosen already
    best = accepted.best_match(offered) or (accepted["text/html"] and JSON)
    if not best:
        raise NotAcceptable(f"What can be had here: {', '.join(offered)}.", available=offered)
    found: Route = (
        current_app.extensions["routes"][f"GET {route.alternates[best]}"] if best in route.alternates else route
    )
    return found


def _read(route: Route, path: Mapping[str, Any], actor: str, settings: Settings) -> Call:
    query, errors = _read_query(route)
    body: Any = None
    if isinstance(route.body, Schema):
        if errors and not request.data:
            raise Invalid(errors)
        body, wrong = _load(route.body, _read_json(route))
        errors += [{"pointer": pointer, "detail": detail} for pointer, detail in wrong]
    elif route.body is not None and request.mimetype not in route.body:
        raise _unsupported(route.body)
    if errors:
        raise Invalid(errors)
    expected = _expected(request)
    if (
        settings.require_if_match
        and expected is None
        and route.method in ("PUT", "PATCH", "DELETE")
        and not request.if_match
    ):
        raise PreconditionRequired("This service changes nothing without If-Match: send the ETag of what you read.")
    return Call(
        id=path.get("id", 0),
        path=path,
        query=query,
        body=body,
        expected=expected,
        strict=_prefers_strictness(request.headers.get("Prefer", "")),
        actor=actor,
        settings=settings,
        request_id=g.request_id,
        media_type=request.mimetype,
        copy_body=_copy_body,
    )


def _read_query(route: Route) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    try:
        unquote_to_bytes(request.query_string).decode()
    except UnicodeDecodeError:
        raise Malformed("The query string is not valid UTF-8.") from None
    errors: list[dict[str, Any]] = []
    given: dict[str, Any] = {}
    known = {each.data_key or name: each for name, each in route.query.fields.items()}
    for name, values in request.args.lists():
        if name not in known:
            these = f"Known here: {', '.join(known)}." if known else "There are none here."
            errors.append({"parameter": name, "detail": f"Unknown parameter. {these}"})
        elif len(values) > 1 and not isinstance(known[name], CommaList):
            errors.append({"parameter": name, "detail": "Is given more than once."})
        else:
            given[name] = values if len(values) > 1 else values[0]
    query, wrong = _load(route.query, given)
    return query, errors + [
        {"parameter": pointer.lstrip("/").partition("/")[0], "detail": detail} for pointer, detail in wrong
    ]


def _read_json(route: Route) -> Any:
    if request.mimetype not in route.body_types:
        raise _unsupported(route.body_types)
    if encoding := request.headers.get("Content-Encoding"):
        raise UnsupportedMediaType(f"A document in the encoding {encoding} is not taken here; an import may be gzip.")
    try:
        return strictjson.loads(request.get_data())
    except ValueError as error:
        raise Malformed(str(error)) from None


def _load(schema: Schema, given: Any) -> tuple[Any, list[tuple[str, str]]]:
    """What the schema makes of `given`, and all that is wrong with it, by JSON pointer (RFC 6901)."""
    try:
        return schema.load(given), []
    except ValidationError as error:
        return {}, list(flattened(error.messages))


def _expected(asked: Request) -> frozenset[int] | None:
    """The versions that If-Match names; None if it is absent or `*`."""
    if "If-Match" not in asked.headers or asked.if_match.star_tag:
        return None
    return frozenset(int(match[1]) for tag in asked.if_match.as_set() if (match := _ETAG.fullmatch(tag or "")))


def _prefers_strictness(prefer: str) -> bool:
    """Whether a Prefer header (RFC 7240) asks for `handling=strict`; parameters behind a semicolon do not matter."""
    first = (preference.partition(";")[0].partition("=") for preference in prefer.lower().split(","))
    return any((name.strip(), value.strip().strip('"')) == ("handling", "strict") for name, _, value in first)


def _answer(route: Route, call: Call, reply: Reply) -> Response:
    schema = route.returns[reply.status]
    if schema is None:
        return Response(status=reply.status)
    if isinstance(schema, list):
        return _page(schema[0], call, reply.data)
    response = respond(_dumped(schema, reply.data, call.query.get("wanted")), reply.status)
    if etag := getattr(reply.data, "etag", None):
        response.set_etag(etag)
    if reply.status == HTTPStatus.CREATED or (route.method == "POST" and etag):
        response.headers["Location"] = reply.data.url_path
    if call.strict and route.body is not None:
        response.headers["Preference-Applied"] = "handling=strict"
    if route.method == "GET":
        _spare_what_is_known(response)
    return response


def _page(schema: Schema, call: Call, page: Page) -> Response:
    wanted = call.query.get("wanted")
    document: dict[str, Any] = {"items": [_dumped(schema, item, wanted) for item in page.items], "next": None}
    if page.cursor:
        kept = [(name, value) for name, value in request.args.items(multi=True) if name != "cursor"]
        # Without a Host that can be believed, relative to the request.
        base = request.base_url if request.host else request.path
        document["next"] = f"{base}?{urlencode([*kept, ('cursor', page.cursor)])}"
    if page.total is not None:
        document["total"] = page.total
    response = respond(document, 200)
    if document["next"]:
        response.headers["Link"] = f'<{document["next"]}>; rel="next"'
    response.add_etag(weak=True)
    _spare_what_is_known(response)
    return response


def _spare_what_is_known(response: Response) -> None:
    """Answer 304 to who has this already. If-Match is for writes; it stops no reader."""
    response.make_conditional({name: value for name, value in request.environ.items() if name != "HTTP_IF_MATCH"})


def _dumped(schema: Schema, data: Any, wanted: list[str] | None) -> Any:
    document = schema.dump(data)
    return {name: document[name] for name in wanted} if wanted else document


def take_no_parameters() -> None:
    """Refuse any query string, as a route without parameters does. Raises Invalid."""
    if request.args:
        raise Invalid(
            [{"parameter": name, "detail": "Unknown parameter. There are none here."} for name in request.args]
        )


def respond(document: Any, status: int, media_type: str = JSON) -> Response:
    """A JSON response, indented for those who read it themselves."""
    accepted = list(request.accept_mimetypes.values())
    reader = bool(_READERS.match(request.headers.get("User-Agent", ""))) or "text/html" in accepted
    response = Response(strictjson.dumps(document, readable=reader), status, content_type=media_type)
    response.vary.update(("Accept", "User-Agent"))
    return response


def _streamed(stream: Stream) -> Response:
    """Send while the chunks are made; they take what connections they need, the request has given its own back.

    The server ends a body that fails as it ends a whole one, so the failure is told in the body: a last line
    that is a problem document, which is no row of any format.
    """
    request_id = g.request_id

    def body() -> Iterator[bytes]:
        try:
            yield from stream.chunks
        except Exception:
            _log.exception("request %s: the stream broke off", request_id)
            detail = "The service failed: what stands before this line is not all."
            yield strictjson.dumps(problems.document("internal", detail, request_id=request_id))
            raise

    response = Response(body(), stream.status, content_type=stream.media_type)
    response.vary.add("Accept")
    return response


def _copy_body(target: BinaryIO) -> None:
    """Copy the body, which may be larger than a document may be, piece by piece."""
    request.max_content_length = sys.maxsize
    size = 0
    while piece := request.stream.read(_PIECE):
        size += target.write(piece)
    if request.content_length is not None and size < request.content_length:
        raise Malformed(f"The body broke off after {size:,} of {request.content_length:,} bytes.")


def _unsupported(types: tuple[str, ...]) -> UnsupportedMediaType:
    given = f"not {request.mimetype}" if request.mimetype else "and the request names none"
    if request.mimetype in ("", _FORM):
        given += " (curl: use --json, or -H with --data-binary)"
    return UnsupportedMediaType(f"The Content-Type must be {' or '.join(types)}, {given}.", accepted=list(types))
