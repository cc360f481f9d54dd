"""Taking many statements in and out: import and export, memory flat whatever the size."""

import gzip
import zlib
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import nullcontext
from typing import Any, BinaryIO

from marshmallow import ValidationError

from schemas.fields import flattened
from schemas.statements import AppearanceOut, StatementRecord, StatementRecordOut
from service import db, labels, listing
from service.composing import REFERENCES
from service.errors import Malformed
from service.formats import Format
from service.models import Appearance, Statement
from service.models.base import tuples
from service.record import Recorder
from service.reporting import Reasons, Report, because, reasons
from service.selecting import STATEMENTS

_BATCH = 500
_ROUNDS = 50  # how often rows that wait for one another are gone through again
_GZIP = b"\x1f\x8b"
_RECORD, _RECORD_OUT, _PRINTING_OUT = StatementRecord(), StatementRecordOut(), AppearanceOut()

# The number of a line, and what stands there: a draft, or the reasons why it is none.
Row = tuple[int, dict[str, Any] | Reasons]


def records(query: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    """Every statement that matches, as a document that imports again unchanged."""
    return _flow(listing.batches(STATEMENTS, query))


def _flow(batches: Iterator[list[Statement]]) -> Iterator[dict[str, Any]]:
    """The documents of each batch. A connection is held to read a batch, not while a slow reader takes it."""
    while True:
        with db.proxy.connection_context():
            documents = list(_documents(next(batches, [])))
        if not documents:
            return
        yield from documents


def _documents(statements: list[Statement]) -> Iterator[dict[str, Any]]:
    several = [each.id for each in statements if each.appearance_count > 1]
    others: dict[int, list[Appearance]] = {}
    for appearance in Appearance.of(several) if several else ():
        others.setdefault(appearance.statement_id, []).append(appearance)
    originals = {each.translation_of_id for each in statements if each.translation_of_id}
    there = {row[0] for row in tuples(Statement.select(Statement.id).where(_live(originals)))} if originals else set()
    for statement in statements:
        further = [_PRINTING_OUT.dump(each) for each in others.get(statement.id, [])[1:]]
        # A file cannot point at what was deleted: nobody could follow it.
        original = statement.translation_of_id if statement.translation_of_id in there else None
        yield {**_RECORD_OUT.dump(statement), "translation_of": original, "other_appearances": further}


def _live(ids: Iterable[int]) -> Any:
    return Statement.id.in_(sorted(ids)) & Statement.deleted_at.is_null()


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
        self.form, self.mode, self.dry_run, self.longest_line = form, mode, dry_run, longest_line
        self.progress = progress
        # Whether all of it is one transaction.
        self._whole = mode == "atomic" or dry_run
        self._options: dict[str, Any] = {
            "actor": actor,
            "on_duplicate": on_duplicate,
            "strict": strict,
            "labels": labels.Labels(),
            "upsert": True,
        }
        self._own_from = self._next_id = 0

    def run(self, file: BinaryIO) -> Report:
        """Import a seekable binary file, gzip or not. Raises Malformed if it is empty, Busy while another writes."""
        self.report = Report()
        try:
            with (
                db.proxy.connection_context(),
                labels.statement_labels(),
                db.writing() if self._whole else nullcontext(),
            ):
                self._own_from = self._next_id = Statement.next_id()
                with labels.Later() as later:
                    for batch in db.chunks(self._rows(_opened(file)), _BATCH):
                        self._store(batch, later)
                        self.progress()
                    self._settle(later, _ROUNDS)
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

    def _rows(self, stream: BinaryIO) -> Iterator[Row]:
        line = 0
        try:
            for line, row in self.form.parse(stream, longest=self.longest_line):
                yield line, because(str(row)) if isinstance(row, ValueError) else _draft(row)
        except (OSError, EOFError, zlib.error) as error:
            yield line + 1, because(f"The file cannot be read on: {error}.")

    def _store(self, batch: list[Row], later: labels.Later) -> None:
        """Store what can be stored of a batch; what waits for its original goes to `later`."""
        with nullcontext() if self._whole else db.writing():
            drafts = [row for _, row in batch if isinstance(row, dict)]
            _point_back(drafts, later.refs)
            next_id = self._next_id if self._whole else None
            recorder = Recorder(**self._options, own_from=self._own_from, next_id=next_id)
            outcomes = recorder.record(drafts)
            labels.note_statements(
                (draft["id"], outcome.statement_id)
                for draft, outcome in zip(drafts, outcomes, strict=True)
                if "id" in draft and outcome.statement_id and outcome.action != "waiting"
            )
            self._next_id = recorder.next_id
        told = iter(outcomes)
        for line, row in batch:
            if isinstance(row, list):
                self.report.refuse(line, row)
                continue
            outcome = next(told)
            if outcome.action == "waiting":
                # With its id spoken for, the order of the ids stays that of the file.
                later.put(line, {**row, "reserved": outcome.statement_id if self._whole else None})
            elif outcome.error is not None:
                self.report.refuse(line, reasons(outcome.error))
            else:
                self.report.counts[outcome.action] += 1

    def _settle(self, waiting: labels.Later, rounds: int) -> None:
        """Store the rows that waited, as far as their originals have come; refuse the others."""
        if not len(waiting):
            return
        with labels.Later() as still:
            for batch in db.chunks(waiting, _BATCH):
                self._store(batch, still)
            if len(still) < len(waiting) and rounds:
                self._settle(still, rounds - 1)
                return
            for line, draft in sorted(still, key=lambda row: row[0]):
                self.report.refuse(line, because(f"{draft['waits']} was stored.", "/translation_of"))


class _Undone(Exception):
    """Takes a transaction back: the import is to leave nothing behind."""


def _opened(file: BinaryIO) -> BinaryIO:
    file.seek(0)
    start = file.read(2)
    if not start:
        raise Malformed("There is nothing to import: the body is empty.")
    file.seek(0)
    return gzip.GzipFile(fileobj=file) if start == _GZIP else file  # type: ignore[return-value]


def _draft(row: dict[str, Any]) -> dict[str, Any] | Reasons:
    """A row as a draft, in which the ids of the exporting database, if it comes from one, are labels."""
    try:
        draft: dict[str, Any] = _RECORD.load(row)
    except ValidationError as error:
        return [{"pointer": pointer, "detail": detail} for pointer, detail in flattened(error.messages)]
    for holder in (draft, *draft["other_appearances"]) if "id" in draft else ():
        for name in REFERENCES:
            reference = holder.get(name)
            if reference and "id" in reference and "name" in reference:
                holder[name] = {**reference, "label": reference["id"]}
                del holder[name]["id"]
    return draft


def _point_back(drafts: list[dict[str, Any]], waiting_refs: set[str]) -> None:
    """Turn ids of the file in `translation_of` into ids here; a row whose original has not come yet `waits`.

    So does a row that has, or translates, the ref of one that waits.
    """
    meant = labels.statements_meant(each["translation_of"] for each in drafts if _points_into_file(each))
    refs, seen = set(waiting_refs), dict.fromkeys(meant, False)
    for draft in drafts:
        draft.pop("waits", None)
        original = draft["translation_of"]
        if _points_into_file(draft):
            if seen.get(original, True):
                draft["waits"] = f"No row of this file with the id {original}"
            else:
                draft["translation_of"] = meant[original] if original in meant else labels.Label(original)
        if {draft["ref"], original} & refs:
            draft.setdefault("waits", "No row of this file that this one needs")
        if "waits" in draft:
            # Kept as the file has it, until its original has come.
            draft["translation_of"] = original
            refs.update({draft["ref"]} if draft["ref"] else ())
        if "id" in draft:
            seen[draft["id"]] = "waits" in draft


def _points_into_file(draft: dict[str, Any]) -> bool:
    return "id" in draft and isinstance(draft["translation_of"], int)
