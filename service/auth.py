"""Who is asking, and whether they may: `Authorization: Bearer vbt_…` against the scope that a route names."""

from typing import Final

from flask import request

from service import db
from service.errors import Busy, Forbidden, Unauthorized
from service.models import ApiKey

PUBLIC: Final = "public"
READ: Final = "read"
WRITE: Final = "write"
NEEDS = (PUBLIC, READ, WRITE, "review", "admin")


def authenticate(needs: str, *, public_read: bool) -> ApiKey | None:
    """The key of the request, allowed to do what `needs` names; None if it has none and needs none.

    Where a key may be needed, one that is given must be in force even if it is not. Raises Unauthorized or Forbidden.
    """
    if needs == PUBLIC:
        return None
    key = _key()
    free = needs == READ and public_read
    if key is None and not free:
        raise Unauthorized(f"A key with the scope {needs} is needed: Authorization: Bearer vbt_…")
    if key is not None and not free and not key.may(needs):
        raise Forbidden(f"The key “{key.name}” has {', '.join(key.scopes)}, not the scope {needs}.")
    return key


def note_use(key: ApiKey) -> None:
    """Keep the last use of a key, if that does not mean waiting for another writer."""
    if not key.used_this_minute:
        try:
            with db.writing(wait=False):
                key.touch()
        except Busy:
            return


def _key() -> ApiKey | None:
    header = request.headers.get("Authorization")
    if header is None:
        return None
    scheme, _, secret = header.partition(" ")
    if scheme.lower() != "bearer" or not secret.strip():
        raise Unauthorized("The Authorization header must be: Bearer vbt_…")
    key = ApiKey.holding(secret.strip())
    if key is None:
        raise Unauthorized("This key is not in force: it is misspelt, expired or revoked.")
    return key
