"""What every table has, and what every aggregate with a history has."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from typing import Any, ClassVar, Self

import orjson
import peewee

from schemas.instants import now
from service import db
from service.errors import Gone, NotFound, PreconditionFailed


class Base(peewee.Model):
    """A table. Ids are given here, under the writers' lock, so that both engines give the same ones without gaps."""

    class Meta:
        database = db.proxy
        legacy_table_names = False

    @classmethod
    def next_id(cls) -> int:
        """The id after the highest; rows are never taken away, so it was never used."""
        key = cls._meta.primary_key
        return int(cls.select(peewee.fn.COALESCE(peewee.fn.MAX(key), 0)).scalar()) + 1


def tuples(query: Any) -> Iterator[tuple[Any, ...]]:
    """The rows of a select as they come from the driver."""
    return iter(query.tuples())


class Versioned(Base):
    """An aggregate that is changed by version and deleted softly."""

    id = peewee.BigIntegerField(primary_key=True)
    version = peewee.BigIntegerField()
    created_at = peewee.TextField()
    updated_at = peewee.TextField()
    deleted_at = peewee.TextField(null=True)

    noun: ClassVar[str]
    path: ClassVar[str]

    @classmethod
    def rows(cls) -> peewee.ModelSelect[Self]:
        """The select that answers are made from: every join that a document needs, in one query."""
        return cls.select()

    @classmethod
    def live(cls) -> peewee.ModelSelect[Self]:
        """`rows` less the deleted."""
        return cls.rows().where(cls.deleted_at.is_null())

    @classmethod
    def find(cls, id_: int, *, deleted: bool = False) -> Self:
        """The aggregate with this id. Raises NotFound, or Gone unless `deleted` ones are wanted."""
        found = cls.rows().where(cls.id == id_).get_or_none()
        if found is None:
            raise NotFound(f"There is no {cls.noun} {id_}.")
        if found.deleted_at and not deleted:
            raise Gone(
                f"{cls.noun.capitalize()} {id_} was deleted on {found.deleted_at}.",
                id=id_,
                version=found.version,
                deleted_at=found.deleted_at,
                restore=f"{found.url_path}/restore",
            )
        return found

    @property
    def url_path(self) -> str:
        """Where it is found."""
        return f"{self.path}/{self.id}"

    @property
    def etag(self) -> str:
        """The opaque part of its ETag, which begins with the version."""
        return str(self.version)

    def require(self, expected: Collection[int] | None) -> None:
        """Raise PreconditionFailed unless the version is among those that the client may be changing."""
        if expected is not None and self.version not in expected:
            raise self._outdated()

    def bump(self, changes: dict[str, Any]) -> None:
        """Write `changes`, a dict of fields, as the next version, if this one still stands.

        Raises PreconditionFailed: the check is part of the UPDATE, so nothing comes between.
        """
        model = type(self)
        changes = {**changes, "version": self.version + 1, "updated_at": now()}
        if not model.update(changes).where(model.id == self.id, model.version == self.version).execute():
            raise self._outdated()

    def _outdated(self) -> PreconditionFailed:
        return PreconditionFailed(
            f"{self.noun.capitalize()} {self.id} is at version {self.version}, not at the one that If-Match names.",
            version=self.version,
        )


class JsonList(peewee.TextField):
    """A list of strings, kept as JSON text beside what indexes it, so that a row is a whole document."""

    def db_value(self, value: Any) -> Any:
        """List to JSON."""
        return None if value is None else orjson.dumps(value).decode()

    def python_value(self, value: Any) -> Any:
        """JSON to list."""
        return None if value is None else orjson.loads(value)
