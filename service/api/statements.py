"""/v1/statements: who said what, when, carried by which agency, printed by which outlet.

The next filter is a line in `schemas.queries.StatementFilters`, a line in `service.selecting` and a row in a test.
"""

from collections.abc import Callable

from schemas.queries import StatementExport, StatementFields, StatementQuery, WriteQuery
from schemas.statements import (
    StatementDraft,
    StatementOut,
    StatementPatch,
    StatementRecordOut,
    StatementReplacement,
)
from service import amend, exchange, listing
from service.errors import Invalid
from service.formats import FORMATS, Format
from service.listing import Page
from service.models import Statement
from service.record import Recorder
from service.routes import PATCH_TYPES, Call, Reply, Routes, Stream
from service.selecting import STATEMENTS

route = Routes()
_OUT = StatementOut()


@route(
    "GET", "/v1/statements", query=StatementQuery, returns={200: [_OUT]}, needs="read",
    problems=("ambiguous-name",),
    alternates={form.media_type: f"/v1/statements.{suffix}" for suffix, form in FORMATS.items()},
)  # fmt: skip
def search(call: Call) -> Page:
    """List statements, the newest first.

    Every filter must match; a comma in a value means or. Names of speakers, agencies and outlets may be
    ids, names, aliases or words of a name that only one of them has.
    """
    return listing.page(STATEMENTS, call.query)


def _exporting(form: Format) -> Callable[[Call], Stream]:
    def export(call: Call) -> Stream:
        """Stream every statement that matches, to be read line by line or imported again.

        The filters and sorts are those of the list. A stream that fails is cut off, never closed as if whole.
        """
        names = call.query.get("wanted") or list(StatementRecordOut().fields)
        return Stream(form.unparse(exchange.records(call.query), names), form.media_type)

    return export


for _suffix, _form in FORMATS.items():
    route(
        "GET", f"/v1/statements.{_suffix}", query=StatementExport, returns={200: StatementRecordOut()}, needs="read",
        streams=_form.media_type, problems=("ambiguous-name",),
    )(_exporting(_form))  # fmt: skip


@route(
    "POST", "/v1/statements", body=StatementDraft, query=WriteQuery, returns={201: _OUT, 200: _OUT}, needs="write",
    problems=("duplicate", "ambiguous-name", "conflict"),
)  # fmt: skip
def create(call: Call) -> Reply:
    """Store a statement with its first appearance.

    `speaker`, `on_behalf_of`, `agency` and `outlet` take a name, an id, or an object; an unknown name is
    made in the same transaction. 201 with the new statement; 200 with a stored one where `on_duplicate`
    is `skip` or `link`.
    """
    recorder = Recorder(actor=call.actor, on_duplicate=call.query["on_duplicate"], strict=call.strict)
    (outcome,) = recorder.record([call.body])
    if outcome.error:
        raise outcome.error
    return Reply(Statement.find(outcome.statement_id or 0), 201 if outcome.action == "created" else 200)


@route(
    "GET",
    "/v1/statements/<id:id>",
    query=StatementFields,
    returns={200: _OUT},
    needs="read",
    problems=("gone",),
)
def get(call: Call) -> Statement:
    """Get a statement."""
    return Statement.find(call.id)


@route(
    "PUT", "/v1/statements/<id:id>", body=StatementReplacement, returns={200: _OUT}, needs="write",
    problems=("gone", "duplicate", "ambiguous-name", "conflict"),
)  # fmt: skip
def replace(call: Call) -> Statement:
    """Replace a statement.

    The document of a GET may be sent back whole: what the service derives is accepted and not changed.
    A field that is left out gets its default.
    """
    if call.body.pop("id", call.id) != call.id:
        raise Invalid([{"pointer": "/id", "detail": f"This is statement {call.id}: an id cannot be changed."}])
    return _edited(call)


@route(
    "PATCH", "/v1/statements/<id:id>", body=StatementPatch, body_types=PATCH_TYPES, returns={200: _OUT}, needs="write",
    problems=("gone", "duplicate", "ambiguous-name", "conflict"),
)  # fmt: skip
def patch(call: Call) -> Statement:
    """Change some fields of a statement, by JSON merge patch (RFC 7396).

    Null takes a field away; what is absent stays. Speaker, agency and outlet are replaced whole.
    A patch that changes nothing makes no new version.
    """
    return _edited(call)


@route("DELETE", "/v1/statements/<id:id>", returns={204: None}, needs="write", problems=("gone",))
def delete(call: Call) -> None:
    """Delete a statement. It answers 410 from then on, and can be restored."""
    amend.delete(Statement.find(call.id), actor=call.actor, expected=call.expected)


@route("POST", "/v1/statements/<id:id>/restore", returns={200: _OUT}, needs="write")
def restore(call: Call) -> Statement:
    """Undo the deletion of a statement. One that is not deleted stays as it is."""
    return amend.restore(Statement.find(call.id, deleted=True), actor=call.actor, expected=call.expected)


def _edited(call: Call) -> Statement:
    statement = Statement.find(call.id)
    return amend.edit(statement, call.body, actor=call.actor, strict=call.strict, expected=call.expected)
