"""The database: one process, one database, and all that differs between SQLite and PostgreSQL in connecting,
locking and loading.

Writers go one at a time on both engines (SQLite by `BEGIN IMMEDIATE`, PostgreSQL by an advisory lock), so
that ids and revision numbers are given in the order of the commits and no reader of them ever misses one.
"""

import re
import sqlite3
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import peewee
from playhouse.pool import PooledPostgresqlDatabase, PooledSqliteDatabase

from service.errors import Busy, Misconfigured
from service.settings import Settings

proxy = peewee.DatabaseProxy()

_SQLITE, _POSTGRES = "sqlite:///", ("postgresql://", "postgres://")
_WRITERS_LOCK = 0x7665726261746D  # "verbatm": the advisory lock that a PostgreSQL writer holds


class _Sqlite(PooledSqliteDatabase):
    """One file in WAL mode; an acknowledged write is on disk."""

    @contextmanager
    def begin_writing(self, *, wait: bool) -> Iterator[None]:
        patience = int(self._timeout * 1000) if wait else 0
        self.execute_sql(f"PRAGMA busy_timeout = {patience}")
        with self.atomic("IMMEDIATE"):
            yield


class _Postgres(PooledPostgresqlDatabase):
    """PostgreSQL through psycopg 3."""

    @contextmanager
    def begin_writing(self, *, wait: bool) -> Iterator[None]:
        with self.atomic():
            if wait:
                self.execute_sql("SELECT pg_advisory_xact_lock(%s)", (_WRITERS_LOCK,))
            elif not self.execute_sql("SELECT pg_try_advisory_xact_lock(%s)", (_WRITERS_LOCK,)).fetchone()[0]:
                raise Busy("Another write is under way.")
            yield


def connect(settings: Settings) -> peewee.Database:
    """Bind the process to the database that `settings` names; opens no connection yet, makes no file."""
    if proxy.obj is not None:
        proxy.obj.close_all()
    url = settings.database_url
    if url.startswith(_SQLITE):
        database: peewee.Database = _Sqlite(
            sqlite_path(url).absolute().as_uri() + "?mode=rw",
            uri=True,
            timeout=settings.lock_seconds,
            check_same_thread=False,
            max_connections=settings.pool_size,
            pragmas={"journal_mode": "wal", "synchronous": "full", "foreign_keys": 1, "cache_size": -8_000},
        )
    elif url.startswith(_POSTGRES):
        database = _Postgres(
            "postgresql://" + url.partition("://")[2],
            prefer_psycopg3=True,
            max_connections=settings.pool_size,
            timeout=settings.lock_seconds,
            options=f"-c lock_timeout={settings.lock_seconds}s -c timezone=UTC -c client_min_messages=warning",
        )
    else:
        raise Misconfigured(f"VERBATIM_DATABASE_URL must begin with {_SQLITE} or {_POSTGRES[0]}.")
    proxy.initialize(database)
    return database


def sqlite_path(url: str) -> Path:
    """The file of an SQLite URL: `sqlite:///verbatim.db` is relative, `sqlite:////srv/verbatim.db` absolute."""
    name = url.removeprefix(_SQLITE)
    if not name or name.startswith(":memory:"):
        raise Misconfigured("VERBATIM_DATABASE_URL must name a file: an SQLite database in memory is lost on exit.")
    return Path(name)


def described(settings: Settings) -> str:
    """The database as a message may name it: without a password."""
    return re.sub(r"//[^@/]*@", "//…@", settings.database_url)


def create_file(settings: Settings) -> Path | None:
    """Make the SQLite file if there is none: the file made, else None."""
    if not settings.database_url.startswith(_SQLITE):
        return None
    path = sqlite_path(settings.database_url)
    if path.exists():
        return None
    try:
        sqlite3.connect(path).close()
        path.touch()
    except (sqlite3.Error, OSError) as error:
        raise Misconfigured(f"Cannot make the database {path}: {error}.") from None
    return path


def is_sqlite() -> bool:
    """Whether the bound database is SQLite."""
    return isinstance(proxy.obj, peewee.SqliteDatabase)


@contextmanager
def writing(*, wait: bool = True) -> Iterator[None]:
    """One write transaction, the only one at a time. Raises Busy if the writer before it takes too long.

    Without `wait`, any writer before it is too long.
    """
    try:
        with proxy.connection_context(), proxy.obj.begin_writing(wait=wait):
            yield
    except peewee.OperationalError as error:
        if is_lock_timeout(error):
            raise Busy("Another write is taking long: try again.") from error
        raise


@contextmanager
def rehearsing() -> Iterator[None]:
    """A write transaction that is always undone."""
    with writing(), proxy.atomic() as savepoint:
        yield
        savepoint.rollback()


def is_lock_timeout(error: peewee.PeeweeException) -> bool:
    """Whether `error` says that a lock was not to be had in time."""
    return type(getattr(error, "orig", None)).__name__ == "LockNotAvailable" or "database is locked" in str(error)


def violated(error: peewee.IntegrityError) -> str:
    """The name of the violated constraint; on SQLite, where an index is not named, its columns with commas."""
    if diagnosis := getattr(getattr(error, "orig", None), "diag", None):
        return str(diagnosis.constraint_name)
    return re.sub(r"\w+\.", "", str(error).partition("failed: ")[2]).replace(", ", ",")


def insert(model: type[peewee.Model], rows: Sequence[dict[str, Any]]) -> None:
    """Store `rows`, dicts of column names with the same keys, with one prepared statement.

    peewee's `insert_many` builds its SQL anew for every row, which takes longer than storing it.
    """
    if not rows:
        return
    quoted = ", ".join(f'"{name}"' for name in rows[0])
    marks = ", ".join([proxy.obj.param] * len(rows[0]))
    sql = f'INSERT INTO "{model._meta.table_name}" ({quoted}) VALUES ({marks})'  # noqa: S608 - names are the model's
    convert = [model._meta.columns[name].db_value for name in rows[0]]
    values = [[to_db(value) for to_db, value in zip(convert, row.values(), strict=True)] for row in rows]
    with peewee.__exception_wrapper__:  # type: ignore[attr-defined]
        proxy.obj.cursor().executemany(sql, values)


def chunks(items: Iterable[Any], size: int) -> Iterator[list[Any]]:
    """`items` in lists of at most `size`."""
    chunk: list[Any] = []
    for item in items:
        chunk.append(item)
        if len(chunk) == size:
            yield chunk
            chunk = []
    if chunk:
        yield chunk
