"""The real server beside a test: `verbatim serve` on a free port, asked over the wire."""

import http.client
import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import orjson

VERBATIM = Path(sys.executable).parent / "verbatim"
DEADLINE = 20.0  # seconds that anything may take


@dataclass
class Answer:
    """What came back, whole."""

    status: int
    headers: http.client.HTTPMessage
    body: bytes

    @property
    def json(self) -> Any:
        return orjson.loads(self.body)


@dataclass
class Served:
    """A running server and what it says."""

    process: subprocess.Popen
    port: int
    log: Path
    secret: str = ""

    @property
    def said(self) -> str:
        """Its standard output and standard error so far."""
        return self.log.read_text()

    def ask(self, method: str, path: str, body: Any = None, *, timeout: float = DEADLINE, **headers: str) -> Answer:
        """One request on a connection of its own; an iterable body is sent in chunks."""
        sent = {name.replace("_", "-"): value for name, value in headers.items()}
        if self.secret:
            sent.setdefault("Authorization", f"Bearer {self.secret}")
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=timeout)
        with closing(connection):
            connection.request(method, path, body, sent, encode_chunked="Transfer-Encoding" in sent)
            response = connection.getresponse()
            return Answer(response.status, response.headers, response.read())

    def post(self, path: str, document: Any) -> Answer:
        """A POST of a JSON document."""
        return self.ask("POST", path, orjson.dumps(document), Content_Type="application/json")

    def load(self, body: Any, query: str = "", **headers: str) -> Answer:
        """An import of NDJSON."""
        return self.ask("POST", f"/v1/import{query}", body, **{"Content_Type": "application/x-ndjson", **headers})

    def wire(self) -> socket.socket:
        """A bare connection."""
        return socket.create_connection(("127.0.0.1", self.port), timeout=DEADLINE)

    def total(self) -> int:
        """How many statements there are."""
        return self.ask("GET", "/v1/statements?count=true&limit=1").json["total"]

    def end(self) -> int:
        """Ask it to stop, and wait: its exit status."""
        self.process.terminate()
        return self.process.wait(DEADLINE)

    def await_ready(self) -> None:
        deadline = time.monotonic() + DEADLINE
        while time.monotonic() < deadline and self.process.poll() is None:
            try:
                if self.ask("GET", "/health/ready").status == 200:
                    return
            except OSError:
                time.sleep(0.02)
        raise AssertionError(f"The server is not ready: {self.said}")


def free_port() -> int:
    """A port that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def verbatim(url: str, *arguments: str) -> subprocess.CompletedProcess:
    """Run a command on a database to its end."""
    return subprocess.run(
        [VERBATIM, *arguments], env=environment(url), capture_output=True, text=True, timeout=DEADLINE, check=False
    )


def environment(url: str, **settings: str) -> dict[str, str]:
    """Nothing of the caller's settings."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("VERBATIM_")}
    return {**kept, "VERBATIM_DATABASE_URL": url, **settings}


@contextmanager
def start(url: str, log: Path, *options: str, port: int | None = None, **settings: str) -> Iterator[subprocess.Popen]:
    """The process of a server, which is ended if the test did not."""
    command = [VERBATIM, "serve", "--port", str(port or free_port()), *options]
    with log.open("ab") as out, subprocess.Popen(command, env=environment(url, **settings), stdout=out, stderr=out) as process:
        try:
            yield process
        finally:
            if process.poll() is None:
                process.terminate()
                process.wait(DEADLINE)


@contextmanager
def serving(url: str, folder: Path, *options: str, scope: str | None = "admin", **settings: str) -> Iterator[Served]:
    """A server that is ready, with a key of `scope` made beforehand; without one, it makes its first key itself."""
    if url.startswith("postgres"):
        verbatim(url, "migrate")
    secret = verbatim(url, "key", "create", "test", "--scope", scope).stdout.strip() if scope else ""
    port, log = free_port(), folder / f"{time.monotonic_ns()}.log"
    with start(url, log, *options, port=port, **settings) as process:
        served = Served(process, port, log, secret)
        served.await_ready()
        yield served
