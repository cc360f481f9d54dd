"""`verbatim`: the service and its database from the command line."""

import sys
from collections.abc import Callable
from contextlib import closing
from functools import wraps
from pathlib import Path
from typing import Any, BinaryIO

import click
import orjson
import peewee
from marshmallow import ValidationError

from schemas.fields import flattened
from schemas.instants import normalise
from schemas.names import AgencyDraft, OutletDraft, SpeakerDraft
from schemas.queries import DUPLICATES, StatementExport
from schemas.statements import StatementRecordOut
from service import __version__, app, db, exchange, listing, migrations, openapi, register, serving
from service.errors import DomainError, Misconfigured
from service.formats import FORMATS
from service.models import ENTITIES, ApiKey
from service.models.keys import SCOPES
from service.selecting import STATEMENTS
from service.settings import Settings

_ACTOR = "cli"
_DEMO = Path(__file__).parent / "demo"
_DRAFTS = {"speaker": SpeakerDraft(), "agency": AgencyDraft(), "outlet": OutletDraft()}
_SUFFIXES = {".ndjson": "ndjson", ".jsonl": "ndjson", ".json": "ndjson", ".csv": "csv"}


@click.group()
@click.version_option(__version__)
def main() -> None:
    """A quote and attribution database: who said what, when, carried by whom, printed by whom.

    Settings come from VERBATIM_* variables; VERBATIM_DATABASE_URL defaults to sqlite:///verbatim.db.
    """


def _on_database(*, make: bool) -> Callable[[Callable[..., None]], Callable[..., None]]:
    """The command works on the database, which is made and migrated first where `make` says so."""

    def wrap(command: Callable[..., None]) -> Callable[..., None]:
        @wraps(command)
        def run(*args: Any, **options: Any) -> None:
            try:
                settings = Settings.from_environment()
                _open(settings, make=make)
                command(settings, *args, **options)
            except (Misconfigured, DomainError) as error:
                raise click.ClickException(_told(error)) from error
            except peewee.PeeweeException as error:
                raise click.ClickException(f"The database cannot be used: {error}") from error

        return run

    return wrap


def _told(error: Exception) -> str:
    """An error as a line: what is wrong, each thing, where it says so."""
    errors = error.members.get("errors") if isinstance(error, DomainError) else None
    return " ".join(each["detail"] for each in errors) if errors else str(error)


def _open(settings: Settings, *, make: bool) -> None:
    if make and (made := db.create_file(settings)):
        click.echo(f"Made a new database: {made.resolve()}", err=True)
    db.connect(settings)
    if make and db.is_sqlite():
        for name in migrations.apply():
            click.echo(f"Migrated the database: {name}", err=True)
    app.prepare(settings)


@main.command()
@click.option("--host", default="127.0.0.1", show_default=True, help="The address to listen on.")
@click.option("--port", default=8000, show_default=True, type=click.IntRange(1, 65535))
@click.option("--workers", default=1, show_default=True, type=click.IntRange(1, 64), help="Processes.")
@click.option("--threads", default=8, show_default=True, type=click.IntRange(1, 64), help="Threads a process.")
@_on_database(make=True)
def serve(_: Settings, host: str, port: int, workers: int, threads: int) -> None:
    """Serve the API with a production server until interrupted."""
    serving.check_free(host, port)
    if secret := _first_key():
        click.echo(serving.welcome(secret, host, port))
    serving.serve(host, port, workers=workers, threads=threads)


def _first_key() -> str | None:
    with db.writing():
        return None if ApiKey.select().exists() else ApiKey.issue("admin", ["admin"])


@main.command()
def migrate() -> None:
    """Bring the database up to date. SQLite needs no call of this: it is migrated on start."""
    try:
        settings = Settings.from_environment()
        if made := db.create_file(settings):
            click.echo(f"Made a new database: {made.resolve()}", err=True)
        db.connect(settings)
        done = migrations.apply()
    except (Misconfigured, peewee.PeeweeException) as error:
        raise click.ClickException(str(error)) from error
    click.echo(
        "\n".join(f"Migrated the database: {name}" for name in done) or "The database is up to date.",
        err=True,
    )


@main.group()
def key() -> None:
    """API keys: who may write."""


@key.command("create")
@click.argument("name")
@click.option("--scope", "scopes", required=True, help=f"Some of {','.join(SCOPES)}, with commas.")
@click.option("--expires", help="When it ends: a date or an RFC 3339 timestamp.")
@_on_database(make=True)
def create_key(_: Settings, name: str, scopes: str, expires: str | None) -> None:
    """Make a key and print its secret, once: only a hash of it is kept."""
    wanted = [scope.strip() for scope in scopes.split(",")]
    if wrong := [scope for scope in wanted if scope not in SCOPES]:
        raise click.BadParameter(f"{', '.join(wrong)}: choose from {', '.join(SCOPES)}.", param_hint="--scope")
    if not name.strip().isprintable() or not name.strip():
        raise click.BadParameter("may not be blank, and must be printable text.", param_hint="NAME")
    try:
        end = None if expires is None else normalise(expires)
    except ValueError as error:
        raise click.BadParameter(str(error), param_hint="--expires") from error
    with db.writing():
        secret = ApiKey.issue(name.strip(), list(dict.fromkeys(wanted)), expires_at=end)
    click.echo(secret)


@key.command("list")
@_on_database(make=False)
def list_keys(_: Settings) -> None:
    """List the keys: scopes, when made, last used, ended."""
    with db.proxy.connection_context():
        for each in ApiKey.select().order_by(ApiKey.id):
            state = f"revoked {each.revoked_at}" if each.revoked_at else f"expires {each.expires_at or 'never'}"
            used = f"last used {each.last_used_at or 'never'}"
            click.echo(f"{each.id}\t{each.name}\t{','.join(each.scopes)}\tmade {each.created_at}\t{used}\t{state}")


@key.command("revoke")
@click.argument("name")
@_on_database(make=False)
def revoke_key(_: Settings, name: str) -> None:
    """End a key at once. Its id is taken too."""
    with db.writing():
        found = ApiKey.revoke(name)
    if not found:
        raise click.ClickException(f"There is no key {name!r} in force.")
    click.echo(f"Revoked {name}.", err=True)


@main.command("import")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path, allow_dash=True))
@click.option("--mode", type=click.Choice(["atomic", "partial"]), default="atomic", show_default=True)
@click.option("--dry-run", is_flag=True, help="Report what would happen; store nothing.")
@click.option("--on-duplicate", type=click.Choice(DUPLICATES), default="skip", show_default=True)
@click.option("--format", "form", type=click.Choice(list(FORMATS)), help="Told by the file's suffix if not given.")
@_on_database(make=True)
def import_file(settings: Settings, file: Path, form: str | None, **options: Any) -> None:
    """Import statements from an NDJSON or CSV file, gzip or not; - is standard input.

    Refused rows are listed on standard error; the exit status is 1 if there are any.
    """
    form = form or _SUFFIXES.get(Path(str(file).lower().removesuffix(".gz")).suffix)
    if form is None:
        raise click.UsageError("The suffix of the file tells no format: use --format.")
    with serving.seekable(file) as source:
        importer = exchange.Importer(FORMATS[form], actor=_ACTOR, longest_line=settings.max_body_bytes, **options)
        with serving.progress(source, hidden=not sys.stderr.isatty()) as importer.progress:
            report = importer.run(source)
    with closing(report):
        for error in report.errors():
            reason = orjson.loads(error)
            click.echo(f"line {reason['line']}: {reason['pointer']} {reason['detail']}".replace(":  ", ": "), err=True)
    counts = ", ".join(f"{count} {action}" for action, count in report.counts.items() if count)
    click.echo(f"{report.rows} rows: {counts}." + ("" if importer.stored else " Nothing was stored."), err=True)
    sys.exit(1 if report.counts["refused"] else 0)


@main.command()
@click.argument("filters", nargs=-1, metavar="[FILTER=VALUE]...")
@click.option("--format", "form", type=click.Choice(list(FORMATS)), default="ndjson", show_default=True)
@click.option("--output", type=click.File("wb"), default="-", help="A file; standard output if not given.")
@_on_database(make=False)
def export(_: Settings, filters: tuple[str, ...], form: str, output: BinaryIO) -> None:
    """Write every statement that matches, as `verbatim import` takes it.

    Filters are those of /v1/statements: speaker=peskov language=fr,ru since=2025-03
    """
    try:
        given: dict[str, list[str]] = {}
        for each in filters:
            given.setdefault(each.partition("=")[0], []).append(each.partition("=")[2])
        query = StatementExport().load({name: one if len(one) > 1 else one[0] for name, one in given.items()})
    except ValidationError as error:
        wrong = "; ".join(f"{name.lstrip('/')}: {detail}" for name, detail in flattened(error.messages))
        raise click.UsageError(wrong) from error
    with db.proxy.connection_context():
        total = listing.count(STATEMENTS, query) if sys.stderr.isatty() else 0
        names = query.get("wanted") or list(StatementRecordOut().fields)
        with click.progressbar(exchange.records(query), length=total, file=sys.stderr, hidden=not total) as documents:
            output.writelines(FORMATS[form].unparse(documents, names))


@main.command()
@_on_database(make=True)
def demo(settings: Settings) -> None:
    """Fill the database with the bundled examples: one real wire, and fictional people and outlets."""
    with db.writing():
        for line in (_DEMO / "0-names.ndjson").read_bytes().splitlines():
            document = orjson.loads(line)
            model = next(each for each in ENTITIES if each.noun == document["entity"])
            draft = _DRAFTS[model.noun].load({name: value for name, value in document.items() if name != "entity"})
            register.add(model, draft, actor="demo", on_duplicate="skip")
    for path in sorted(_DEMO.glob("[1-9]*.ndjson")):
        importer = exchange.Importer(
            FORMATS["ndjson"], actor="demo", mode="atomic", dry_run=False, on_duplicate="skip",
            longest_line=settings.max_body_bytes,
        )  # fmt: skip
        with path.open("rb") as source, closing(importer.run(source)) as report:
            added, known = report.counts["created"], report.counts["unchanged"]
        click.echo(f"{path.name}: {added} statements added, {known} there already.", err=True)


@main.command("openapi")
def print_openapi() -> None:
    """Print the OpenAPI document, as openapi.yaml has it."""
    click.echo(openapi.as_yaml(app.ROUTES), nl=False)
