"""The composition root: settings, database, routes and problems become one WSGI application."""

import logging
import uuid
from typing import Any, cast

import peewee
from flask import Flask, Response, g, request
from playhouse.pool import MaxConnectionsExceeded
from werkzeug.exceptions import HTTPException

from service import db, http, migrations, openapi, problems
from service.api import entities, imports, root, statements, topics
from service.errors import Busy, DomainError, Misconfigured
from service.settings import Settings

RESOURCES = (statements, entities, topics, imports, root)
ROUTES = [each for resource in RESOURCES for each in resource.route.declared]
_log = logging.getLogger("verbatim")
_RETRY_SECONDS = "1"


def create_app(settings: Settings | None = None) -> Flask:
    """The application, bound to its database. Raises Misconfigured if that is missing or not migrated."""
    settings = settings or Settings.from_environment()
    prepare(settings)
    app = Flask("verbatim", static_folder=None)
    app.config.update(SETTINGS=settings, MAX_CONTENT_LENGTH=settings.max_body_bytes)
    app.wsgi_app = http.ChunkedBodies(app.wsgi_app)  # type: ignore[method-assign]
    app.url_map.converters["id"] = http.IdConverter
    http.mount(app, ROUTES)
    _serve_document(app)
    app.before_request(_identify)
    app.after_request(_finish)
    app.register_error_handler(DomainError, _domain_problem)
    app.register_error_handler(HTTPException, _framework_problem)
    app.register_error_handler(MaxConnectionsExceeded, _crowded)
    app.register_error_handler(Exception, _internal_problem)
    return app


def prepare(settings: Settings) -> None:
    """Bind the process to its database, which must be there and migrated."""
    db.connect(settings)
    try:
        if waiting := migrations.pending():
            raise Misconfigured(f"The database lacks the migrations {', '.join(waiting)}: run `verbatim migrate`.")
    except peewee.OperationalError as error:
        raise Misconfigured(f"Cannot open the database {db.described(settings)}: {error}") from error


def _serve_document(app: Flask) -> None:
    """openapi.json and openapi.yaml, made once."""
    made: dict[str, Any] = {}

    def as_json() -> Response:
        http.take_no_parameters()
        return http.respond(made.setdefault("json", openapi.document(ROUTES)), 200)

    def as_yaml() -> Response:
        http.take_no_parameters()
        return Response(
            made.setdefault("yaml", openapi.as_yaml(ROUTES)), content_type="application/yaml; charset=utf-8"
        )

    app.add_url_rule("/openapi.json", view_func=as_json)
    app.add_url_rule("/openapi.yaml", view_func=as_yaml)


def _identify() -> None:
    g.request_id = uuid.uuid4().hex


def _finish(response: Response) -> Response:
    response.headers["X-Request-Id"] = g.request_id
    if request.method in ("GET", "HEAD"):
        # With the ETag: a copy may be kept, and is asked for before it is used.
        response.headers.setdefault("Cache-Control", "private, no-cache" if g.get("key_used") else "no-cache")
    return response


def _problem(document: dict[str, Any]) -> Response:
    return http.respond(document, document["status"], "application/problem+json")


def _domain_problem(error: DomainError) -> Response:
    response = _problem(problems.of_domain(error, request_id=g.request_id))
    if response.status_code == 401:  # noqa: PLR2004
        response.headers["WWW-Authenticate"] = "Bearer"
    if isinstance(error, Busy):
        response.headers["Retry-After"] = _RETRY_SECONDS
    return response


def _framework_problem(error: HTTPException) -> Response:
    if error.response is not None or (error.code or 500) < 400:  # noqa: PLR2004 - redirects are answers
        return cast("Response", error.get_response())
    allowed = ", ".join(sorted(getattr(error, "valid_methods", None) or ()))
    detail = f"{request.method} is not for this address, which takes {allowed}." if allowed else None
    response = _problem(problems.of_framework(error, detail, request_id=g.request_id))
    if allowed:
        response.headers["Allow"] = allowed
    return response


def _crowded(_: MaxConnectionsExceeded) -> Response:
    return _domain_problem(Busy("Every connection to the database is in use: try again."))


def _internal_problem(_: Exception) -> Response:
    _log.exception("request %s: %s %s failed", g.request_id, request.method, request.path)
    detail = "The service failed; nothing was stored. The request id finds the cause in its log."
    return _problem(problems.document("internal", detail, request_id=g.request_id))
