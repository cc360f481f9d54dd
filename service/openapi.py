"""The OpenAPI 3.1 document, generated from the routes. Nothing in it is written twice."""

import re
from collections.abc import Iterable
from http import HTTPStatus
from typing import Any

import yaml
from apispec import APISpec
from apispec.ext.marshmallow import MarshmallowPlugin
from apispec.ext.marshmallow.openapi import OpenAPIConverter
from marshmallow import Schema, fields

from schemas import reports
from schemas.fields import Choice, CommaList, Flag
from schemas.names import Reference
from schemas.statements import StatementLink
from service import __version__, auth
from service.problems import PROBLEMS
from service.routes import JSON, Route

_PROBLEM_TYPE = "application/problem+json"
_ALWAYS = ("not-acceptable", "internal", "unavailable")
_TAGS = {
    "statements": "Who said what, when, carried by whom, printed by whom.",
    "speakers": "Who says something.",
    "agencies": "Who carries it.",
    "outlets": "Who prints or airs it.",
    "topics": "What it is about.",
    "import": "Many statements at once.",
    "service": "The service itself.",
}
_DESCRIPTION = """\
A quote and attribution database: who said what, when, carried by which news agency, printed by which outlet.

Reading is public unless the service is set otherwise; writing needs `Authorization: Bearer vbt_…`.
Errors are RFC 9457 problem documents. Lists are paged by keyset: follow `next` until it is null.
"""


def document(routes: Iterable[Route]) -> dict[str, Any]:
    """The whole document as plain data."""
    plugin = MarshmallowPlugin(schema_name_resolver=_schema_name)
    spec = APISpec(
        title="Verbatim",
        version=__version__,
        openapi_version="3.1.0",
        plugins=[plugin],
        info={"description": _DESCRIPTION, "license": {"name": "MIT", "identifier": "MIT"}},
        tags=[{"name": name, "description": what} for name, what in _TAGS.items()],
        servers=[{"url": "/"}],
    )
    assert plugin.converter is not None  # noqa: S101 - it has one once the spec is made
    converter = plugin.converter
    for convert in (_reference, _choice, _listed, _link):
        converter.add_attribute_function(convert)  # type: ignore[no-untyped-call]
    spec.components.security_scheme(
        "key", {"type": "http", "scheme": "bearer", "description": "`vbt_…`, see `verbatim key`."}
    )
    for name, problem in PROBLEMS.items():
        content = {_PROBLEM_TYPE: {"schema": reports.ProblemOut}}
        spec.components.response(
            _camel(name), {"description": f"{problem.title}. {problem.meaning}", "content": content}
        )
    for route in routes:
        spec.path(path=_template(route.path), operations={route.method.lower(): _operation(route, converter)})
    found: dict[str, Any] = spec.to_dict()
    return found


class _Dumper(yaml.SafeDumper):
    """Writes every value where it stands, and text of several lines as such."""

    def ignore_aliases(self, data: Any) -> bool:
        """No anchors: they are for machines."""
        return True


_Dumper.add_representer(
    str,
    lambda dumper, text: dumper.represent_scalar("tag:yaml.org,2002:str", text, style="|" if "\n" in text else None),
)


def as_yaml(routes: Iterable[Route]) -> str:
    """The document as `openapi.yaml` has it."""
    return str(yaml.dump(document(routes), Dumper=_Dumper, sort_keys=False, allow_unicode=True, width=110))


def _operation(route: Route, converter: OpenAPIConverter) -> dict[str, Any]:
    summary, _, description = (route.view.__doc__ or "").partition("\n")
    found: dict[str, Any] = {
        "operationId": _operation_id(route),
        "tags": [_tag(route)],
        "summary": summary.strip(),
        "description": re.sub(r"\n +", "\n", description).strip(),
        "parameters": [
            *_path_parameters(route),
            *_query_parameters(route, converter),
            *_header_parameters(route),
        ],
        "responses": _responses(route),
    }
    if route.body is not None:
        found["requestBody"] = {"required": True, "content": _body(route)}
    if route.needs != auth.PUBLIC:
        found["security"] = [{"key": []}, {}] if route.needs == auth.READ else [{"key": []}]
    return {key: value for key, value in found.items() if value or key == "responses"}


def _body(route: Route) -> dict[str, Any]:
    if isinstance(route.body, Schema):
        return {media_type: {"schema": route.body} for media_type in route.body_types}
    return {media_type: {"schema": {"type": "string"}} for media_type in route.body or ()}


def _responses(route: Route) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for status, schema in route.returns.items():
        response: dict[str, Any] = {"description": _described(route, schema)}
        if schema is not None:
            lines = {"schema": {"type": "string"}}
            document = {JSON: {"schema": _answer(schema)}}
            response["content"] = (
                {route.streams: lines} if route.streams else document | dict.fromkeys(route.alternates, lines)
            )
        headers = {} if route.streams else _response_headers(status, schema)
        found[str(status)] = {**response, **({"headers": headers} if headers else {})}
    if route.method == "GET" and not route.streams and route.needs != auth.PUBLIC:
        found["304"] = {"description": "Not modified: what If-None-Match names is still current."}
    for name in dict.fromkeys((*_problems(route), *_ALWAYS)):
        # Types that share a status share its response; the first named describes it.
        found.setdefault(str(PROBLEMS[name].status), _camel(name))
    return dict(sorted(found.items()))


def _problems(route: Route) -> Iterable[str]:
    yield "malformed"
    if route.needs != auth.PUBLIC:
        yield from ("unauthorized", "forbidden")
    if "<" in route.path:
        yield "not-found"
    if isinstance(route.body, Schema):
        yield from ("too-large", "unsupported-media-type")
    elif route.body is not None:
        yield "unsupported-media-type"
    yield "invalid"
    if _conditional(route):
        yield "precondition-failed"
    if route.method in ("PUT", "PATCH", "DELETE"):
        yield "precondition-required"
    yield from route.problems


def _answer(schema: Any) -> Any:
    if not isinstance(schema, list):
        return schema
    return {
        "type": "object",
        "required": ["items", "next"],
        "properties": {
            "items": {"type": "array", "items": schema[0]},
            "next": {"type": ["string", "null"], "description": "The next page; null after the last."},
            "total": {"type": "integer", "description": "How many match, if `count=true`."},
        },
    }


def _described(route: Route, schema: Any) -> str:
    if schema is None:
        return "Done; there is no body."
    if route.streams:
        return f"Every match, as {route.streams}."
    one = schema[0] if isinstance(schema, list) else schema
    return ("A page. " if isinstance(schema, list) else "") + (type(one).__doc__ or "").partition("\n")[0]


def _response_headers(status: int, schema: Any) -> dict[str, Any]:
    text = {"schema": {"type": "string"}}
    headers: dict[str, Any] = {}
    if isinstance(schema, list):
        headers["Link"] = {"description": 'The next page, as rel="next".', **text}
    elif schema is not None and {"id", "version"} <= schema.fields.keys():
        headers["ETag"] = {"description": "The version, for If-Match and If-None-Match.", **text}
    if status == HTTPStatus.CREATED:
        headers["Location"] = {"description": "Where it is found.", **text}
    return headers


def _path_parameters(route: Route) -> list[dict[str, Any]]:
    kinds: dict[str, Any] = {
        "id": {"type": "integer", "format": "int64", "minimum": 1},
        "string": {"type": "string"},
    }
    found = re.findall(r"<(?:(\w+):)?(\w+)>", route.path)
    return [{"in": "path", "name": name, "required": True, "schema": kinds[kind or "string"]} for kind, name in found]


def _query_parameters(route: Route, converter: OpenAPIConverter) -> list[dict[str, Any]]:
    found = []
    for name, field in route.query.fields.items():
        schema = converter.field2property(field)
        told = {"description": schema.pop("description")} if "description" in schema else {}
        listed = {"style": "form", "explode": False} if isinstance(field, CommaList) else {}
        found.append({"in": "query", "name": field.data_key or name, **told, **listed, "schema": schema})
    return found


def _header_parameters(route: Route) -> list[dict[str, Any]]:
    def header(name: str, what: str) -> dict[str, Any]:
        return {
            "in": "header",
            "name": name,
            "required": False,
            "description": what,
            "schema": {"type": "string"},
        }

    found = []
    if _conditional(route):
        found.append(header("If-Match", "The ETag of the version that is to be changed."))
    if route.method in ("POST", "PUT", "PATCH") and route.body is not None:
        found.append(header("Prefer", "`handling=strict` (RFC 7240) refuses unknown names instead of making them."))
    return found


def _conditional(route: Route) -> bool:
    """Whether it changes what has a version."""
    return route.method != "GET" and "<id:" in route.path


def _template(path: str) -> str:
    return re.sub(r"<(?:\w+:)?(\w+)>", r"{\1}", path)


def _tag(route: Route) -> str:
    parts = re.split(r"[/.]", route.path)
    return parts[2] if len(parts) > 2 and parts[2] in _TAGS else "service"  # noqa: PLR2004 - "", "v1", the resource


def _operation_id(route: Route) -> str:
    verbs = {"GET": "get", "POST": "post", "PUT": "put", "PATCH": "patch", "DELETE": "delete"}
    words = re.findall(r"\w+", re.sub(r"<(?:\w+:)?(\w+)>", r"by_\1", route.path.removeprefix("/v1")))
    return "_".join([verbs[route.method], *(words or ["index"])])


def _camel(name: str) -> str:
    return "".join(part.title() for part in name.split("-"))


def _schema_name(schema: Any) -> str:
    name = schema.__name__ if isinstance(schema, type) else type(schema).__name__
    return str(name).removesuffix("Out")


def _reference(self: Any, field: fields.Field[Any], **_: Any) -> dict[str, Any]:
    if not isinstance(field, Reference):
        return {}
    shapes: list[Any] = [
        {"type": "string"},
        {"type": "integer"},
        self.resolve_nested_schema(type(field.schema)),
    ]
    return {
        "anyOf": [*shapes, *([{"type": "null"}] if field.allow_none else [])],
        "description": "A name, an id, or an object.",
    }


def _choice(_self: Any, field: fields.Field[Any], **_: Any) -> dict[str, Any]:
    if isinstance(field, Flag):
        return {"type": "boolean"}
    return {"enum": field.metadata["enum"]} if isinstance(field, Choice) else {}


def _listed(self: Any, field: fields.Field[Any], **_: Any) -> dict[str, Any]:
    if not isinstance(field, CommaList):
        return {}
    items = {key: value for key, value in self.field2property(field.inner).items() if key != "description"}
    return {"type": "array", "items": items}


def _link(_self: Any, field: fields.Field[Any], **_: Any) -> dict[str, Any]:
    return {"type": ["integer", "string", "null"]} if isinstance(field, StatementLink) else {}
