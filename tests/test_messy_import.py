"""Twenty-four thousand rows as the world sends them: every one is stored, known already, or refused with its reason."""

from collections import Counter
from typing import Any

import orjson
import pytest
from conftest import Api
from messy import PEOPLE, SYNTAX, Wire, wire

ROWS = 24_000


@pytest.fixture(scope="module")
def messy() -> Wire:
    return wire(ROWS)


def told(error: dict[str, Any]) -> tuple[int, str, str]:
    detail = error["detail"]
    return error["line"], error["pointer"], SYNTAX if detail.startswith(f"{SYNTAX}: ") else detail


def latest(api: Api) -> dict[str, Any]:
    """How many statements there are, and which was changed last."""
    return api.get("/v1/statements?sort=-updated_at&limit=1&count=true").json


def test_a_messy_wire_is_imported_with_a_report_that_is_right_line_by_line(api, messy):
    actions = Counter(line.action for line in messy.lines)
    assert len(messy.lines) == ROWS
    assert min(actions.values()) > ROWS / 5

    first = api.load(messy.body, "?mode=partial").json
    assert Counter({name: first[name] for name in actions}) == actions
    assert (first["rows"], first["updated"], first["linked"], first["unchanged"]) == (ROWS, 0, 0, 0)
    expected = [(line.number, *reason) for line in messy.lines for reason in line.reasons]
    assert sorted(map(told, first["errors"])) == sorted(expected)

    export = api.get("/v1/statements.ndjson?fields=text,speaker,ref").data
    kept = [orjson.loads(line) for line in export.splitlines()]
    created = [line for line in messy.lines if line.action == "created"]
    assert [each["text"] for each in kept] == [line.text for line in created]
    assert len({(line.speaker, each["speaker"]["id"]) for line, each in zip(created, kept, strict=True)}) == len(PEOPLE)

    before = latest(api)
    second = api.load(messy.body, "?mode=partial").json
    refs = sum(each["ref"] is not None for each in kept)
    assert (second["created"], second["updated"], second["refused"]) == (0, 0, first["refused"])
    assert (second["unchanged"], second["skipped"]) == (refs, first["created"] + first["skipped"] - refs)
    assert second["errors"] == first["errors"]
    assert latest(api) == before
