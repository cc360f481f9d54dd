"""Speakers, agencies and outlets: one implementation, three tables.

An entity's row is its document. `*_name` holds every way it is found: its name, aliases and identifiers
whole, and the single words of its names, all under the folded form that ignores case, accents and
punctuation. The next kind of named entity is two classes here and one entry in `ENTITIES`.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar, Self

import peewee

from schemas.folding import name_key
from service import db
from service.models.base import Base, JsonList, Versioned


class EntityName(Base):
    """One way to find an entity: `kind` is name, alias, identifier or word."""

    entity: peewee.ForeignKeyField[Any]
    key = peewee.TextField()
    kind = peewee.TextField()

    class Meta:
        primary_key = False


class Entity(Versioned):
    """A named entity."""

    name = peewee.TextField()
    name_key = peewee.TextField()
    aliases = JsonList()
    wikidata = peewee.TextField(null=True)
    description = peewee.TextField(null=True)
    country = peewee.TextField(null=True)
    homepage = peewee.TextField(null=True)

    names: ClassVar[type[EntityName]]
    # Columns that tell one entity from another of the same name; each is unique among the living.
    identifiers: ClassVar[tuple[str, ...]] = ("wikidata",)

    @staticmethod
    def columns(draft: dict[str, Any]) -> dict[str, Any]:
        """A draft's fields with those derived from them."""
        return {**draft, "name_key": name_key(draft["name"])}

    def shares(self, column: str, value: str | None) -> bool:
        """Whether its identifier in `column` is `value`, however that is spelt."""
        own = getattr(self, column)
        return bool(own and value) and name_key(own) == name_key(str(value))

    def differs(self, values: Mapping[str, Any]) -> bool:
        """Whether an identifier in `values` tells that another entity is meant."""
        given = (column for column in self.identifiers if values.get(column) and getattr(self, column))
        return any(not self.shares(column, values[column]) for column in given)

    @classmethod
    def called(cls, name: str) -> list[Self]:
        """The living entities of which `name` is a name, an alias or an identifier, however it is spelt."""
        names = cls.names
        keyed = names.select(names.entity).where(names.key == name_key(name), names.kind != "word")
        return list(cls.live().where(cls.id.in_(keyed)).order_by(cls.id))

    @classmethod
    def identified(cls, column: str, value: str) -> list[Self]:
        """The living entities whose identifier in `column` is `value`, however that is spelt."""
        return [entity for entity in cls.called(value) if entity.shares(column, value)]

    def index_names(self) -> None:
        """Make the entity found by what it is called now, and by nothing else."""
        self.forget_names()
        called = [self.name, *self.aliases]
        keys = {"name": [self.name_key], "alias": [name_key(alias) for alias in self.aliases]}
        keys["identifier"] = [name_key(value) for column in self.identifiers if (value := getattr(self, column))]
        keys["word"] = [word for name in called for word in name_key(name).split()]
        db.insert(
            self.names,
            [
                {"entity_id": self.id, "key": key, "kind": kind}
                for kind, found in keys.items()
                for key in dict.fromkeys(found)
            ],
        )

    def forget_names(self) -> None:
        """Let the entity be found by no name."""
        self.names.delete().where(self.names.entity == self.id).execute()


class Speaker(Entity):
    """Who says something."""

    kind = peewee.TextField()
    noun, path = "speaker", "/v1/speakers"


class SpeakerName(EntityName):
    """How a speaker is found."""

    entity = peewee.ForeignKeyField(Speaker, constraint_name="speaker_name_entity_fk", lazy_load=False, index=False)


class Agency(Entity):
    """Who carries it."""

    code = peewee.TextField(null=True)
    noun, path = "agency", "/v1/agencies"
    identifiers = ("wikidata", "code")


class AgencyName(EntityName):
    """How an agency is found."""

    entity = peewee.ForeignKeyField(Agency, constraint_name="agency_name_entity_fk", lazy_load=False, index=False)


class Outlet(Entity):
    """Who prints or airs it."""

    domain = peewee.TextField(null=True)
    noun, path = "outlet", "/v1/outlets"
    identifiers = ("wikidata", "domain")


class OutletName(EntityName):
    """How an outlet is found."""

    entity = peewee.ForeignKeyField(Outlet, constraint_name="outlet_name_entity_fk", lazy_load=False, index=False)


Speaker.names, Agency.names, Outlet.names = SpeakerName, AgencyName, OutletName
ENTITIES: tuple[type[Entity], ...] = (Speaker, Agency, Outlet)
for _model in ENTITIES:
    _table = _model._meta.table_name
    _model.add_index(_model.name_key, _model.id, name=f"{_table}_name_key", where=_model.deleted_at.is_null())
    _model.add_index(_model.updated_at, _model.id, name=f"{_table}_updated", where=_model.deleted_at.is_null())
    for _column in _model.identifiers:
        _field = _model._meta.fields[_column]
        _model.add_index(_field, name=f"{_table}_{_column}_unique", unique=True, where=_model.deleted_at.is_null())
    _model.names.add_index(_model.names.key, _model.names.entity, name=f"{_table}_name_key_entity")
    _model.names.add_index(_model.names.entity, name=f"{_table}_name_entity")
