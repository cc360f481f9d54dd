"""The entities that documents refer to: found by exactly what is given, or else made.

A reference is a dict as `schemas.names.Reference` loads it: `id` or `name`, and what identifies the entity.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from typing import Any

from schemas.folding import name_key
from service import register
from service.errors import Conflict, Invalid
from service.labels import Labels
from service.models import ENTITIES, Entity
from service.naming import ambiguous, candidate, unknown

_IN_ONE_QUERY = 500

Reference = Mapping[str, Any]


class Names:
    """Finds, or else makes, the entities that documents refer to; remembers them for one transaction.

    `strict` makes an unknown name an error. A reference may carry `label`, the id that the exporting
    database gave to the entity: two labels are two entities, even of one name.
    """

    def __init__(self, *, actor: str, strict: bool = False, labels: Labels | None = None) -> None:
        self.actor, self.strict, self.labels = actor, strict, labels
        self._by_key: dict[tuple[type[Entity], str], list[Entity]] = {}
        self._by_id: dict[tuple[type[Entity], int], Entity | None] = {}

    def prime(self, references: Iterable[tuple[type[Entity], Reference]]) -> None:
        """Read everything that `references` may mean, in one query a kind and not one a reference."""
        keys: dict[type[Entity], set[str]] = defaultdict(set)
        ids: dict[type[Entity], set[int]] = defaultdict(set)
        for model, reference in references:
            keys[model].update(key for key in _keys(model, reference) if (model, key) not in self._by_key)
            ids[model].update(known for known in self._ids(model, reference) if (model, known) not in self._by_id)
        for model in ENTITIES:
            self._read_keys(model, sorted(keys[model]))
            self._read_ids(model, sorted(ids[model]))

    def find(self, model: type[Entity], reference: Reference, *, hint: int | None = None) -> Entity | None:
        """The entity meant, or None if it is yet to be made.

        `hint` is the id of the one that the document referred to so far: it wins among namesakes.
        Raises Invalid, Ambiguous or Conflict.
        """
        if any((model, key) not in self._by_key for key in _keys(model, reference)) or "id" in reference:
            self.prime([(model, reference)])
        if (known := reference.get("id")) is not None:
            return self._checked(model, known, reference)
        if self.labels and (labelled := self.labels.get(model, reference)):
            if (model, labelled) not in self._by_id:
                self._read_ids(model, [labelled])
            return self._by_id[model, labelled]
        identified = self._identified(model, reference)
        if identified is not None:
            return self._confirmed(identified, reference)
        fitting = [each for each in self._named(model, reference["name"]) if _may_be(each, reference)]
        if self.labels:
            fitting = self.labels.unclaimed(model, reference, fitting)
        if not fitting and self.strict:
            raise unknown(model, reference["name"])
        return _chosen(fitting, reference, hint) if fitting else None

    def make(self, model: type[Entity], reference: Reference, *, hint: int | None = None) -> Entity:
        """The entity meant, made if there is none, and given the identifiers that it lacked."""
        found = self.find(model, reference, hint=hint)
        given = {name: reference[name] for name in model.identifiers if reference.get(name)}
        if found is None:
            kind = {"kind": reference.get("kind", "person")} if hasattr(model, "kind") else {}
            found = register.create(model, {"name": reference["name"], **kind, **given}, actor=self.actor)
            self._remember(model, found)
        elif lacking := {name: value for name, value in given.items() if getattr(found, name) is None}:
            found = register.change(found, lacking, actor=self.actor)
            self._remember(model, found)
        if self.labels:
            self.labels.claim(model, reference, found.id)
        return found

    def _remember(self, model: type[Entity], entity: Entity) -> None:
        self._by_id[model, entity.id] = entity
        identifiers = {column: getattr(entity, column) for column in model.identifiers}
        for key in {*map(name_key, (entity.name, *entity.aliases)), *_identifier_keys(model, identifiers)}:
            known = self._by_key.setdefault((model, key), [])
            known[:] = [each for each in known if each.id != entity.id] + [entity]

    def _ids(self, model: type[Entity], reference: Reference) -> Iterable[int]:
        if reference.get("id") is not None:
            yield reference["id"]
        if self.labels and (labelled := self.labels.get(model, reference)):
            yield labelled

    def _read_keys(self, model: type[Entity], keys: list[str]) -> None:
        for start in range(0, len(keys), _IN_ONE_QUERY):
            some = keys[start : start + _IN_ONE_QUERY]
            self._by_key.update(((model, key), []) for key in some)
            names = model.names
            query: Any = (
                model.live()
                .select_extend(names.key.alias("found_by"))
                .join(names, on=names.entity == model.id)
                .where(names.key.in_(some), names.kind != "word")
                .order_by(model.id)
                .objects()
            )
            for entity in query:
                known = self._by_key[model, entity.found_by]
                if all(each.id != entity.id for each in known):
                    known.append(entity)

    def _read_ids(self, model: type[Entity], ids: list[int]) -> None:
        for start in range(0, len(ids), _IN_ONE_QUERY):
            some = ids[start : start + _IN_ONE_QUERY]
            self._by_id.update(((model, known), None) for known in some)
            self._by_id.update(((model, each.id), each) for each in model.live().where(model.id.in_(some)))

    def _named(self, model: type[Entity], name: str) -> list[Entity]:
        return self._by_key.get((model, name_key(name)), [])

    def _checked(self, model: type[Entity], known: int, reference: Reference) -> Entity:
        entity = self._by_id[model, known]
        if entity is None:
            raise Invalid([{"pointer": "", "detail": f"There is no {model.noun} {known}."}])
        called = {name_key(name) for name in (entity.name, *entity.aliases)}
        if "name" in reference and name_key(reference["name"]) not in called:
            raise Invalid([{"pointer": "/name", "detail": f"{model.noun.capitalize()} {known} is “{entity.name}”."}])
        holder = self._identified(model, reference)
        if not _may_be(entity, reference) or (holder is not None and holder.id != known):
            raise Conflict(
                f"The identifiers given are not those of {model.noun} {known}.",
                candidates=[candidate(each) for each in (entity, holder) if each is not None],
            )
        return _same_kind(entity, reference)

    def _confirmed(self, identified: Entity, reference: Reference) -> Entity:
        """The entity that an identifier tells, unless the name is another's. Else it is one more spelling."""
        called = self._named(type(identified), reference["name"])
        if called and all(each.id != identified.id for each in called):
            raise Conflict(
                f"The identifier is that of “{identified.name}”, the name is that of another.",
                candidates=[candidate(each) for each in (identified, *called)],
            )
        return _same_kind(identified, reference)

    def _identified(self, model: type[Entity], reference: Reference) -> Entity | None:
        found = {
            entity.id: entity
            for column in model.identifiers
            if reference.get(column)
            for entity in self._by_key.get((model, name_key(reference[column])), [])
            if entity.shares(column, reference[column])
        }
        if len(found) > 1:
            raise Conflict(
                f"The identifiers given belong to {len(found)} different {model.path.rsplit('/', 1)[1]}.",
                candidates=[candidate(entity) for entity in found.values()],
            )
        entity = next(iter(found.values()), None)
        if entity is not None and entity.differs(reference):
            raise Conflict(
                f"One identifier is that of {model.noun} {entity.id}, “{entity.name}”, and another is not.",
                candidates=[candidate(entity)],
            )
        return entity


def _keys(model: type[Entity], reference: Reference) -> Iterable[str]:
    if "name" in reference:
        yield name_key(reference["name"])
    yield from _identifier_keys(model, reference)


def _identifier_keys(model: type[Entity], values: Reference) -> list[str]:
    return [name_key(values[column]) for column in model.identifiers if values.get(column)]


def _may_be(entity: Entity, reference: Reference) -> bool:
    """Whether no identifier tells the two apart."""
    # In an export, kind is stated for every speaker: a person and an organization of one name are two.
    other_kind = "label" in reference and reference.get("kind") not in (None, getattr(entity, "kind", None))
    return not entity.differs(reference) and not other_kind


def _chosen(fitting: list[Entity], reference: Reference, hint: int | None) -> Entity:
    """The one among namesakes. Raises Ambiguous, or Conflict if the only one is of another kind."""
    if len(fitting) > 1:
        wanted, kind = {hint, reference.get("label")}, reference.get("kind")
        fitting = [each for each in fitting if each.id in wanted] or fitting
        fitting = [each for each in fitting if kind in (None, getattr(each, "kind", None))] or fitting
    if len(fitting) > 1:
        raise ambiguous(type(fitting[0]), reference["name"], fitting)
    return _same_kind(fitting[0], reference)


def _same_kind(entity: Entity, reference: Reference) -> Entity:
    if (kind := reference.get("kind")) and kind != entity.kind:  # type: ignore[attr-defined]
        raise Conflict(
            f"“{entity.name}” is stored as {entity.kind}, not {kind}: "  # type: ignore[attr-defined]
            f"correct {entity.noun} {entity.id}, or make another and use its id.",
            candidates=[candidate(entity)],
        )
    return entity
