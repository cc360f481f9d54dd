"""/v1/import: many statements at once."""

import tempfile
from collections.abc import Iterator
from contextlib import closing
from typing import Any

import orjson

from schemas.queries import ImportQuery
from schemas.reports import ImportReport
from service import exchange, problems
from service.formats import FORMATS, of_media_type
from service.reporting import Report
from service.routes import JSON, Call, Routes, Stream

route = Routes()
_TYPES = tuple(media_type for form in FORMATS.values() for media_type in (form.media_type, *form.also))


@route("POST", "/v1/import", body=_TYPES, query=ImportQuery, returns={200: ImportReport()}, needs="write")
def load(call: Call) -> Stream:
    """Import statements from NDJSON or CSV, gzip or not.

    Each row is a statement as in POST; one whose `ref` is stored already changes that statement, so the
    same file twice changes nothing. The answer says what became of the rows, with the line, pointer and
    reason of each refused one. In the `atomic` mode one refused row undoes all, and the answer is a 422.
    """
    form = of_media_type(call.media_type)
    assert form is not None  # noqa: S101 - the route takes no other types
    importer = exchange.Importer(
        form, actor=call.actor, strict=call.strict, longest_line=call.settings.max_body_bytes, **call.query
    )
    # To disk first: a slow client must not hold up the writers behind it.
    with tempfile.TemporaryFile() as spool:
        call.copy_body(spool)
        report = importer.run(spool)
    told = {"mode": importer.mode, "dry_run": importer.dry_run, "stored": importer.stored}
    counts = {**told, "rows": report.rows, **report.counts}
    if importer.mode == "partial" or not report.counts["refused"]:
        return Stream(_document(counts, report), JSON)
    detail = f"{report.counts['refused']} of {report.rows} rows were refused, so nothing was stored: see errors."
    problem = problems.document("invalid", detail, request_id=call.request_id, **counts)
    return Stream(_document(problem, report), "application/problem+json", 422)


def _document(head: dict[str, Any], report: Report) -> Iterator[bytes]:
    """`head` with the reasons as its last member, one a line, whatever their number."""
    with closing(report):
        yield orjson.dumps(head, option=orjson.OPT_INDENT_2).removesuffix(b"\n}") + b',\n  "errors": ['
        separator = b"\n    "
        for error in report.errors():
            yield separator + error
            separator = b",\n    "
        yield (b"]" if separator == b"\n    " else b"\n  ]") + b"\n}\n"
