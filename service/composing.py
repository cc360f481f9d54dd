"""From a draft to the columns of a statement and of its printings, by way of the entities that it names."""

from collections.abc import Iterable, Mapping
from typing import Any

from schemas.folding import name_key
from schemas.statements import SOURCELESS, SOURCES
from service.errors import Conflict, DomainError, Invalid
from service.labels import Label
from service.models import Agency, Entity, Outlet, Speaker, Statement
from service.models.base import tuples
from service.models.statements import PRINTED, described, printed
from service.references import Names

REFERENCES: dict[str, type[Entity]] = {
    "speaker": Speaker,
    "on_behalf_of": Speaker,
    "agency": Agency,
    "outlet": Outlet,
}
OWN = ("text", "language", "kind", "role", "date", "event", "place", "topics", "prefix", "suffix", "ref")
# As `translation_of` of a draft: what is stored stays, and a new statement gets none yet.
UNDECIDED = object()


# An entity that a draft makes, if None, or gives an identifier; and how the draft refers to it.
_Change = tuple[Entity | None, Mapping[str, Any]]


class Composer:
    """Reads what some drafts refer to, then turns each into columns. Lives for one transaction."""

    def __init__(self, names: Names) -> None:
        self.names = names
        self._originals: dict[int | str | Label, int] = {}

    def prime(self, drafts: Iterable[Mapping[str, Any]]) -> None:
        """Read everything that `drafts` refer to, with one query a question."""
        drafts = list(drafts)
        self.names.prime((model, reference) for draft in drafts for _, _, model, reference in _pointed(draft))
        wanted = (draft["translation_of"] for draft in drafts)
        self._originals = _read_originals([each for each in wanted if isinstance(each, int | str)])

    def find(self, draft: Mapping[str, Any], stored: Statement | None = None) -> dict[str, Entity | None]:
        """The entities that a draft names, by JSON pointer; None where one is yet to be made.

        Among namesakes, those that the `stored` statement names win. Raises what is wrong, all of it if Invalid.
        """
        found: dict[str, Entity | None] = {}
        changing: dict[type[Entity], list[_Change]] = {}
        errors = []
        for pointer, name, model, reference in _pointed(draft):
            try:
                found[pointer] = self.names.find(model, reference, hint=_hint(stored, name))
            except Invalid as invalid:
                errors += [{**error, "pointer": pointer + error["pointer"]} for error in invalid.members["errors"]]
            except DomainError as error:
                error.members["pointer"] = pointer + error.members.get("pointer", "")
                raise
            else:
                _check_alike(model, changing.setdefault(model, []), (found[pointer], reference), pointer)
        if not any(draft[source] for source in SOURCES):
            errors.append({"pointer": "/agency", "detail": SOURCELESS})
        if reason := self._misses_original(draft, stored):
            errors.append({"pointer": "/translation_of", "detail": reason})
        if errors:
            raise Invalid(errors)
        return found

    def original(self, draft: Mapping[str, Any], stored: Statement | None = None) -> int | None:
        """The id of the statement that a draft, which `find` had no fault to find with, translates."""
        wanted = draft["translation_of"]
        if wanted is UNDECIDED:
            return stored.translation_of_id if stored else None
        return None if wanted is None else self._originals[wanted]

    def _misses_original(self, draft: Mapping[str, Any], stored: Statement | None) -> str | None:
        wanted = draft["translation_of"]
        if wanted is None or wanted is UNDECIDED:
            return None
        original = self._originals.get(wanted)
        if original is None:
            return _missing(wanted)
        seen: set[int] = set()
        while stored is not None and original and original not in seen:
            if original == stored.id:
                return "A statement is no translation of itself, not even by way of others."
            seen.add(original)
            original = Statement.select(Statement.translation_of).where(Statement.id == original).scalar()
        return None

    def knows(self, name: str | Label, id_: int) -> None:
        """Note a statement that was stored since `prime`, by its ref or by its id in the file."""
        self._originals[name] = id_

    def columns(
        self, draft: Mapping[str, Any], original: int | None, stored: Statement | None = None
    ) -> dict[str, Any]:
        """A statement's own columns, those of its first printing aside. Makes the entities that are missing."""
        who = {f"{name}_id": self._id(name, draft, stored) for name in ("speaker", "on_behalf_of")}
        return {
            **{name: draft[name] for name in OWN},
            **who,
            "translation_of_id": original,
            **described(draft),
        }

    def printings(self, draft: Mapping[str, Any], stored: Statement | None = None) -> list[dict[str, Any]]:
        """The columns of each printing of a draft, the flat one first. Makes the entities that are missing."""
        others = draft.get("other_appearances", ())
        return [self._printing(draft, stored), *(self._printing(each, None) for each in others)]

    def _printing(self, draft: Mapping[str, Any], stored: Statement | None) -> dict[str, Any]:
        return printed({**draft, **{f"{name}_id": self._id(name, draft, stored) for name in SOURCES}})

    def _id(self, name: str, draft: Mapping[str, Any], stored: Statement | None) -> int | None:
        reference = draft[name]
        return self.names.make(REFERENCES[name], reference, hint=_hint(stored, name)).id if reference else None


def as_draft(statement: Statement) -> dict[str, Any]:
    """The draft that would make a stored statement what it is."""
    references = {name: getattr(statement, f"{name}_id") for name in REFERENCES}
    return {
        **{name: getattr(statement, name) for name in (*OWN, *PRINTED) if not name.endswith("_id")},
        **{name: {"id": id_} if id_ else None for name, id_ in references.items()},
        "translation_of": UNDECIDED,
    }


def _hint(stored: Statement | None, name: str) -> int | None:
    return getattr(stored, f"{name}_id") if stored is not None else None


def _pointed(draft: Mapping[str, Any]) -> Iterable[tuple[str, str, type[Entity], Mapping[str, Any]]]:
    """Each reference in a draft: its JSON pointer, its field, its model, and what is given."""
    for name, model in REFERENCES.items():
        if draft[name]:
            yield f"/{name}", name, model, draft[name]
    for index, appearance in enumerate(draft.get("other_appearances", ())):
        for name in SOURCES:
            if appearance[name]:
                yield f"/other_appearances/{index}/{name}", name, REFERENCES[name], appearance[name]


def _check_alike(model: type[Entity], others: list[_Change], change: _Change, pointer: str) -> None:
    """Refuse a draft that brings one new name, or one new identifier, for two; note the change that it makes.

    Made one after the other, the second would meet the first and be refused too late.
    """
    entity, reference = change
    gained = [column for column in model.identifiers if reference.get(column)]
    if entity is not None and all(getattr(entity, column) is not None for column in gained):
        return
    for known, other in others if "label" not in reference else ():
        if known is not None and entity is not None and known.id == entity.id:
            continue
        one, two = ({"kind": "person", **each} for each in (other, reference))
        both_new_and_alike = known is entity is None and name_key(one["name"]) == name_key(two["name"])
        differ = any(one[name] != two[name] for name in one.keys() & two.keys() - {"name"})
        if differ if both_new_and_alike else any(one.get(column) == two[column] for column in gained):
            names = " and ".join(f"“{each.get('name', each.get('id'))}”" for each in (one, two))
            raise Conflict(f"{names} cannot be told apart here: store them first, and use their ids.", pointer=pointer)
    others.append(change)


def _missing(original: int | str | Label) -> str:
    if isinstance(original, Label):
        return f"No row of this file with the id {original.id} was stored."
    what = f"statement {original}" if isinstance(original, int) else f"statement with the ref “{original}”"
    return f"There is no {what}."


def _read_originals(wanted: list[int | str]) -> dict[int | str | Label, int]:
    if not wanted:
        return {}
    numbers = [each for each in wanted if isinstance(each, int)]
    refs = [each for each in wanted if isinstance(each, str)]
    query = Statement.select(Statement.id, Statement.ref).where(
        Statement.id.in_(numbers) | Statement.ref.in_(refs), Statement.deleted_at.is_null()
    )
    found: dict[int | str | Label, int] = {}
    for id_, ref in tuples(query):
        found |= {id_: id_, ref: id_}
    return found
