"""The history of everything: one append-only table, written in the transaction of the change.

`snapshot` is the document as it stood before the change, so a creation needs none: what version 3 showed
is the snapshot of the revision after it, or the row itself while nothing came after.
"""

from collections.abc import Iterable
from typing import Any

import orjson
import peewee

from schemas.instants import now
from service import db
from service.models.base import Base, Versioned

_COLUMNS = ("entity", "entity_id", "version", "operation", "actor", "reason", "time", "snapshot")


class Revision(Base):
    """One change: what was done to which version of which entity, by whom, why and when."""

    seq = peewee.BigIntegerField(primary_key=True)
    entity = peewee.TextField()
    entity_id = peewee.BigIntegerField()
    version = peewee.BigIntegerField()
    operation = peewee.TextField()
    actor = peewee.TextField()
    reason = peewee.TextField(null=True)
    time = peewee.TextField()
    snapshot = peewee.TextField(null=True)


Revision.add_index(Revision.entity, Revision.entity_id, Revision.version, name="revision_entity_unique", unique=True)


def revise(
    subject: Versioned, operation: str, *, actor: str, before: dict[str, Any], reason: str | None = None
) -> None:
    """Record that `subject`, still at its old version, is being changed; `before` is its document until now."""
    snapshot = orjson.dumps(before).decode()
    _append([(subject.noun, subject.id, subject.version + 1, operation, actor, reason, now(), snapshot)])


def created(model: type[Versioned], rows: Iterable[dict[str, Any]], *, actor: str, reason: str | None = None) -> None:
    """Record the creation of `rows`, dicts of columns."""
    _append([(model.noun, row["id"], row["version"], "create", actor, reason, row["created_at"], None) for row in rows])


def _append(rows: list[tuple[Any, ...]]) -> None:
    seq = Revision.next_id()
    db.insert(Revision, [{"seq": seq + n, **dict(zip(_COLUMNS, row, strict=True))} for n, row in enumerate(rows)])
