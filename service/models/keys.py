"""API keys: who may do what. The secret is shown once and stored as a hash."""

from __future__ import annotations

import secrets
from hashlib import sha256
from typing import Self

import peewee

from schemas.instants import now
from schemas.names import looks_like_id
from service.errors import Invalid
from service.models.base import Base, JsonList

SCOPES = ("read", "write", "review", "admin")
_PREFIX = "vbt_"


class ApiKey(Base):
    """A key. `name` says whose it is, and is the actor in the history of what is done with it."""

    id = peewee.BigIntegerField(primary_key=True)
    name = peewee.TextField()
    hash = peewee.TextField()
    scopes = JsonList()
    created_at = peewee.TextField()
    expires_at = peewee.TextField(null=True)
    last_used_at = peewee.TextField(null=True)
    revoked_at = peewee.TextField(null=True)

    @classmethod
    def issue(cls, name: str, scopes: list[str], *, expires_at: str | None = None) -> str:
        """Make a key and return its secret, which is not stored. Raises Invalid if the name is in use."""
        if cls.select().where(cls.name == name, cls.revoked_at.is_null()).exists():
            raise Invalid([], f"There is a key named {name!r} already: revoke it, or choose another name.")
        secret = _PREFIX + secrets.token_urlsafe(32)
        cls.insert(
            id=cls.next_id(),
            name=name,
            hash=_hash(secret),
            scopes=scopes,
            created_at=now(),
            expires_at=expires_at,
        ).execute()
        return secret

    @classmethod
    def holding(cls, secret: str) -> Self | None:
        """The key with this secret, if it is in force."""
        key = cls.select().where(cls.hash == _hash(secret), cls.revoked_at.is_null()).get_or_none()
        return None if key is None or (key.expires_at and key.expires_at <= now()) else key

    @classmethod
    def revoke(cls, name: str) -> bool:
        """End the key of that name, else the key of that id; whether there was one in force."""
        ending = cls.update(revoked_at=now())
        in_force = cls.revoked_at.is_null()
        if not name.isprintable():
            return False
        if ending.where(cls.name == name, in_force).execute():
            return True
        return looks_like_id(name) and bool(ending.where(cls.id == int(name), in_force).execute())

    def may(self, scope: str) -> bool:
        """Whether the key has `scope`: every key may read, and admin may all."""
        return scope == "read" or scope in self.scopes or "admin" in self.scopes

    @property
    def used_this_minute(self) -> bool:
        """Whether the last use is kept already: to the minute, so that most requests write nothing."""
        return (self.last_used_at or "")[:16] == now()[:16]

    def touch(self) -> None:
        """Keep this moment as the last use."""
        ApiKey.update(last_used_at=now()).where(ApiKey.id == self.id).execute()


ApiKey.add_index(ApiKey.hash, name="api_key_hash_unique", unique=True)


def _hash(secret: str) -> str:
    # The secret has 256 random bits: there is nothing to guess, so a plain hash is enough.
    return sha256(secret.encode("utf-8", "surrogateescape")).hexdigest()
