"""Changing a stored statement: its fields, its printings, its deletion and return, each with its revision."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any

from schemas.folding import name_key
from schemas.instants import now
from schemas.statements import StatementOut
from service import db
from service.composing import Composer, as_draft
from service.errors import Duplicate
from service.models import Appearance, Statement, StatementTopic, Topic, revisions
from service.models.base import tuples
from service.models.statements import PRINTED, PRINTING_COLUMNS, printed, source_count
from service.references import Names

_DOCUMENT = StatementOut()


def document(statement: Statement) -> dict[str, Any]:
    """What the statement answers now, for its history."""
    found: dict[str, Any] = _DOCUMENT.dump(statement)
    return found


def edit(
    statement: Statement,
    draft: Mapping[str, Any],
    *,
    actor: str,
    strict: bool = False,
    expected: Collection[int] | None = None,
) -> Statement:
    """Write a draft, whole or in part, over a statement; the statement as it then is.

    Raises PreconditionFailed, Invalid, Ambiguous, Conflict or Duplicate, and then has changed nothing.
    """
    statement.require(expected)
    composer = Composer(Names(actor=actor, strict=strict))
    whole = {**as_draft(statement), **draft}
    composer.prime([whole])
    composer.find(whole, statement)
    original = composer.original(whole, statement)
    check_ref(whole["ref"], besides=statement.id)
    columns = composer.columns(whole, original, statement)
    write(statement, {**columns, **composer.printings(whole, statement)[0]}, actor=actor)
    return Statement.find(statement.id)


def write(statement: Statement, columns: Mapping[str, Any], *, actor: str) -> bool:
    """Write those `columns` that differ, with all that follows from them; whether any did."""
    changes = {name: value for name, value in columns.items() if getattr(statement, name) != value}
    if not changes:
        return False
    if changes.keys() & PRINTING_COLUMNS and _has_printing(statement, columns):
        # It was written before, and another printing has come first since: that one is not to be written over.
        return write(statement, {name: columns[name] for name in columns.keys() - PRINTING_COLUMNS}, actor=actor)
    revisions.revise(statement, "update", actor=actor, before=document(statement))
    if changes.keys() & PRINTING_COLUMNS:
        first = Appearance.of([statement.id]).first()
        Appearance.update({name: columns[name] for name in PRINTING_COLUMNS}).where(Appearance.id == first.id).execute()
        changes |= shown(statement.id)
    if "topics" in changes:
        forget_topics(statement.id)
        index_topics([(statement.id, changes["topics"])])
    statement.bump(changes)
    return True


def add_printings(statement: Statement, printings: Sequence[Mapping[str, Any]], *, actor: str) -> bool:
    """Add those `printings` that a statement does not have yet; whether there were any."""
    stored = {_identity(each.printing) for each in Appearance.of([statement.id])}
    missing = [each for each in distinct(printings) if _identity(each) not in stored]
    if not missing:
        return False
    revisions.revise(statement, "update", actor=actor, before=document(statement))
    store_printings((statement.id, each) for each in missing)
    statement.bump(shown(statement.id))
    return True


def store_printings(printings: Iterable[tuple[int, Mapping[str, Any]]]) -> None:
    """Store pairs of a statement's id and the columns of a printing."""
    next_id = Appearance.next_id()
    rows = [
        {"id": next_id + n, "statement_id": statement_id, **printing, "text": None, "via_id": None}
        for n, (statement_id, printing) in enumerate(printings)
    ]
    db.insert(Appearance, rows)


def shown(statement_id: int) -> dict[str, Any]:
    """The columns in which a statement shows its appearances: the first by publication, and how many there are."""
    appearances = [each.printing for each in Appearance.of([statement_id])]
    return {**printed(appearances[0]), **counts(appearances)}


def counts(printings: Sequence[Mapping[str, Any]]) -> dict[str, int]:
    """How many printings, and from how many independent sources."""
    return {"appearance_count": len(printings), "source_count": source_count(printings)}


def delete(statement: Statement, *, actor: str, expected: Collection[int] | None = None) -> None:
    """Delete softly. Raises PreconditionFailed."""
    statement.require(expected)
    revisions.revise(statement, "delete", actor=actor, before=document(statement))
    statement.bump({"deleted_at": now()})
    forget_topics(statement.id)


def restore(statement: Statement, *, actor: str, expected: Collection[int] | None = None) -> Statement:
    """Undo a deletion; a statement that is not deleted stays as it is. Raises PreconditionFailed."""
    statement.require(expected)
    if statement.deleted_at is None:
        return statement
    revisions.revise(statement, "restore", actor=actor, before=document(statement))
    statement.bump({"deleted_at": None})
    index_topics([(statement.id, statement.topics)])
    return Statement.find(statement.id)


def check_ref(ref: str | None, *, besides: int) -> None:
    """Name the holder of a ref that is taken. The unique index would refuse it too, but knows no id."""
    if ref and (holder := Statement.select().where(Statement.ref == ref, Statement.id != besides).first()):
        raise in_use(holder)


def in_use(stored: Statement) -> Duplicate:
    """The refusal of a ref that a statement has."""
    deleted = f", which was deleted: restore it at {stored.url_path}/restore" if stored.deleted_at else ""
    return Duplicate(
        f"The ref “{stored.ref}” belongs to statement {stored.id}{deleted}.",
        pointer="/ref",
        existing=stored.url_path,
    )


def index_topics(topics: Sequence[tuple[int, list[str]]]) -> None:
    """Make some statements found by their topics; a new topic is made."""
    spelt = {name_key(label): label for _, labels in reversed(topics) for label in reversed(labels)}
    if not spelt:
        return
    known: dict[str, int] = {
        row[0]: row[1] for row in tuples(Topic.select(Topic.key, Topic.id).where(Topic.key.in_(sorted(spelt))))
    }
    next_id = Topic.next_id()
    missing = [key for key in spelt if key not in known]
    new: list[dict[str, Any]] = [{"id": next_id + n, "name": spelt[key], "key": key} for n, key in enumerate(missing)]
    db.insert(Topic, new)
    known.update((row["key"], row["id"]) for row in new)
    pairs = {(known[name_key(label)], id_) for id_, labels in topics for label in labels}
    db.insert(StatementTopic, [{"topic_id": topic, "statement_id": id_} for topic, id_ in sorted(pairs)])


def forget_topics(statement_id: int) -> None:
    """Let a statement be found by no topic."""
    StatementTopic.delete().where(StatementTopic.statement == statement_id).execute()


def distinct(printings: Iterable[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    """`printings`, each once."""
    return list({_identity(each): each for each in printings}.values())


def _has_printing(statement: Statement, columns: Mapping[str, Any]) -> bool:
    return any(_identity(each.printing) == _identity(columns) for each in Appearance.of([statement.id]))


def _identity(printing: Mapping[str, Any]) -> tuple[Any, ...]:
    return tuple(printing[column] for column in PRINTED)
