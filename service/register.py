"""Making, changing, deleting and restoring speakers, agencies and outlets, each with its revision."""

from collections.abc import Collection
from typing import Any

from schemas.instants import now
from schemas.names import AgencyOut, OutletOut, SpeakerOut
from service import db
from service.errors import Conflict, Duplicate
from service.models import Agency, Appearance, Entity, Outlet, Speaker, Statement, revisions

_DOCUMENTS = {Speaker: SpeakerOut(), Agency: AgencyOut(), Outlet: OutletOut()}
_REFERRING: dict[type[Entity], tuple[Any, ...]] = {
    Speaker: (Statement.speaker, Statement.on_behalf_of),
    Agency: (Statement.agency, Appearance.agency),
    Outlet: (Statement.outlet, Appearance.outlet),
}
_OPTIONAL = ("wikidata", "description", "country", "homepage", "code", "domain")


def document(entity: Entity) -> dict[str, Any]:
    """What the entity answers now, for its history."""
    found: dict[str, Any] = _DOCUMENTS[type(entity)].dump(entity)
    return found


def create(model: type[Entity], draft: dict[str, Any], *, actor: str) -> Entity:
    """Store a new entity. Raises Duplicate if one of its identifiers is another's."""
    blank = {column: None for column in _OPTIONAL if column in model._meta.fields}
    columns = model.columns({"aliases": [], **blank, **draft})
    _check_identifiers(model, columns)
    moment = now()
    row = {
        "id": model.next_id(),
        **columns,
        "version": 1,
        "created_at": moment,
        "updated_at": moment,
        "deleted_at": None,
    }
    db.insert(model, [row])
    revisions.created(model, [row], actor=actor)
    entity = model(**row)
    entity.index_names()
    return entity


def add(model: type[Entity], draft: dict[str, Any], *, actor: str, on_duplicate: str) -> tuple[Entity, bool]:
    """Store a new entity as `on_duplicate` says of namesakes; the entity, and whether it is new. Raises Duplicate."""
    namesakes = [] if on_duplicate == "allow" else model.called(draft["name"])
    if on_duplicate == "skip":
        namesakes += [
            each
            for column in model.identifiers
            if (value := draft.get(column))
            for each in model.identified(column, value)
        ]
        namesakes = [each for each in namesakes if not each.differs(draft)]
    if not namesakes:
        return create(model, draft, actor=actor), True
    known = next((each for each in namesakes if _same(each, draft)), namesakes[0])
    clear = (len(namesakes) == 1 or _same(known, draft)) and getattr(known, "kind", None) == draft.get("kind")
    if on_duplicate == "skip" and clear:
        return known, False
    raise Duplicate(
        f"“{draft['name']}” is what {known.noun} {known.id} is called already, “{known.name}”. With on_duplicate=skip "
        f"the answer is that {known.noun} if it is the only one and of this kind, with allow another is stored.",
        pointer="/name",
        existing=known.url_path,
    )


def _same(entity: Entity, draft: dict[str, Any]) -> bool:
    """Whether an identifier says that it is the one."""
    return any(entity.shares(column, draft.get(column)) for column in entity.identifiers)


def change(entity: Entity, values: dict[str, Any], *, actor: str, expected: Collection[int] | None = None) -> Entity:
    """Write `values`, some of the fields; the entity as it then is. Values that are there already change nothing.

    Raises PreconditionFailed, or Duplicate if an identifier is another's.
    """
    entity.require(expected)
    columns = entity.columns({"name": entity.name, **values})
    changes = {name: value for name, value in columns.items() if getattr(entity, name) != value}
    if not changes:
        return entity
    _check_identifiers(type(entity), changes, besides=entity.id)
    revisions.revise(entity, "update", actor=actor, before=document(entity))
    entity.bump(changes)
    changed = type(entity).find(entity.id)
    changed.index_names()
    return changed


def delete(entity: Entity, *, actor: str, expected: Collection[int] | None = None) -> None:
    """Delete softly. Raises PreconditionFailed, or Conflict while a statement refers to it."""
    entity.require(expected)
    for reference in _REFERRING[type(entity)]:
        naming = reference.model.select().where(reference == entity.id).first()
        if naming is not None:
            example = naming.id if isinstance(naming, Statement) else naming.statement_id
            raise Conflict(
                f"{entity.noun.capitalize()} {entity.id} cannot be deleted: statements name it, such as the example.",
                example=f"{Statement.path}/{example}",
            )
    revisions.revise(entity, "delete", actor=actor, before=document(entity))
    entity.bump({"deleted_at": now()})
    entity.forget_names()


def restore(entity: Entity, *, actor: str, expected: Collection[int] | None = None) -> Entity:
    """Undo a deletion; an entity that is not deleted stays as it is. Raises PreconditionFailed or Duplicate."""
    entity.require(expected)
    if entity.deleted_at is None:
        return entity
    _check_identifiers(
        type(entity), {column: getattr(entity, column) for column in entity.identifiers}, besides=entity.id
    )
    revisions.revise(entity, "restore", actor=actor, before=document(entity))
    entity.bump({"deleted_at": None})
    restored = type(entity).find(entity.id)
    restored.index_names()
    return restored


def _check_identifiers(model: type[Entity], columns: dict[str, Any], *, besides: int = 0) -> None:
    """Name the holder of an identifier that is taken. The unique index would refuse it too, but knows no name."""
    for column in model.identifiers:
        value = columns.get(column)
        for holder in model.identified(column, value) if value else ():
            if holder.id != besides:
                raise Duplicate(
                    f"{column} {value} belongs to {model.noun} {holder.id}, “{holder.name}”.",
                    pointer=f"/{column}",
                    existing=holder.url_path,
                )
