"""The real server: first start, many writers, streams, an orderly end."""

import contextlib
import gzip
import http.client
import os
import re
import signal
import socket
import subprocess
import sys
import threading
import time
from pathlib import Path

import orjson
import pytest
from conftest import draft
from engines import database

MANY = 2_000


class Server:
    """`verbatim serve` on a database and a free port of its own."""

    def __init__(self, folder, url, *options):
        self.log, self.url = folder / "server.log", url
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = probe.getsockname()[1]
        self.environment = {
            "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}",
            "LANG": "C.UTF-8",
            "VERBATIM_DATABASE_URL": url,
        }
        if url.startswith("postgres"):
            subprocess.run(["verbatim", "migrate"], env=self.environment, capture_output=True, check=True)
        command = ["verbatim", "serve", "--port", str(self.port), *options]
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(command, env=self.environment, cwd=folder, stdout=log, stderr=log)
        for _ in range(200):
            with contextlib.suppress(OSError):
                if self.ask("GET", "/health/ready")[0] == 200:
                    break
            time.sleep(0.05)
        else:
            raise AssertionError(self.said)

    @property
    def said(self):
        return self.log.read_text()

    @property
    def key(self):
        return re.search(r"vbt_\S+", self.said)[0]

    def ask(self, method, path, body=None, **headers):
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=30)
        with contextlib.closing(connection):
            given = {name.replace("_", "-"): value for name, value in headers.items()}
            connection.request(method, path, body=body, headers=given)
            response = connection.getresponse()
            return response.status, response.read()

    def write(self, path, body, kind="application/json", **headers):
        return self.ask("POST", path, body, Authorization=f"Bearer {self.key}", Content_Type=kind, **headers)

    def end(self):
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(timeout=30)


@contextlib.contextmanager
def running(engine, folder, *options):
    with database(engine, folder) as url:
        server = Server(folder, url, *options)
        try:
            yield server
        finally:
            if server.process.poll() is None:
                server.end()


@pytest.fixture(scope="module")
def server(engine, tmp_path_factory):
    """A server that the tests share."""
    with running(engine, tmp_path_factory.mktemp("server"), "--workers", "2") as server:
        yield server


@pytest.fixture
def own(engine, tmp_path):
    """A server that a test may end."""
    with running(engine, tmp_path) as server:
        yield server


def test_the_line_that_a_first_start_prints_works_when_pasted(server):
    line = re.search(r"curl http.*?}'\n", server.said, re.DOTALL)[0]
    done = subprocess.run(["bash", "-c", f"{line}"], capture_output=True, text=True, timeout=30, check=True)
    stored = orjson.loads(done.stdout)
    assert (stored["speaker"]["name"], stored["agency"]["name"], stored["outlet"]["name"]) == (
        "Dmitri Peskov",
        "AFP",
        "Le Matin",
    )
    assert done.stdout.startswith('{\n  "id": ')


def test_many_writers_at_once_are_all_served(server):
    answers = []

    def write(writer):
        for number in range(20):
            body = orjson.dumps(draft(text=f"{writer}: {number}", speaker=f"Writer {number}", topics=["all"]))
            answers.append(server.write("/v1/statements", body)[0])

    threads = [threading.Thread(target=write, args=(writer,)) for writer in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert answers == [201] * 160
    assert orjson.loads(server.ask("GET", "/v1/statements?topic=all&count=true&limit=1")[1])["total"] == 160
    assert orjson.loads(server.ask("GET", "/v1/speakers?name=writer&count=true&limit=1")[1])["total"] == 20
    lines = server.ask("GET", "/v1/statements.ndjson?topic=all&fields=id")[1].splitlines()
    ids = [orjson.loads(line)["id"] for line in lines]
    assert ids == list(range(ids[0], ids[0] + 160))


def test_what_is_streamed_in_is_streamed_out(server):
    body = b"".join(orjson.dumps(draft(text=f"Number {n}", ref=str(n), topics=["stream"])) + b"\n" for n in range(MANY))
    pieces = (body[start : start + 10_000] for start in range(0, len(body), 10_000))
    status, report = server.write("/v1/import", pieces, "application/x-ndjson")
    assert (status, orjson.loads(report)["created"]) == (200, MANY)
    status, report = server.write("/v1/import", gzip.compress(body), "application/x-ndjson")
    assert (status, orjson.loads(report)["unchanged"]) == (200, MANY)
    status, lines = server.ask("GET", "/v1/statements.ndjson?topic=stream&fields=ref")
    assert [orjson.loads(line)["ref"] for line in lines.splitlines()] == [str(n) for n in range(MANY)]


def test_an_upload_that_breaks_off_stores_nothing(server):
    row = orjson.dumps(draft(text="Broken off", topics=["broken"])) + b"\n"
    head = (
        "POST /v1/import HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/x-ndjson\r\n"
        f"Authorization: Bearer {server.key}\r\nContent-Length: {len(row) + 1000}\r\n\r\n"
    )
    with socket.create_connection(("127.0.0.1", server.port), timeout=10) as connection:
        connection.sendall(head.encode() + row)
        connection.shutdown(socket.SHUT_WR)
        answer = connection.recv(65_536)
    assert b" 200 " not in answer[:20]
    assert server.ask("GET", "/v1/statements?topic=broken")[0] == 422


@pytest.mark.parametrize(
    "request_line",
    [
        "GET /v1/statements?speaker=Дмитрий HTTP/1.1",
        "GET /v1/statements?place=%00 HTTP/1.1",
        "GET /v1/statements?limit=1 HTTP/1.0",
        "GET /v1/../statements HTTP/1.1",
        "GET /v1/statements/١ HTTP/1.1",
        "DELETE /v1/statements/1 HTTP/1.1",
        "OPTIONS /v1/statements HTTP/1.1",
        "HEAD /v1/statements.csv HTTP/1.1",
        "POST /v1/statements HTTP/1.1",
    ],
)
def test_nothing_on_the_wire_is_a_fault_of_the_service(server, request_line):
    with socket.create_connection(("127.0.0.1", server.port), timeout=10) as connection:
        connection.sendall(
            f"{request_line}\r\nHost: localhost\r\nConnection: close\r\nContent-Length: 0\r\n\r\n".encode()
        )
        status = int(connection.recv(65_536).split()[1])
    assert 200 <= status < 500


def test_an_end_is_orderly_and_a_second_start_makes_nothing(own, tmp_path):
    own.write("/v1/statements", orjson.dumps(draft()))
    key = own.key
    assert own.end() == 0
    own.log.unlink()
    again = Server(tmp_path, own.url)
    try:
        assert "vbt_" not in again.said
        assert "Made" not in again.said
        assert again.ask("GET", "/v1/statements/1")[0] == 200
        assert again.ask("DELETE", "/v1/statements/1", Authorization=f"Bearer {key}")[0] == 204
    finally:
        assert again.end() == 0


def test_a_request_under_way_is_finished_before_the_end(own):
    body = b"".join(orjson.dumps(draft(text=f"Number {n}", speaker=f"Speaker {n}")) + b"\n" for n in range(MANY))
    answers = []
    under_way = threading.Thread(target=lambda: answers.append(own.write("/v1/import", body, "application/x-ndjson")))
    under_way.start()
    time.sleep(0.3)
    assert own.end() == 0
    under_way.join(timeout=30)
    ((status, report),) = answers
    assert (status, orjson.loads(report)["created"]) == (200, MANY)


def test_a_port_in_use_is_told_in_a_line(server):
    done = subprocess.run(
        ["verbatim", "serve", "--port", str(server.port)],
        env=server.environment,
        capture_output=True,
        timeout=30,
        check=False,
    )
    assert done.returncode == 1
    assert b"Cannot listen" in done.stderr
    assert b"Traceback" not in done.stderr
