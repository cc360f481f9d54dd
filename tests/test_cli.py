"""The command line, on database files and servers of its own."""

import gzip
import os
import pty
import re
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import orjson
import peewee
import pytest
from click.testing import CliRunner, Result
from conftest import draft
from engines import database

from service import db, openapi
from service.app import ROUTES, create_app
from service.cli import main
from service.models import MODELS, ApiKey, Installation, Statement
from service.settings import Settings

ROOT = Path(__file__).parent.parent
VERBATIM = Path(sys.executable).parent / "verbatim"
SECRET = re.compile(r"vbt_[\w-]{43}\n")


@dataclass
class Shell:
    """`verbatim` with a database of its own."""

    url: str

    def __call__(self, *arguments: str, stdin: bytes | None = None, **settings: str) -> Result:
        return CliRunner().invoke(
            main, arguments, input=stdin, env={"VERBATIM_DATABASE_URL": self.url, **settings}, prog_name="verbatim"
        )

    def done(self, *arguments: str, stdin: bytes | None = None) -> Result:
        result = self(*arguments, stdin=stdin)
        assert result.exit_code == 0, result.output
        return result

    def ask(self, method: str, path: str, secret: str, **options):
        client = create_app(Settings(database_url=self.url)).test_client()
        return client.open(path, method=method, headers={"Authorization": f"Bearer {secret}"}, **options)

    def statements(self) -> int:
        with db.proxy.connection_context():
            return Statement.select().count()


@pytest.fixture
def bound() -> Iterator[None]:
    """A process has one database: the suite's is put back after a command had its own."""
    before = db.proxy.obj
    yield
    if db.proxy.obj is not None:
        db.proxy.obj.close_all()
    db.proxy.initialize(before)


@pytest.fixture(scope="module")
def place(engine, tmp_path_factory) -> Iterator[str]:
    """The URL of a database for this file alone: a new one for each test would take longer than the tests."""
    with database(engine, tmp_path_factory.mktemp("shell")) as url:
        yield url


@pytest.fixture
def verbatim(place, bound) -> Iterator[Shell]:
    """On a database that is migrated and empty."""
    shell = Shell(place)
    shell.done("migrate")
    yield shell
    db.connect(Settings(database_url=place))
    with db.writing():
        for model in reversed(peewee.sort_models(set(MODELS) - {Installation})):
            model.delete().execute()
    db.proxy.obj.close_all()


@pytest.fixture
def fresh(tmp_path, monkeypatch, bound) -> Shell:
    """On an SQLite database that is not there yet, in a folder of its own."""
    monkeypatch.chdir(tmp_path)
    return Shell("sqlite:///new.db")


def check_refused(result: Result, *words: str, status: int | None = None) -> None:
    """Fail unless the command ended by itself, said this on standard error, and put nothing out."""
    assert isinstance(result.exception, SystemExit), result.exception
    assert result.exit_code in ((1, 2) if status is None else (status,))
    assert result.stdout == ""
    assert "Error: " in result.stderr
    for word in words:
        assert word in result.stderr


def packed(body: bytes) -> bytes:
    return gzip.compress(body, mtime=0)


def lines(*drafts) -> bytes:
    return b"".join(orjson.dumps(each) + b"\n" for each in drafts)


TWO = lines(draft(ref="a"), draft(text="Another.", language="fr", speaker="Bo Sample", ref="b"))
TWO_CSV = b"ref,text,language,speaker,date,agency\na,All is well.,en,Ada Example,2025-06-11,AFP\nb,Another.,fr,Bo Sample,2025,AFP\n"


# Keys


@pytest.mark.parametrize(("scope", "status"), [
    ("write", 201), ("read,write", 201), (" read , write ", 201), ("admin", 201), ("read", 403), ("review", 403),
])  # fmt: skip
def test_key_create_prints_a_secret_alone_that_works(verbatim, scope, status):
    result = verbatim.done("key", "create", "newsroom", "--scope", scope)
    assert SECRET.fullmatch(result.stdout)
    assert verbatim.ask("POST", "/v1/statements", result.stdout.strip(), json=draft()).status_code == status


@pytest.mark.parametrize(("expires", "status"), [
    ("2999", 201), ("2999-01-01", 201), ("2999-01-01T00:00:00+02:00", 201),
    ("2020", 401), ("2020-06-11", 401), ("2020-06-11T00:00:00-11:00", 401),
])  # fmt: skip
def test_a_key_expires(verbatim, expires, status):
    secret = verbatim.done("key", "create", "newsroom", "--scope", "write", "--expires", expires).stdout.strip()
    assert verbatim.ask("POST", "/v1/statements", secret, json=draft()).status_code == status


def test_key_list_shows_everything_but_the_secrets(verbatim):
    first = verbatim.done(
        "key", "create", "Agence d’Exemple", "--scope", "read,write", "--expires", "2999-01-01"
    ).stdout
    second = verbatim.done("key", "create", "desk", "--scope", "admin").stdout
    verbatim.ask("GET", "/v1/statements", second.strip())
    verbatim.done("key", "revoke", "desk")
    listed = verbatim.done("key", "list").stdout.splitlines()
    assert [line.split("\t")[:3] for line in listed] == [
        ["1", "Agence d’Exemple", "read,write"],
        ["2", "desk", "admin"],
    ]
    assert re.search(r"last used never\texpires 2999-01-01$", listed[0])
    assert re.search(r"last used 20\S+Z\trevoked 20\S+Z$", listed[1])
    with db.proxy.connection_context():
        hashes = [key.hash for key in ApiKey.select()]
    for hidden in (first.strip(), second.strip(), *hashes):
        assert hidden not in "\n".join(listed)


@pytest.mark.parametrize("which", ["desk", "1"])
def test_a_revoked_key_works_no_more(verbatim, which):
    secret = verbatim.done("key", "create", "desk", "--scope", "write").stdout.strip()
    assert verbatim.ask("POST", "/v1/statements", secret, json=draft()).status_code == 201
    assert verbatim.done("key", "revoke", which).stdout == ""
    assert verbatim.ask("POST", "/v1/statements", secret, json=draft()).status_code == 401
    check_refused(verbatim("key", "revoke", which), which, status=1)


def test_the_name_of_a_revoked_key_may_be_used_again(verbatim):
    old = verbatim.done("key", "create", "desk", "--scope", "write").stdout
    verbatim.done("key", "revoke", "desk")
    new = verbatim.done("key", "create", "desk", "--scope", "write").stdout
    assert verbatim.ask("GET", "/v1/statements", old.strip()).status_code == 401
    assert verbatim.ask("GET", "/v1/statements", new.strip()).status_code == 200


def test_one_revocation_ends_one_key(verbatim):
    verbatim.done("key", "create", "desk", "--scope", "write")
    verbatim.done("key", "create", "1", "--scope", "write")
    verbatim("key", "revoke", "1")
    assert sum("revoked" in line for line in verbatim.done("key", "list").stdout.splitlines()) < 2


@pytest.mark.parametrize("name", ["nobody", "", "0", "-1", "9" * 30, "\udcff"])
def test_a_key_that_is_not_there_cannot_be_revoked(verbatim, name):
    check_refused(verbatim("key", "revoke", "--", name))


@pytest.mark.parametrize(("name", "options", "word"), [
    ("desk", ["--scope", "read,everything"], "everything"),
    ("desk", ["--scope", "READ"], "READ"),
    ("desk", ["--scope", ""], "read, write, review, admin"),
    ("desk", ["--scope", "read,"], "read, write, review, admin"),
    ("desk", [], "--scope"),
    ("desk", ["--scope", "read", "--expires", "tomorrow"], "2025-06-11"),
    ("desk", ["--scope", "read", "--expires", "2025-02-30"], "2025-02-30"),
    ("desk", ["--scope", "read", "--expires", "2999-01-01T00:00:00"], "zone"),
    ("desk", ["--scope", "read", "--expires", ""], "--expires"),
    (" ", ["--scope", "read"], "NAME"),
    ("two\nlines", ["--scope", "read"], "NAME"),
    ("\udcff", ["--scope", "read"], "NAME"),
])  # fmt: skip
def test_a_key_that_cannot_be_is_not_made(verbatim, name, options, word):
    check_refused(verbatim("key", "create", name, *options), word)
    assert verbatim.done("key", "list").stdout == ""


def test_two_keys_in_force_have_two_names(verbatim):
    verbatim.done("key", "create", "desk", "--scope", "read")
    check_refused(verbatim("key", "create", "desk", "--scope", "write"), "desk", status=1)


# Import


@pytest.mark.parametrize(("name", "body"), [
    ("two.ndjson", TWO), ("two.jsonl", TWO), ("two.NDJSON", TWO), ("two.ndjson.gz", packed(TWO)),
    ("two.csv", TWO_CSV), ("two.CSV", TWO_CSV), ("two.csv.gz", packed(TWO_CSV)), ("two.csv", packed(TWO_CSV)),
])  # fmt: skip
def test_a_file_is_imported_as_its_suffix_says(verbatim, tmp_path, name, body):
    (tmp_path / name).write_bytes(body)
    result = verbatim.done("import", str(tmp_path / name))
    assert result.stdout == ""
    assert result.stderr == "2 rows: 2 created.\n"
    assert verbatim.statements() == 2


@pytest.mark.parametrize(("form", "body"), [
    ("ndjson", TWO), ("ndjson", packed(TWO)), ("csv", TWO_CSV), ("csv", packed(TWO_CSV)),
])  # fmt: skip
def test_standard_input_is_imported(verbatim, form, body):
    assert verbatim.done("import", "-", "--format", form, stdin=body).stderr == "2 rows: 2 created.\n"


def test_a_pipe_with_a_name_is_imported(verbatim, tmp_path):
    pipe = tmp_path / "pipe.ndjson"
    os.mkfifo(pipe)
    with subprocess.Popen([sys.executable, "-c", f"open({str(pipe)!r}, 'wb').write({TWO!r})"]):
        assert verbatim.done("import", str(pipe)).stderr == "2 rows: 2 created.\n"


def test_the_same_file_twice_changes_nothing(verbatim):
    verbatim.done("import", "-", "--format", "ndjson", stdin=TWO)
    before = verbatim.done("export").stdout
    assert verbatim.done("import", "-", "--format", "ndjson", stdin=TWO).stderr == "2 rows: 2 unchanged.\n"
    assert verbatim.done("export").stdout == before


@pytest.mark.parametrize(("options", "told", "stored"), [
    ([], "3 rows: 2 created, 1 refused. Nothing was stored.", 0),
    (["--mode", "partial"], "3 rows: 2 created, 1 refused.", 2),
    (["--mode", "partial", "--dry-run"], "3 rows: 2 created, 1 refused. Nothing was stored.", 0),
])  # fmt: skip
def test_refused_rows_are_listed_and_told_by_the_status(verbatim, options, told, stored):
    body = lines(draft(), draft(speaker=" ", date="soon"), draft(text="Another."))
    result = verbatim("import", "-", "--format", "ndjson", *options, stdin=body)
    assert result.exit_code == 1
    *reasons, last = result.stderr.splitlines()
    assert sorted(reason.split()[:3] for reason in reasons) == [["line", "2:", "/date"], ["line", "2:", "/speaker"]]
    assert last == told
    assert verbatim.statements() == stored


def test_a_rehearsal_stores_nothing(verbatim):
    assert (
        verbatim.done("import", "-", "--format", "ndjson", "--dry-run", stdin=TWO).stderr
        == "2 rows: 2 created. Nothing was stored.\n"
    )
    assert verbatim.statements() == 0


@pytest.mark.parametrize(("choice", "told"), [
    ("skip", "1 rows: 1 skipped.\n"), ("allow", "1 rows: 1 created.\n"), ("refuse", "1 rows: 1 refused. Nothing was stored.\n"),
])  # fmt: skip
def test_duplicates_are_treated_as_asked(verbatim, choice, told):
    verbatim.done("import", "-", "--format", "ndjson", stdin=lines(draft()))
    result = verbatim("import", "-", "--format", "ndjson", "--on-duplicate", choice, stdin=lines(draft()))
    assert result.stderr.endswith(told)


@pytest.mark.parametrize("body", [b"", packed(b"")])
def test_there_is_something_to_import(verbatim, body):
    check_refused(verbatim("import", "-", "--format", "ndjson", stdin=body), "nothing to import")


@pytest.mark.parametrize("mode", ["atomic", "partial"])
def test_a_file_that_is_cut_off_is_told(verbatim, tmp_path, mode):
    file = tmp_path / "cut.ndjson.gz"
    file.write_bytes(packed(TWO)[:-9])
    result = verbatim("import", str(file), "--mode", mode)
    assert result.exit_code == 1
    assert "cannot be read on" in result.stderr
    assert verbatim.statements() == 0 or mode == "partial"


@pytest.mark.parametrize(("arguments", "word"), [
    (["-"], "--format"),
    (["two.txt"], "--format"),
    (["nowhere.ndjson"], "nowhere.ndjson"),
    (["."], "directory"),
    (["two.txt", "--format", "xml"], "xml"),
    (["two.txt", "--format", "ndjson", "--mode", "half"], "half"),
    (["two.txt", "--format", "ndjson", "--on-duplicate", "guess"], "guess"),
    ([], "FILE"),
])  # fmt: skip
def test_an_import_that_cannot_be_understood_is_refused(fresh, arguments, word):
    Path("two.txt").write_bytes(TWO)
    fresh.done("migrate")
    check_refused(fresh("import", *arguments), word, status=2)


# Export


def test_what_is_exported_is_imported(verbatim):
    verbatim.done("import", "-", "--format", "ndjson", stdin=TWO)
    exported = verbatim.done("export").stdout_bytes
    assert [orjson.loads(line)["ref"] for line in exported.splitlines()] == ["a", "b"]
    assert verbatim.done("import", "-", "--format", "ndjson", stdin=exported).stderr == "2 rows: 2 unchanged.\n"


@pytest.mark.parametrize(("filters", "refs"), [
    ([], ["a", "b"]),
    (["language=fr"], ["b"]),
    (["language=fr,en"], ["a", "b"]),
    (["speaker=bo sample"], ["b"]),
    (["agency=AFP", "speaker=1"], ["a"]),
    (["since=2025-07"], []),
    (["sort=-id"], ["b", "a"]),
])  # fmt: skip
def test_filters_are_those_of_the_list(verbatim, filters, refs):
    verbatim.done("import", "-", "--format", "ndjson", stdin=TWO)
    assert [orjson.loads(line)["ref"] for line in verbatim.done("export", *filters).stdout.splitlines()] == refs


def test_csv_has_a_header_and_the_fields_asked_for(verbatim):
    verbatim.done("import", "-", "--format", "ndjson", stdin=TWO)
    assert (
        verbatim.done("export", "--format", "csv", "fields=ref,text", "language=fr").stdout_bytes
        == b"ref,text\r\nb,Another.\r\n"
    )


@pytest.mark.parametrize(("filters", "words"), [
    (["colour=red"], ["colour"]),
    (["peskov"], ["peskov"]),
    (["limit=5"], ["limit"]),
    (["speaker="], ["speaker"]),
    (["since=soon", "kind=loud"], ["since", "kind"]),
    (["speaker=nobody"], ["speaker", "nobody"]),
    (["agency=AFX", "topic=none"], ["AFX", "none"]),
    (["language=fr", "kind=direct", "kind=mixed", "since=2024", "since=2025"], ["since"]),
])  # fmt: skip
def test_a_filter_that_means_nothing_is_refused_with_its_reason(verbatim, tmp_path, filters, words):
    verbatim.done("import", "-", "--format", "ndjson", stdin=TWO)
    kept = tmp_path / "kept.ndjson"
    kept.write_bytes(TWO)
    check_refused(verbatim("export", *filters), *words)
    check_refused(verbatim("export", *filters, "--output", str(kept)), *words)
    assert kept.read_bytes() == TWO


def test_a_filter_given_twice_is_not_half_ignored(verbatim):
    verbatim.done("import", "-", "--format", "ndjson", stdin=TWO)
    result = verbatim("export", "language=en", "language=fr")
    assert result.exit_code == 2 or len(result.stdout.splitlines()) == 2


def test_an_export_goes_into_a_file(verbatim, tmp_path):
    verbatim.done("import", "-", "--format", "ndjson", stdin=TWO)
    result = verbatim.done("export", "--output", str(tmp_path / "out.ndjson"))
    assert result.output == ""
    assert (tmp_path / "out.ndjson").read_bytes() == verbatim.done("export").stdout_bytes


# The database


@pytest.mark.parametrize(
    "command", [("export",), ("export", "--output", "out"), ("key", "list"), ("key", "revoke", "desk")]
)
def test_a_database_that_is_not_there_is_not_made_by_asking(fresh, command):
    check_refused(fresh(*command), "new.db", status=1)
    assert list(Path().iterdir()) == []


@pytest.mark.parametrize(("command", "stdin"), [
    (("migrate",), None), (("demo",), None), (("key", "create", "desk", "--scope", "read"), None),
    (("import", "-", "--format", "ndjson"), TWO),
])  # fmt: skip
def test_the_first_start_says_that_it_made_a_database(fresh, command, stdin):
    first = fresh.done(*command, stdin=stdin)
    assert f"Made a new database: {Path('new.db').resolve()}" in first.stderr
    assert "Migrated the database: 0001_initial" in first.stderr
    assert "database" not in fresh.done("demo").stderr


def test_an_existing_database_is_kept(fresh):
    secret = fresh.done("key", "create", "desk", "--scope", "read").stdout.strip()
    for command in (("migrate",), ("demo",), ("key", "create", "other", "--scope", "read")):
        fresh.done(*command)
    assert fresh.ask("GET", "/v1/statements", secret).status_code == 200


def test_a_second_migration_has_nothing_to_do(verbatim):
    result = verbatim.done("migrate")
    assert (result.stdout, result.stderr) == ("", "The database is up to date.\n")


def test_a_file_is_migrated_on_start_and_a_server_only_when_told(engine, tmp_path, bound):
    with database(engine, tmp_path) as url:
        shell = Shell(url)
        if engine == "sqlite":
            assert "Migrated the database: 0001_initial" in shell.done("demo").stderr
            return
        for command in (["demo"], ["export"], ["key", "list"], ["serve", "--port", "1"]):
            check_refused(shell(*command), "verbatim migrate", status=1)
        assert shell.done("migrate").stderr == "Migrated the database: 0001_initial\n"
        shell.done("demo")
        db.proxy.obj.close_all()


def test_the_demonstration_twice_is_the_demonstration_once(verbatim):
    first = verbatim.done("demo")
    assert first.stdout == ""
    assert " 0 there already." in first.stderr
    before = verbatim.done("export").stdout
    again = verbatim.done("demo")
    assert set(re.findall(r"\d+ statements added", again.stderr)) == {"0 statements added"}
    assert verbatim.done("export").stdout == before
    assert len(before.splitlines()) == sum(map(int, re.findall(r"(\d+) statements added", first.stderr)))


@pytest.mark.parametrize(("settings", "words"), [
    ({"VERBATIM_POOL_SIZE": "many"}, ["VERBATIM_POOL_SIZE", "many"]),
    ({"VERBATIM_POOL_SIZE": "0"}, ["VERBATIM_POOL_SIZE"]),
    ({"VERBATIM_POOL_SIZE": ""}, ["VERBATIM_POOL_SIZE"]),
    ({"VERBATIM_LOCK_SECONDS": "-1"}, ["VERBATIM_LOCK_SECONDS"]),
    ({"VERBATIM_MAX_BODY_BYTES": "1e6"}, ["VERBATIM_MAX_BODY_BYTES"]),
    ({"VERBATIM_PUBLIC_READ": "yes"}, ["VERBATIM_PUBLIC_READ", "true or false"]),
    ({"VERBATIM_PUBLIC_RAED": "true"}, ["VERBATIM_PUBLIC_RAED", "VERBATIM_PUBLIC_READ"]),
    ({"VERBATIM_DATABASE_URL": ""}, ["sqlite:///"]),
    ({"VERBATIM_DATABASE_URL": "mysql://localhost/x"}, ["sqlite:///", "postgresql://"]),
    ({"VERBATIM_DATABASE_URL": "sqlite:///"}, ["file"]),
    ({"VERBATIM_DATABASE_URL": "sqlite:///:memory:"}, ["file"]),
    ({"VERBATIM_DATABASE_URL": "sqlite:///nowhere/new.db"}, ["nowhere"]),
    ({"VERBATIM_DATABASE_URL": "sqlite:///."}, ["database"]),
    ({"VERBATIM_DATABASE_URL": "sqlite:///notes.txt"}, ["not a database"]),
    ({"VERBATIM_DATABASE_URL": "postgresql://me:hidden@localhost:1/x"}, ["port 1"]),
    ({"VERBATIM_DATABASE_URL": "postgresql://me:hidden@localhost:port/x"}, []),
    ({"VERBATIM_DATABASE_URL": "postgresql://me:hidden@localhost/x?colour=red"}, ["colour"]),
])  # fmt: skip
@pytest.mark.parametrize("command", ["migrate", "demo", "export"])
def test_a_setting_that_cannot_be_is_told_plainly(fresh, command, settings, words):
    Path("notes.txt").write_text("Buy milk.\n" * 500)
    result = fresh(command, **settings)
    check_refused(result, *words, status=1)
    assert "hidden" not in result.stderr
    assert [file.name for file in Path().iterdir()] == ["notes.txt"]


# As a program


def run(*arguments: str, **options) -> subprocess.CompletedProcess:
    return subprocess.run([VERBATIM, *arguments], capture_output=True, text=True, timeout=20, check=False, **options)


@pytest.mark.parametrize(
    "command",
    [(), ("key",), ("key", "create"), ("import",), ("export",), ("serve",), ("demo",), ("migrate",), ("openapi",)],
)
def test_help_tells_what_a_command_is_for(bound, command):
    result = CliRunner().invoke(main, [*command, "--help"], prog_name="verbatim")
    assert result.exit_code == 0
    assert re.match(rf"Usage: {' '.join(['verbatim', *command])}.*\n\n  [A-Z]", result.stdout)


def test_openapi_prints_the_document_of_this_repository(bound):
    printed = CliRunner().invoke(main, ["openapi"]).stdout
    assert printed == openapi.as_yaml(ROUTES)
    assert printed == (ROOT / "openapi.yaml").read_text()


def test_the_installed_program_keeps_its_streams_apart(tmp_path):
    environment = {**os.environ, "VERBATIM_DATABASE_URL": f"sqlite:///{tmp_path / 'new.db'}"}
    made = run("key", "create", "desk", "--scope", "write", env=environment)
    assert made.returncode == 0
    assert SECRET.fullmatch(made.stdout)
    assert "Made a new database" in made.stderr
    wrong = run("export", "speaker=nobody", env=environment)
    assert (wrong.returncode, wrong.stdout) == (1, "")
    assert "Traceback" not in wrong.stderr


def test_a_reader_that_leaves_early_is_no_error(tmp_path):
    environment = {**os.environ, "VERBATIM_DATABASE_URL": f"sqlite:///{tmp_path / 'new.db'}"}
    script = f"{VERBATIM} demo 2>/dev/null; {VERBATIM} export | head -n 1"
    result = subprocess.run(
        ["bash", "-c", script], env=environment, capture_output=True, text=True, timeout=20, check=True
    )
    assert len(result.stdout.splitlines()) == 1
    assert result.stderr == ""


@pytest.mark.parametrize(("command", "stdin"), [(("import", "-", "--format", "ndjson"), TWO), (("export",), b"")])
def test_a_terminal_is_shown_how_far_it_is(tmp_path, command, stdin):
    environment = {**os.environ, "VERBATIM_DATABASE_URL": f"sqlite:///{tmp_path / 'new.db'}", "TERM": "xterm"}
    subprocess.run(
        [VERBATIM, "import", "-", "--format", "ndjson"],
        input=TWO,
        env=environment,
        capture_output=True,
        timeout=20,
        check=True,
    )
    ours, theirs = pty.openpty()
    subprocess.run(
        [VERBATIM, *command],
        input=stdin,
        env=environment,
        stdout=subprocess.DEVNULL,
        stderr=theirs,
        timeout=20,
        check=True,
    )
    os.close(theirs)
    shown = os.read(ours, 65536).decode()
    os.close(ours)
    assert "100%" in shown
    assert "\r" in shown
