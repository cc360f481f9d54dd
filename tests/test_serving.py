"""The server that people run: what it says, many clients at once, streams that are whole or cut, an orderly end."""

import gzip
import http.client
import re
import socket
import subprocess
import threading
from contextlib import ExitStack, suppress
from urllib.parse import urlsplit

import orjson
import peewee
import pytest
from conftest import draft
from engines import database
from served import free_port, serving, start

from service import serving as server

NDJSON = "application/x-ndjson"


@pytest.fixture(scope="module")
def url(engine, tmp_path_factory):
    with database(engine, tmp_path_factory.mktemp("served")) as found:
        yield found


@pytest.fixture(scope="module")
def served(url, tmp_path_factory):
    """A server for all tests that do not end it; they tell their statements apart by speaker."""
    with serving(url, tmp_path_factory.mktemp("log")) as running:
        yield running


@pytest.fixture
def fresh(engine, tmp_path):
    """The URL of a database of the test's own."""
    with database(engine, tmp_path) as found:
        yield found


def rows(count, **fields):
    return b"".join(orjson.dumps(draft(text=f"Number {number}.", **fields)) + b"\n" for number in range(count))


def head(served, path, *headers, method="POST"):
    """The head of a request as it goes over the wire."""
    told = (f"Host: localhost:{served.port}", f"Authorization: Bearer {served.secret}", *headers)
    return "\r\n".join([f"{method} {path} HTTP/1.1", *told, "", ""]).encode()


def under_way(served, path, *headers):
    """A connection with a request whose body the service has begun to read: it said so by 100 Continue."""
    wire = served.wire()
    wire.sendall(head(served, path, *headers, "Expect: 100-continue"))
    assert wire.recv(25) == b"HTTP/1.1 100 Continue\r\n\r\n"
    return wire


def everything(wire):
    """All that comes until the other side closes."""
    with suppress(ConnectionError):
        return b"".join(iter(lambda: wire.recv(65_536), b""))
    return b""


# Start and end


def test_the_first_start_makes_a_key_that_works_when_pasted(fresh, tmp_path):
    with serving(fresh, tmp_path, scope=None) as first:
        said = first.said
        secret = re.search(r"^  (vbt_[\w-]{43})$", said, re.MULTILINE)[1]
        pasted = re.search(r"^  curl .*?\}'$", said, re.MULTILINE | re.DOTALL)[0]
        done = subprocess.run(["bash", "-c", pasted], capture_output=True, timeout=20, check=True)
        stored = orjson.loads(done.stdout)
        assert stored["speaker"]["name"] == "Dmitri Peskov"
        assert first.ask("GET", f"/v1/statements/{stored['id']}").json == stored
        assert ("Made a new database" in said) == fresh.startswith("sqlite")
        assert first.end() == 0
    with serving(fresh, tmp_path, scope=None) as second:
        for word in ("vbt_", "Made", "Migrated"):
            assert word not in second.said
        second.secret = secret
        assert second.ask("DELETE", f"/v1/statements/{stored['id']}").status == 204


def test_a_key_made_beforehand_is_the_first(served):
    assert "vbt_" not in served.said


@pytest.mark.parametrize(("host", "address"), [
    ("127.0.0.1", "http://localhost:8000/"), ("0.0.0.0", "http://localhost:8000/"), ("::", "http://localhost:8000/"),
    ("::1", "http://[::1]:8000/"), ("2001:db8::1", "http://[2001:db8::1]:8000/"), ("quotes.example", "http://quotes.example:8000/"),
])  # fmt: skip
def test_the_line_to_paste_goes_to_where_the_server_is(host, address):
    assert f"curl {address}v1/statements" in server.welcome("vbt_x", host, 8000)


@pytest.mark.parametrize("taken_by", ["another server", "another program"])
def test_a_port_in_use_is_told_in_a_line(fresh, served, tmp_path, taken_by):
    log = tmp_path / "log"
    with ExitStack() as stack:
        port = served.port
        if taken_by == "another program":
            listener = stack.enter_context(socket.create_server(("127.0.0.1", 0)))
            port = listener.getsockname()[1]
        with serving(fresh, tmp_path):  # so that nothing but the port is wrong
            pass
        process = stack.enter_context(start(fresh, log, port=port))
        with suppress(subprocess.TimeoutExpired):
            process.wait(4)
        assert process.poll() == 1, log.read_text()
        assert str(port) in log.read_text()
        assert "Error: " in log.read_text()
        assert "Traceback" not in log.read_text()


@pytest.mark.parametrize("host", ["nowhere.invalid", "203.0.113.1", "256.1.1.1", ""])
def test_an_address_that_is_not_ours_is_told_in_a_line(fresh, tmp_path, host):
    log = tmp_path / "log"
    with serving(fresh, tmp_path):
        pass
    with start(fresh, log, "--host", host, port=free_port()) as process:
        assert process.wait(10) in (1, 2)
    assert "Error: " in log.read_text()
    assert "Traceback" not in log.read_text()


def test_what_is_under_way_is_finished_before_the_end(fresh, tmp_path):
    body = rows(3)
    with serving(fresh, tmp_path) as running:
        wire = under_way(running, "/v1/import", f"Content-Type: {NDJSON}", f"Content-Length: {len(body)}", "Connection: close")
        wire.sendall(body[:100])
        running.process.terminate()
        wire.sendall(body[100:])
        with wire:
            answer = everything(wire)
        assert running.process.wait(20) == 0
        assert answer.startswith(b"HTTP/1.1 200 ")
        assert b'"created": 3' in answer


def test_a_client_that_never_ends_does_not_keep_the_server(fresh, tmp_path):
    with serving(fresh, tmp_path) as running, running.wire() as wire:
        wire.sendall(head(running, "/v1/statements")[:-2])
        assert running.end() == 0


# Many at once


def test_many_writers_at_once_are_all_served(fresh, tmp_path):
    with serving(fresh, tmp_path, "--workers", "2") as running:
        statuses = []

        def write(writer):
            for number in range(25):
                document = draft(text=f"Number {number} of {writer}.", speaker=f"Speaker {number % 5}", topics=["all"])
                statuses.append(running.post("/v1/statements", document).status)

        threads = [threading.Thread(target=write, args=(writer,)) for writer in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert statuses == [201] * 200
        assert running.total() == 200
        assert running.ask("GET", "/v1/speakers?count=true").json["total"] == 5
        assert [topic["statement_count"] for topic in running.ask("GET", "/v1/topics").json["items"]] == [200]


def test_one_of_many_alike_is_stored(served):
    document = draft(speaker="Alike Example", url="https://example.org/alike")
    statuses = []
    threads = [threading.Thread(target=lambda: statuses.append(served.post("/v1/statements", document).status)) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(statuses) == [201] + [409] * 7


@pytest.mark.parametrize("sent", ["", "POST /v1/statements HT", "POST /v1/statements HTTP/1.1\r\nHost: x\r\nContent-Length: 99\r\n\r\n{"])
def test_a_hundred_half_open_connections_keep_nobody_waiting(served, sent):
    with ExitStack() as stack:
        for _ in range(100):
            stack.enter_context(served.wire()).sendall(sent.encode())
        assert served.ask("GET", "/v1/statements?limit=1", timeout=3).status == 200
        assert served.post("/v1/statements?on_duplicate=allow", draft()).status == 201


@pytest.mark.parametrize(("path", "kind"), [("/v1/import", NDJSON), ("/v1/statements", "application/json")])
def test_slow_uploads_keep_nobody_waiting(served, path, kind):
    with ExitStack() as stack:
        for _ in range(20):
            wire = stack.enter_context(served.wire())
            wire.sendall(head(served, path, f"Content-Type: {kind}", "Content-Length: 1000") + b"{")
        assert served.ask("GET", "/health/ready", timeout=3).status == 200
        assert served.post("/v1/statements?on_duplicate=allow", draft()).status == 201


def test_slow_downloads_keep_nobody_waiting(fresh, tmp_path):
    long = "\N{PENGUIN}" * 9_000
    with serving(fresh, tmp_path) as running, ExitStack() as stack:
        body = b"".join(orjson.dumps(draft(text=f"{number} {long}")) + b"\n" for number in range(200))
        assert running.load(body).status == 200
        for _ in range(20):
            wire = stack.enter_context(socket.socket())
            wire.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4_096)
            wire.connect(("127.0.0.1", running.port))
            wire.sendall(b"GET /v1/statements.ndjson HTTP/1.1\r\nHost: x\r\n\r\n")
            assert wire.recv(12) == b"HTTP/1.1 200"
        assert running.ask("GET", "/health/ready", timeout=3).status == 200
        assert running.post("/v1/statements?on_duplicate=allow", draft()).status == 201


# Streams


@pytest.mark.parametrize(("pack", "headers"), [
    (bytes, {}), (gzip.compress, {}), (gzip.compress, {"Content_Encoding": "gzip"}),
])  # fmt: skip
@pytest.mark.parametrize("chunked", [False, True])
def test_an_import_may_be_larger_than_a_document(served, pack, headers, chunked):
    speaker = f"{pack.__name__} {headers} {chunked}"
    body = pack(b"".join(orjson.dumps(draft(text=f"{number}: {'word ' * 1900}", speaker=speaker)) + b"\n" for number in range(120)))
    if chunked:
        headers = {**headers, "Transfer_Encoding": "chunked"}
        body = (body[start : start + 60_000] for start in range(0, len(body), 60_000))
    answer = served.load(body, **headers)
    assert answer.status == 200, answer.body[:500]
    assert answer.json["created"] == 120


@pytest.mark.parametrize("suffix", ["ndjson", "csv"])
def test_an_export_comes_in_chunks_and_whole(served, suffix):
    served.load(rows(1200, speaker="Chunk Example"))
    answer = served.ask("GET", f"/v1/statements.{suffix}?speaker=Chunk%20Example")
    assert answer.headers["Transfer-Encoding"] == "chunked" or "Content-Length" in answer.headers
    assert len(answer.body.splitlines()) == 1200 + (suffix == "csv")


@pytest.mark.parametrize("suffix", ["ndjson", "csv"])
def test_an_export_that_fails_midway_is_not_closed_as_if_whole(fresh, tmp_path, suffix):
    with serving(fresh, tmp_path) as running:
        running.load(rows(1500))
        change(fresh, "UPDATE statement SET topics = 'torn' WHERE id = 1400")
        with pytest.raises((http.client.IncompleteRead, ConnectionError)):
            answer = running.ask("GET", f"/v1/statements.{suffix}")
            assert answer.status >= 500
            raise ConnectionError


def change(url, sql):
    """Change a database behind the server's back."""
    if url.startswith("sqlite"):
        database_ = peewee.SqliteDatabase(url.removeprefix("sqlite:///"))
    else:
        database_ = peewee.PostgresqlDatabase(url, prefer_psycopg3=True)
    with database_.connection_context():
        database_.execute_sql(sql)


@pytest.mark.parametrize("close", ["close", "shutdown"])
@pytest.mark.parametrize("framing", ["Content-Length: 5000", "Transfer-Encoding: chunked"])
def test_an_upload_that_is_cut_off_stores_nothing(served, framing, close):
    speaker = f"Cut {framing[:3]} {close}"
    body = rows(3, speaker=speaker)
    wire = under_way(served, "/v1/import", f"Content-Type: {NDJSON}", framing, "Connection: close")
    with wire:
        wire.sendall(b"%x\r\n%s\r\n" % (len(body), body) if "chunked" in framing else body)
        if close == "shutdown":
            wire.shutdown(socket.SHUT_WR)
            answer = everything(wire)
            assert not answer.startswith(b"HTTP/1.1 2"), answer
    # The next import waits for the one before it, if there is one.
    assert served.load(rows(1, speaker="After")).status == 200
    assert served.ask("GET", f"/v1/speakers?name={speaker.replace(' ', '%20')}").json["items"] == []


# The wire


@pytest.mark.parametrize(("line", "status"), [
    ("GET /v1/speakers?name=Дмитрий", 200),
    ("GET /v1/speakers?name=%D0%94", 200),
    ("GET /v1/statements?speaker=Дмитрий", 422),
    ("GET /v1/speakers?name=%E9", 400),
    ("GET /v1/statements/Überblick", 404),
    ("GET /v1/statements/%FF", 404),
    ("GET /v1/statements/١", 404),
    ("GET /v1/../v1/statements", 404),
    ("HEAD /v1/statements", 200),
    ("HEAD /v1/statements.csv", 200),
    ("HEAD /v1/import", 405),
    ("OPTIONS /v1/statements", 200),
    ("OPTIONS *", 404),
    ("TRACE /v1/statements", 405),
    ("BREW /v1/statements", 405),
    ("GET /" + "x" * 70_000, 414),
])  # fmt: skip
def test_lines_that_clients_send(served, line, status):
    with served.wire() as wire:
        wire.sendall(f"{line} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n".encode())
        answer, _, body = everything(wire).partition(b"\r\n\r\n")
    assert int(answer.split()[1]) == status
    assert body == b"" or not line.startswith("HEAD")
    if b"problem+json" in answer and not line.startswith("HEAD"):
        assert orjson.loads(body)["status"] == status


@pytest.mark.parametrize("header", ["Authorization: Bearer ключ", "Authorization: Bearer \xff", "Authorization: Bearer a\r\nAuthorization: Bearer b"])
def test_a_key_that_is_none_is_refused_in_any_bytes(served, header):
    with served.wire() as wire:
        wire.sendall(f"GET /v1/statements HTTP/1.1\r\nHost: localhost\r\n{header}\r\nConnection: close\r\n\r\n".encode())
        assert everything(wire).startswith(b"HTTP/1.1 401 ")


def test_a_connection_serves_many_requests(served):
    connection = http.client.HTTPConnection("127.0.0.1", served.port, timeout=10)
    for path, status in (("/v1/statements", 200), ("/v1/nothing", 404), ("/v1/statements.csv", 200), ("/v1/topics", 200)):
        connection.request("GET", path)
        ours = connection.sock
        response = connection.getresponse()
        response.read()
        assert response.status == status
        assert connection.sock is ours
    connection.close()


def test_a_refused_upload_still_gets_its_answer(served):
    answer = served.ask("POST", "/v1/statements", b'"' + b"x" * 1_100_000 + b'"', Content_Type="application/json")
    assert (answer.status, answer.json["type"]) == (413, "/problems/too-large")


@pytest.mark.parametrize("headers", ["", "Host: ", "Host: \xff", "Host: a b"])
@pytest.mark.parametrize("version", ["1.0", "1.1"])
def test_the_next_page_can_be_followed_whatever_the_host(served, version, headers):
    served.load(rows(3))
    with served.wire() as wire:
        lines = [f"GET /v1/statements?limit=1 HTTP/{version}", *filter(None, [headers]), "Connection: close", "", ""]
        wire.sendall("\r\n".join(lines).encode("latin-1"))
        answer, _, body = everything(wire).partition(b"\r\n\r\n")
    if int(answer.split()[1]) == 200:
        following = orjson.loads(body)["next"]
        assert urlsplit(following).netloc or following.startswith("/v1/")
    else:
        assert int(answer.split()[1]) == 400


def test_pages_are_followed_to_the_end(served):
    served.load(rows(45, speaker="Page Example"))
    found, following = [], "/v1/statements?speaker=Page%20Example&limit=20"
    while following:
        page = served.ask("GET", following.removeprefix(f"http://127.0.0.1:{served.port}")).json
        found += [item["text"] for item in page["items"]]
        following = page["next"]
    assert len(found) == len(set(found)) == 45
