"""From what people call someone to the one entity that is meant, never by guessing between two.

A write names exactly: a name, an alias or an identifier, compared by its folded form. A read may also use
some of the words of a name ("peskov"), as long as only one entity has them all. Who fits several is
Ambiguous; who is nobody is Invalid in a read, and near names are suggested (ranked by RapidFuzz).
"""

from collections.abc import Iterable
from typing import Any

import peewee
from rapidfuzz import fuzz, process

from schemas.folding import name_key
from schemas.names import looks_like_id
from service.errors import Ambiguous, DomainError, Invalid
from service.models import Entity
from service.models.base import tuples

_MOST_CANDIDATES = 10
_MOST_NEAR = 5
_NEAR_POOL = 2000  # words looked at for a suggestion: an answer to a typing error must stay cheap
_NEAR_SCORE = 70  # of 100


def ids(model: type[Entity], texts: Iterable[str]) -> list[int]:
    """The ids of the entities that a query names, by id, name, alias, identifier or words of a name.

    Raises Invalid with suggestions if one is nobody's, Ambiguous if it is several entities'.
    """
    found: list[int] = []
    errors: list[dict[str, Any]] = []
    for text in texts:
        try:
            found.append(_id(model, text))
        except Invalid as invalid:
            errors += invalid.members["errors"]
    if errors:
        raise Invalid(errors)
    return found


def _id(model: type[Entity], text: str) -> int:
    if looks_like_id(text) and model.live().where(model.id == int(text)).exists():
        return int(text)
    names = model.names
    found = names.select(names.entity).where(names.key == name_key(text), names.kind != "word").distinct()
    limit = _MOST_CANDIDATES + 1  # one more than is shown tells that there are more
    matches = [row[0] for row in tuples(found.order_by(names.entity).limit(limit))]
    matches = matches or [row[0] for row in tuples(words_query(model, text).limit(limit))]
    if not matches:
        raise unknown(model, text)
    if len(matches) > 1:
        raise ambiguous(model, text, model.live().where(model.id.in_(matches)).order_by(model.id))
    return int(matches[0])


def words_query(model: type[Entity], text: str) -> Any:
    """A query for the ids of the entities that have all words of `text` in their names."""
    words, names = set(name_key(text).split()), model.names
    return (
        names.select(names.entity)
        .where(names.kind == "word", names.key.in_(sorted(words)))
        .group_by(names.entity)
        .having(peewee.fn.COUNT(names.key.distinct()) == len(words))
        .order_by(names.entity)
    )


def near(model: type[Entity], text: str) -> list[dict[str, Any]]:
    """Entities whose names look like `text`, best first: those that share the beginning of a word with it."""
    names = model.names
    starts = {word[:2] for word in name_key(text).split()}
    alike = [(names.key >= start) & (names.key < start + "\U0010ffff") for start in sorted(starts)]
    clause = alike[0]
    for each in alike[1:]:
        clause = clause | each
    words = names.select(names.entity).where(names.kind == "word", clause).limit(_NEAR_POOL)
    pool = [row[0] for row in tuples(words)]
    known = list(model.live().where(model.id.in_(sorted(set(pool)))))
    spelt = {(index, name): name_key(name) for index, each in enumerate(known) for name in (each.name, *each.aliases)}
    ranked = process.extract(name_key(text), spelt, scorer=fuzz.WRatio, score_cutoff=_NEAR_SCORE, limit=_MOST_NEAR * 3)
    best = dict.fromkeys(index for _, _, (index, _) in ranked)
    return [candidate(known[index]) for index in list(best)[:_MOST_NEAR]]


def candidate(entity: Entity) -> dict[str, Any]:
    """An entity as an error shows it, so that the reader can choose."""
    return {
        "id": entity.id,
        "name": entity.name,
        **{column: value for column in ("kind", *entity.identifiers) if (value := getattr(entity, column, None))},
        "href": entity.url_path,
    }


def unknown(model: type[Entity], text: str) -> Invalid:
    """Nobody is called so; who is called nearly so."""
    suggestions = near(model, text)
    hint = " Near names: " + ", ".join(each["name"] for each in suggestions) + "." if suggestions else ""
    return Invalid([{"pointer": "", "detail": f"No {model.noun} is called “{text}”.{hint}", "near": suggestions}])


def ambiguous(model: type[Entity], text: str, candidates: Iterable[Entity]) -> DomainError:
    """Several are called so; if they are very many, the first of them are named."""
    listed = [candidate(entity) for entity in candidates]
    many = len(listed) > _MOST_CANDIDATES
    count = f"more than {_MOST_CANDIDATES}" if many else len(listed)
    return Ambiguous(
        f"“{text}” fits {count} {model.path.rsplit('/', 1)[1]}: use the id of one.",
        candidates=listed[:_MOST_CANDIDATES],
    )
