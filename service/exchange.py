"""Taking many statements in and out: import and export, memory flat whatever the size.

In a row that carries its own `id`, a line of an export, ids are those of the database that wrote it. They
tell rows and namesakes of the file apart and let a translation find its original, and are not stored here.
"""

import gzip
import tempfile
import zlib
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, nullcontext
from typing import Any, BinaryIO

import orjson
import peewee
from marshmallow import ValidationError

from schemas.fields import flattened
from schemas.statements import AppearanceOut, StatementRecord, StatementRecordOut
from service import amend, db, listing
from service.composing import REFERENCES, UNDECIDED
from service.errors import DomainError, Malformed
from service.formats import Format
from service.models import Appearance, Statement
from service.models.base import Base, tuples
from service.record import Outcome, Recorder
from service.references import Labels
from service.selecting import STATEMENTS

ACTIONS = ("created", "updated", "linked", "unchanged", "skipped", "refused")
_BATCH = 500
_GZIP = b"\x1f\x8b"
_RECORD, _RECORD_OUT, _PRINTING_OUT = StatementRecord(), StatementRecordOut(), AppearanceOut()
_MEMORY = 1_048_576  # bytes of a report that are kept in memory before they go to disk

Row = tuple[int, dict[str, Any]]


class ImportLabel(Base):
    """For the time of an import: which statement here has which id in the file."""

    label = peewee.BigIntegerField(primary_key=True)
    statement_id = peewee.BigIntegerField()


def records(query: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    """Every statement that matches, as a document that imports again unchanged."""
    batches = listing.batches(STATEMENTS, query)
    return (document for batch in batches for document in _documents(batch))


def _documents(statements: list[Statement]) -> Iterator[dict[str, Any]]:
    several = [each.id for each in statements if each.appearance_count > 1]
    others: dict[int, list[Appearance]] = {}
    for appearance in Appearance.of(several) if several else ():
        others.setdefault(appearance.statement_id, []).append(appearance)
    for statement in statements:
        yield {
            **_RECORD_OUT.dump(statement),
            "other_appearances": _printings(others.get(statement.id, [])[1:]),
        }


def _printings(appearances: list[Appearance]) -> list[dict[str, Any]]:
    return [_PRINTING_OUT.dump(each) for each in appearances]


class Report:
    """What became of the rows. The reasons for refusals go to disk when there are many: close it in the end."""

    def __init__(self) -> None:
        self.counts: Counter[str] = Counter(dict.fromkeys(ACTIONS, 0))
        self._errors = tempfile.SpooledTemporaryFile(max_size=_MEMORY)  # noqa: SIM115 - lives as long as the report

    @property
    def rows(self) -> int:
        """How many rows there were."""
        return self.counts.total()

    def refuse(self, line: int, reasons: list[dict[str, Any]]) -> None:
        """Note that a row was refused."""
        self.counts["refused"] += 1
        for reason in reasons:
            self._errors.write(orjson.dumps({"line": line, **reason}, option=orjson.OPT_APPEND_NEWLINE))

    def close(self) -> None:
        """Give the reasons up."""
        self._errors.close()

    def errors(self) -> Iterator[bytes]:
        """Each reason as a JSON object, by line."""
        self._errors.seek(0)
        return (line.rstrip(b"\n") for line in self._errors)


class Importer:
    """One import. `mode` is atomic or partial; `strict` refuses rows with unknown names."""

    def __init__(
        self,
        form: Format,
        *,
        actor: str,
        mode: str,
        dry_run: bool,
        on_duplicate: str,
        longest_line: int,
        strict: bool = False,
        progress: Callable[[], None] = lambda: None,
    ) -> None:
        """`progress` is called after each batch."""
        self.form, self.actor, self.mode, self.dry_run, self.strict = form, actor, mode, dry_run, strict
        self.on_duplicate, self.longest_line, self.progress = on_duplicate, longest_line, progress
        self.report = Report()
        self._labels = Labels()
        self._own_from = 0
        self._later: list[tuple[int, int, int]] = []

    def run(self, file: BinaryIO) -> Report:
        """Import a seekable binary file, gzip or not. Raises Malformed if it is empty, Busy while another writes."""
        whole = self.mode == "atomic" or self.dry_run
        try:
            with db.proxy.connection_context(), _label_table(), db.writing() if whole else nullcontext():
                self._own_from = Statement.next_id()
                for batch in self._batches(_opened(file)):
                    with nullcontext() if whole else db.writing():
                        self._store(batch)
                    self.progress()
                with nullcontext() if whole else db.writing():
                    self._link_later()
                if not self.stored:
                    raise _Undone  # noqa: TRY301 - it leaves the transaction, not the function
        except _Undone:
            pass
        except BaseException:
            self.report.close()
            raise
        return self.report

    @property
    def stored(self) -> bool:
        """Whether what the report counts is in the database."""
        return not self.dry_run and not (self.mode == "atomic" and self.report.counts["refused"])

    def _batches(self, stream: BinaryIO) -> Iterator[list[Row]]:
        batch: list[Row] = []
        labels: set[int] = set()
        for line, draft in self._drafts(stream):
            # The original of a translation must be stored before the batch of the translation is read.
            if len(batch) == _BATCH or draft["translation_of"] in labels:
                yield batch
                batch, labels = [], set()
            batch.append((line, draft))
            labels.update({draft["id"]} if "id" in draft else ())
        if batch:
            yield batch

    def _drafts(self, stream: BinaryIO) -> Iterator[Row]:
        """The rows that can be understood; the others are noted."""
        line = 0
        try:
            for line, row in self.form.parse(stream, longest=self.longest_line):
                if isinstance(row, ValueError):
                    self.report.refuse(line, [{"pointer": "", "detail": str(row)}])
                    continue
                try:
                    yield line, _labelled(_RECORD.load(row))
                except ValidationError as error:
                    wrong = flattened(error.messages)
                    self.report.refuse(line, [{"pointer": pointer, "detail": detail} for pointer, detail in wrong])
        except (OSError, EOFError, zlib.error) as error:
            self.report.refuse(line + 1, [{"pointer": "", "detail": f"The file cannot be read on: {error}."}])

    def _store(self, batch: list[Row]) -> None:
        recorder = Recorder(
            actor=self.actor,
            on_duplicate=self.on_duplicate,
            strict=self.strict,
            upsert=True,
            labels=self._labels,
            own_from=self._own_from,
        )
        forward = self._point_back(batch)
        outcomes = recorder.record([draft for _, draft in batch])
        for (line, _), outcome in zip(batch, outcomes, strict=True):
            self._note(line, outcome)
            if outcome.statement_id and line in forward:
                self._later.append((line, outcome.statement_id, forward[line]))
        rows = [
            {"label": draft["id"], "statement_id": outcome.statement_id}
            for (_, draft), outcome in zip(batch, outcomes, strict=True)
            if "id" in draft and outcome.statement_id
        ]
        if rows:
            ImportLabel.insert_many(rows).on_conflict_ignore().execute()

    def _note(self, line: int, outcome: Outcome) -> None:
        if outcome.error is None:
            self.report.counts[outcome.action] += 1
        else:
            self.report.refuse(line, _reasons(outcome.error))

    def _point_back(self, batch: list[Row]) -> dict[int, int]:
        """Turn ids of the file in `translation_of` into ids here; by line, those that have not come yet."""
        wanted = {
            draft["translation_of"] for _, draft in batch if "id" in draft and isinstance(draft["translation_of"], int)
        }
        known = _statement_ids(wanted)
        forward = {}
        for line, draft in batch:
            label = draft["translation_of"]
            if "id" in draft and isinstance(label, int):
                draft["translation_of"] = known.get(label, UNDECIDED)
                if label not in known:
                    forward[line] = label
        return forward

    def _link_later(self) -> None:
        """Link translations that came before their originals. This is still part of their creation: no revision."""
        for line, id_, label in self._later:
            if original := _statement_ids({label}).get(label):
                changed = Statement.translation_of.is_null() | (Statement.translation_of != original)
                Statement.update(translation_of=original).where(Statement.id == id_, changed).execute()
                continue
            statement = Statement.find(id_)
            if statement.version == 1 and id_ >= self._own_from:
                amend.delete(statement, actor=self.actor)
                self.report.counts["created"] -= 1
                reason = f"No row of this file with the id {label} was stored."
                self.report.refuse(line, [{"pointer": "/translation_of", "detail": reason}])


class _Undone(Exception):
    """The import is to leave nothing behind."""


def _opened(file: BinaryIO) -> BinaryIO:
    file.seek(0)
    start = file.read(2)
    if not start:
        raise Malformed("There is nothing to import: the body is empty.")
    file.seek(0)
    return gzip.GzipFile(fileobj=file) if start == _GZIP else file  # type: ignore[return-value]


def _labelled(draft: dict[str, Any]) -> dict[str, Any]:
    """A draft in which the ids of the exporting database, if it comes from one, are labels."""
    if "id" not in draft:
        return draft
    for holder in (draft, *draft["other_appearances"]):
        for name in REFERENCES:
            reference = holder.get(name)
            if reference and "id" in reference and "name" in reference:
                holder[name] = {
                    **{key: value for key, value in reference.items() if key != "id"},
                    "label": reference["id"],
                }
    return draft


def _reasons(error: DomainError) -> list[dict[str, Any]]:
    members = dict(error.members)
    errors: list[dict[str, Any]] | None = members.pop("errors", None)
    return errors or [{"pointer": members.pop("pointer", ""), "detail": error.detail, **members}]


def _statement_ids(labels: set[int]) -> dict[int, int]:
    if not labels:
        return {}
    query = ImportLabel.select(ImportLabel.label, ImportLabel.statement_id).where(ImportLabel.label.in_(sorted(labels)))
    return {row[0]: row[1] for row in tuples(query)}


@contextmanager
def _label_table() -> Iterator[None]:
    sql = "CREATE TEMPORARY TABLE IF NOT EXISTS import_label (label BIGINT PRIMARY KEY, statement_id BIGINT NOT NULL)"
    db.proxy.execute_sql(sql)
    try:
        yield
    finally:
        db.proxy.execute_sql("DROP TABLE IF EXISTS import_label")
