"""Holds every answer of the suite against the OpenAPI document."""

import re
from functools import cached_property
from typing import Any

import orjson
from jsonschema import Draft202012Validator, FormatChecker


class Contract:
    """The OpenAPI document as a judge: `check` fails for an answer that it does not describe."""

    def __init__(self, document: dict[str, Any]) -> None:
        self.document = document
        self._validators: dict[str, Draft202012Validator] = {}

    @cached_property
    def _paths(self) -> list[tuple[re.Pattern[str], str]]:
        # The most particular first: /v1/statements.csv before /v1/statements/{id}
        templates = sorted(self.document["paths"], key=lambda path: ("{" in path, path))
        return [(re.compile(re.sub(r"\\{\w+\\}", "[^/]+", re.escape(path))), path) for path in templates]

    def operation(self, method: str, path: str) -> tuple[str, dict[str, Any]] | None:
        """The template and the operation of a request; None if the document has no such path or method."""
        for pattern, template in self._paths:
            if pattern.fullmatch(path):
                found = self.document["paths"][template].get(method.lower())
                return (template, found) if found else None
        return None

    def check(self, method: str, path: str, response: Any) -> None:
        """Fail unless the document describes this status, content type and body for this request."""
        found = self.operation("GET" if method == "HEAD" else method, path)
        if found is None:
            assert response.status_code in (200, 404, 405, 422), f"{method} {path} is not in the document"
            return
        template, operation = found
        declared = operation["responses"].get(str(response.status_code))
        assert declared, f"{method} {template} answers {response.status_code}, which the document does not say"
        if "$ref" in declared:
            declared = self.document["components"]["responses"][declared["$ref"].rsplit("/", 1)[1]]
        body = response.get_data()
        content = declared.get("content")
        if content is None or method == "HEAD":
            assert not body, f"{method} {template} {response.status_code} has a body, which the document does not say"
            return
        assert response.mimetype in content, f"{method} {template} answers {response.mimetype}, not {list(content)}"
        if response.mimetype.endswith("json") and not response.mimetype.endswith("ndjson"):
            assert body.endswith(b"\n")
            self._validator(content[response.mimetype]["schema"]).validate(orjson.loads(body))

    def _validator(self, schema: dict[str, Any]) -> Draft202012Validator:
        key = orjson.dumps(schema).decode()
        if key not in self._validators:
            self._validators[key] = Draft202012Validator(
                {**schema, "components": self.document["components"]}, format_checker=FormatChecker()
            )
        return self._validators[key]
