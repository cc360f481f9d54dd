"""SQLite and PostgreSQL give the same answers, byte for byte, but for the clock and the ids of requests."""

import re
from pathlib import Path

import pytest
from conftest import draft
from engines import ENGINES, database, postgres_server

from service import db, migrations
from service.app import create_app
from service.models import ApiKey
from service.settings import Settings

DEMO = sorted((Path(__file__).parent.parent / "service" / "demo").glob("[1-9]*.ndjson"))
SORTS = [sign + name for name in ("date", "published", "created_at", "updated_at", "id") for sign in ("", "-")]
STEPS = [
    *(("POST", "/v1/import", path.read_bytes()) for path in DEMO),
    *(("GET", f"/v1/statements?limit=7&count=true&sort={sort}", None) for sort in SORTS),
    *(("GET", f"/v1/statements?{query}&limit=200", None) for query in (
        "language=fr,ru,pt", "kind=mixed", "agency=AFP", "since=2024-02&until=2024-02", "speaker=peskov", "topic=diplomatie",
        "place=moscou", "role=porte-parole+du+kremlin", "published_since=2024", "speaker=nobody", "speaker=pes,dmit",
    )),
    *(("GET", f"/v1/{name}?limit=200&sort={sort}", None) for name in ("speakers", "agencies", "outlets") for sort in ("name", "-name")),
    ("GET", "/v1/topics?limit=200", None),
    ("GET", "/v1/statements.ndjson", None),
    ("GET", "/v1/statements.csv?sort=-date", None),
    ("POST", "/v1/statements", draft(speaker={"name": "Ада", "wikidata": "Q1"}, topics=["Ä", "a", "b"])),
    ("POST", "/v1/statements", draft(speaker={"name": "Ада", "wikidata": "Q2"})),
    ("POST", "/v1/statements", draft(speaker="Ада")),
    ("POST", "/v1/statements", draft(speaker={"name": "Ада", "wikidata": "Q1"})),
    ("POST", "/v1/statements?on_duplicate=link", draft(speaker={"name": "Ада", "wikidata": "Q1"}, outlet="Ω")),
    ("PATCH", "/v1/statements/2", {"role": None, "topics": ["x"]}),
    ("DELETE", "/v1/statements/3", None),
    ("GET", "/v1/statements/3", None),
    ("DELETE", "/v1/speakers/1", None),
    ("PATCH", "/v1/speakers/1", {"aliases": ["Ζ", "é", "Z"]}),
    ("GET", "/v1/statements?speaker=ζ&fields=id,version", None),
    ("POST", "/v1/statements/3/restore", None),
    ("GET", "/v1/statements/3", None),
]  # fmt: skip
CLOCK = re.compile(rb"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z|\"request_id\":\"\w{32}\"|cursor=[\w.-]+")


def _answers(engine, folder):
    with database(engine, folder) as url:
        settings = Settings(database_url=url)
        db.create_file(settings)
        db.connect(settings)
        migrations.apply()
        with db.writing():
            headers = {"Authorization": f"Bearer {ApiKey.issue('both', ['write'])}"}
        client = create_app(settings).test_client()
        for method, path, body in STEPS:
            kind = {"data": body, "content_type": "application/x-ndjson"} if isinstance(body, bytes) else {"json": body}
            response = client.open(path, method=method, headers=headers, **(kind if body is not None else {}))
            yield (
                path,
                response.status_code,
                CLOCK.sub(b"", response.data),
                response.headers.get("ETag", "").startswith("W/"),
            )
        db.proxy.obj.close_all()


@pytest.mark.skipif(postgres_server() is None, reason="there is no PostgreSQL to compare with: see the head of the run")
def test_both_databases_answer_alike(tmp_path, installed):
    try:
        sqlite, postgres = (list(_answers(engine, tmp_path)) for engine in ENGINES)
    finally:
        db.connect(installed.settings)
    assert len(sqlite) == len(STEPS)
    for one, other in zip(sqlite, postgres, strict=True):
        assert one == other
        assert one[1] < 500
