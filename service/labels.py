"""What the ids in a file mean here: an export carries those of the database that wrote it.

They tell rows and namesakes of the file apart and let a translation find its original; they are not stored.
"""

import tempfile
from array import array
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Self

import orjson
import peewee

from service import db
from service.models import Entity
from service.models.base import Base, tuples

Reference = Mapping[str, Any]


@dataclass(frozen=True)
class Label:
    """As `translation_of` of a draft: the row of the same batch that has this id in the file."""

    id: int


class Labels:
    """During an import: which entity here is meant by an id of the exporting database."""

    def __init__(self) -> None:
        self._ids: dict[tuple[type[Entity], int], int] = {}
        self._claimed: dict[tuple[type[Entity], int], int] = {}
        # Of several statements with the same words, those that a row of the file is known to mean.
        self.twins: set[int] = set()

    def get(self, model: type[Entity], reference: Reference) -> int | None:
        """The id here, once it is known."""
        return self._ids.get((model, reference.get("label", 0)))

    def claim(self, model: type[Entity], reference: Reference, id_: int) -> None:
        """Note which entity a label means."""
        if label := reference.get("label"):
            self._ids[model, label] = id_
            self._claimed.setdefault((model, id_), label)

    def unclaimed(self, model: type[Entity], reference: Reference, fitting: list[Entity]) -> list[Entity]:
        """Those that no other label means."""
        label = reference.get("label")
        return [each for each in fitting if label is None or self._claimed.get((model, each.id), label) == label]


class ImportLabel(Base):
    """For the time of an import: which statement here has which id in the file. A table, since files may be long."""

    label = peewee.BigIntegerField(primary_key=True)
    statement_id = peewee.BigIntegerField()


@contextmanager
def statement_labels() -> Iterator[None]:
    """Hold the table of ImportLabel."""
    sql = "CREATE TEMPORARY TABLE IF NOT EXISTS import_label (label BIGINT PRIMARY KEY, statement_id BIGINT NOT NULL)"
    db.proxy.execute_sql(sql)
    try:
        yield
    finally:
        db.proxy.execute_sql("DROP TABLE IF EXISTS import_label")


def note_statements(pairs: Iterable[tuple[int, int]]) -> None:
    """Note which statement here each label means."""
    rows = [{"label": label, "statement_id": statement_id} for label, statement_id in pairs]
    if rows:
        ImportLabel.insert_many(rows).on_conflict_ignore().execute()


def statements_meant(labels: Iterable[int]) -> dict[int, int]:
    """The ids here of those `labels` that are known."""
    wanted = sorted(set(labels))
    if not wanted:
        return {}
    query = ImportLabel.select(ImportLabel.label, ImportLabel.statement_id).where(ImportLabel.label.in_(wanted))
    return {row[0]: row[1] for row in tuples(query)}


class Later:
    """Rows of a file that wait for a row behind them, kept on disk, and the refs that they will have."""

    def __init__(self) -> None:
        self._file = tempfile.TemporaryFile()  # noqa: SIM115 - closed on exit
        self._offsets = array("Q")
        self.refs: set[str] = set()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._file.close()

    def __len__(self) -> int:
        return len(self._offsets)

    def put(self, line: int, draft: dict[str, Any]) -> None:
        """Keep a row."""
        self.refs.update({draft["ref"]} if draft["ref"] else ())
        self._offsets.append(self._file.seek(0, 2))
        self._file.write(orjson.dumps([line, draft], option=orjson.OPT_APPEND_NEWLINE))

    def __iter__(self) -> Iterator[tuple[int, dict[str, Any]]]:
        for offset in self._offsets:
            self._file.seek(offset)
            line, draft = orjson.loads(self._file.readline())
            yield line, draft
