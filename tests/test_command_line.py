"""`verbatim` as people type it: keys, import, export, demo, first start; on every database."""

import gzip
import os
import pty
import subprocess
import sys
from pathlib import Path

import orjson
import pytest
from conftest import draft
from engines import database

from service import db
from service.models import ApiKey
from service.settings import Settings

HERE = Path(__file__).parent.parent


class Shell:
    """Runs `verbatim` in a folder and an environment of its own."""

    def __init__(self, folder, url):
        self.folder, self.url = folder, url

    def __call__(self, *arguments, given=b"", status=0, **variables):
        environment = {
            "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}",
            "LANG": "C.UTF-8",
            "VERBATIM_DATABASE_URL": self.url,
            **variables,
        }
        done = subprocess.run(
            ["verbatim", *arguments],
            cwd=self.folder,
            env=environment,
            input=given,
            capture_output=True,
            timeout=60,
            check=False,
        )
        out, err = done.stdout.decode(), done.stderr.decode()
        assert done.returncode == status, (out, err)
        assert "Traceback" not in err
        return out, err


@pytest.fixture
def verbatim(engine, tmp_path):
    with database(engine, tmp_path) as url:
        shell = Shell(tmp_path, url)
        if engine == "postgres":
            shell("migrate")
        yield shell


@pytest.fixture
def lite(tmp_path):
    return Shell(tmp_path, "sqlite:///verbatim.db")


def rows(*drafts):
    return b"".join(orjson.dumps(each) + b"\n" for each in drafts)


def test_a_key_is_printed_alone_and_once_and_only_its_hash_is_kept(verbatim, installed):
    out, _ = verbatim("key", "create", "desk", "--scope", "read,write")
    secret = out.strip()
    assert out == secret + "\n"
    assert secret.startswith("vbt_")
    listed, _ = verbatim("key", "list")
    assert "desk\tread,write" in listed
    assert secret not in listed
    try:
        db.connect(Settings(database_url=verbatim.url))
        with db.proxy.connection_context():
            key = ApiKey.holding(secret)
            assert key.scopes == ["read", "write"]
            assert secret not in str(ApiKey.select().dicts().get())
    finally:
        db.connect(installed.settings)


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["key", "create", "desk", "--scope", "write"], "already"),
        (["key", "create", "other", "--scope", "write,everything"], "everything"),
        (["key", "create", "other", "--scope", ""], "choose from"),
        (["key", "create", " ", "--scope", "write"], "blank"),
        (["key", "create", "other"], "--scope"),
        (["key", "create", "other", "--scope", "read", "--expires", "soon"], "Not a date"),
        (["key", "revoke", "nobody"], "no key"),
        (["import", "missing.ndjson"], "does not exist"),
        (["import", "-"], "--format"),
        (["export", "speaker=nobody"], "No speaker is called"),
        (["export", "langage=fr"], "langage: Unknown"),
        (["export", "since=2025-13"], "since"),
        (["serve", "--port", "0"], "--port"),
    ],
)
def test_a_mistake_is_told_in_a_line(lite, arguments, said):
    lite("key", "create", "desk", "--scope", "read")
    _, err = lite(*arguments, status=1 if said in ("already", "no key", "No speaker is called") else 2)
    assert said in err


def test_a_revoked_and_an_expired_key_end(verbatim):
    verbatim("key", "create", "desk", "--scope", "write")
    verbatim("key", "create", "old", "--scope", "write", "--expires", "2001-01-01")
    verbatim("key", "revoke", "desk")
    listed, _ = verbatim("key", "list")
    assert [line.split("\t")[-1].split()[0] for line in listed.splitlines()] == ["revoked", "expires"]
    verbatim("key", "create", "desk", "--scope", "write")


@pytest.mark.parametrize("name", ["rows.ndjson", "rows.jsonl", "rows.ndjson.gz"])
def test_import_tells_what_became_of_the_rows(verbatim, name):
    body = rows(draft(ref="a"), draft(ref="b", text="Other."), draft(speaker="he"), draft(language="french"))
    (verbatim.folder / name).write_bytes(gzip.compress(body) if name.endswith("gz") else body)
    _, err = verbatim("import", name, "--mode", "partial", status=1)
    assert "line 3: /speaker “he” is a pronoun" in err
    assert "line 4: /language" in err
    assert "4 rows: 2 created, 2 refused." in err
    _, err = verbatim("import", name, status=1)
    assert "4 rows: 2 unchanged, 2 refused. Nothing was stored." in err


def test_what_is_exported_imports_from_standard_input(verbatim):
    verbatim(
        "import", "-", "--format", "ndjson", given=rows(draft(ref="a"), draft(ref="b", language="fr", text="Bien."))
    )
    out, _ = verbatim("export", "language=fr", "fields=ref,text", "--format", "csv")
    assert out == "ref,text\r\nb,Bien.\r\n"
    out, _ = verbatim("export")
    _, err = verbatim("import", "-", "--format", "ndjson", "--dry-run", given=out.encode())
    assert "2 rows: 2 unchanged. Nothing was stored." in err
    verbatim("export", "--format", "csv", "--output", "all.csv")
    assert "2 rows: 2 unchanged." in verbatim("import", "all.csv")[1]


def test_the_demo_fills_a_database_once(verbatim):
    _, first = verbatim("demo")
    assert "1-wire.ndjson: 7 statements added" in first
    out, _ = verbatim("export", "speaker=peskov")
    assert len(out.splitlines()) == 4
    _, again = verbatim("demo")
    assert "1-wire.ndjson: 0 statements added, 7 there already" in again


def test_a_first_start_says_that_it_makes_a_database(lite):
    _, err = lite("demo")
    assert "Made a new database" in err
    assert "Migrated the database: 0001_initial" in err
    _, err = lite("demo")
    assert "Made" not in err
    assert "Migrated" not in err


@pytest.mark.parametrize("command", [["export"], ["key", "list"], ["key", "revoke", "x"]])
def test_what_needs_a_database_makes_none(lite, command):
    _, err = lite(*command, status=1)
    assert "Cannot open the database" in err
    assert not (lite.folder / "verbatim.db").exists()


@pytest.mark.parametrize(
    ("variables", "said"),
    [
        ({"VERBATIM_DATABSE_URL": "x"}, "Unknown setting: VERBATIM_DATABSE_URL"),
        ({"VERBATIM_PUBLIC_READ": "maybe"}, "VERBATIM_PUBLIC_READ must be true or false"),
        ({"VERBATIM_POOL_SIZE": "-1"}, "VERBATIM_POOL_SIZE must be a whole number"),
        ({"VERBATIM_DATABASE_URL": "mysql://x"}, "must begin with sqlite:///"),
        ({"VERBATIM_DATABASE_URL": "sqlite:///:memory:"}, "must name a file"),
        ({"VERBATIM_DATABASE_URL": "sqlite:///nowhere/x.db"}, "Cannot make the database"),
        (
            {"VERBATIM_DATABASE_URL": "postgresql://u:hidden@127.0.0.1:1/x?connect_timeout=2"},
            "Cannot open the database",
        ),
    ],
)
def test_a_wrong_setting_is_told_in_a_line(lite, variables, said):
    _, err = lite("demo", status=1, **variables)
    assert said in err
    assert "hidden" not in err


def test_a_progress_bar_is_for_terminals(lite):
    (lite.folder / "rows.ndjson").write_bytes(rows(*(draft(text=f"{n}.") for n in range(1200))))
    assert "%" not in lite("import", "rows.ndjson")[1]
    ours, theirs = pty.openpty()
    environment = {
        "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}",
        "VERBATIM_DATABASE_URL": lite.url,
        "TERM": "xterm",
    }
    with subprocess.Popen(
        ["verbatim", "import", "rows.ndjson"], cwd=lite.folder, env=environment, stderr=theirs
    ) as process:
        os.close(theirs)
        seen = b""
        while piece := _read(ours):
            seen += piece
        process.wait(timeout=60)
    os.close(ours)
    assert b"100%" in seen
    assert b"1200 skipped" in seen


def _read(terminal):
    try:
        return os.read(terminal, 65_536)
    except OSError:  # the other end is closed
        return b""


def test_the_document_is_printed_as_it_is_kept(lite):
    assert lite("openapi")[0] == (HERE / "openapi.yaml").read_text()
