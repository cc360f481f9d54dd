"""What belongs to this database as a whole, and is shared by every process that serves it."""

import peewee

from service.models.base import Base


class Installation(Base):
    """A name and a value, made when the database is made."""

    name = peewee.TextField(primary_key=True)
    value = peewee.TextField()


def cursor_secret() -> str:
    """The secret that cursors are signed with."""
    return str(Installation.get_by_id("cursor_secret").value)
