"""What serving and the command line need around the application: the server, its welcome, files, progress."""

import socket
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext
from pathlib import Path
from shutil import copyfileobj
from typing import BinaryIO, cast

import click
from granian import Granian
from granian.constants import HTTPModes, Interfaces

from service import db
from service.errors import Misconfigured

_GRACE_SECONDS = 10
_WELCOME = """\
There was no key yet. This one may do everything; it is shown only now:

  {secret}

Store a first statement:

  curl {url}/v1/statements -H "Authorization: Bearer {secret}" --json '{{
    "text": "Il y a beaucoup d’obstacles dans les relations bilatérales", "language": "fr",
    "speaker": "Dmitri Peskov", "role": "porte-parole du Kremlin", "date": "2025-06-11",
    "agency": "AFP", "outlet": "Le Matin", "url": "https://example.org/article"}}'
"""


def welcome(secret: str, host: str, port: int) -> str:
    """What the first start says: the key, and a line that works when pasted."""
    name = "localhost" if host in ("0.0.0.0", "127.0.0.1", "::") else host  # noqa: S104 - compared, not bound
    address = f"[{name}]" if ":" in name else name
    return _WELCOME.format(secret=secret, url=f"http://{address}:{port}")


def serve(host: str, port: int, *, workers: int, threads: int) -> None:
    """Run the server until it is told to stop; requests under way get `_GRACE_SECONDS` to end."""
    db.proxy.obj.close_all()
    server = Granian(
        "service.app:create_app",
        factory=True,
        address=host,
        port=port,
        interface=Interfaces.WSGI,
        http=HTTPModes.http1,
        websockets=False,
        workers=workers,
        blocking_threads=threads,
        workers_kill_timeout=_GRACE_SECONDS,
    )
    server.serve()


def check_free(host: str, port: int) -> None:
    """Raise Misconfigured if the address is taken: the server would share a port without a word."""
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
        with socket.socket(family, kind, protocol) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind(address)
    except OSError as error:
        raise Misconfigured(f"Cannot listen on {host}:{port}: {error.strerror}.") from error


@contextmanager
def seekable(path: Path) -> Iterator[BinaryIO]:
    """The file; a copy on disk of a pipe, or of standard input where it is `-`."""
    with nullcontext(sys.stdin.buffer) if str(path) == "-" else path.open("rb") as file:
        if file.seekable() and str(path) != "-":
            yield file
            return
        with tempfile.TemporaryFile() as copy:
            copyfileobj(file, copy)
            yield cast("BinaryIO", copy)


@contextmanager
def progress(source: BinaryIO, *, hidden: bool) -> Iterator[Callable[[], None]]:
    """A bar that follows how far `source` has been read; what is yielded moves it."""
    length = source.seek(0, 2)
    source.seek(0)
    with click.progressbar(length=length, file=sys.stderr, hidden=hidden) as bar:
        yield lambda: bar.update(source.tell() - bar.pos)
        bar.update(length - bar.pos)
