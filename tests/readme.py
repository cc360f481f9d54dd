"""The README as a program: its curl lines, their answers, its tables. Run as a script, it writes them anew."""

import dataclasses
import os
import re
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from service.problems import PROBLEMS
from service.settings import PREFIX, Settings

README = Path(__file__).parent.parent / "README.md"
_BLOCK = re.compile(r"```console\n(.*?)```", re.DOTALL)
_MASKS = (
    (r'"(created_at|updated_at)": "[^"]*"', r'"\1": "2026-11-24T09:30:00.000Z"'),
    (r'"deleted_at": "[^"]*"', '"deleted_at": "2026-11-24T09:30:00.000Z"'),
    (r"was deleted on [^ ]*Z\.", "was deleted on 2026-11-24T09:30:00.000Z."),
    (r'"request_id": "\w*"', '"request_id": "4f0c2e7ab3d94d0c8a6f1f2e5d7b9c11"'),
    (r"cursor=[\w.-]+", "cursor=WyI4ZDc3YzE0"),
    (r"localhost:\d+", "localhost:8000"),
)


def blocks(text: str) -> list[str]:
    """The console blocks of the README."""
    return _BLOCK.findall(text)


def commands(block: str) -> list[str]:
    """The commands of a block: each begins with a dollar sign and ends where its quotes close."""
    found: list[str] = []
    for line in block.splitlines(keepends=True):
        if line.startswith("$ ") and (not found or _closed(found[-1])):
            found.append(line[2:])
        elif found and not _closed(found[-1]):
            found[-1] += line
    return [command.rstrip("\n") for command in found]


def _closed(command: str) -> bool:
    return command.replace("'\\''", "").count("'") % 2 == 0


def masked(text: str) -> str:
    """`text` with what differs from run to run made alike."""
    for pattern, steady in _MASKS:
        text = re.sub(pattern, steady, text)
    return text


def environment(folder: Path) -> dict[str, str]:
    """Nothing of the caller's but the way to this installation: the README is for strangers."""
    path = f"{Path(sys.executable).parent}:{os.environ['PATH']}"
    url = f"sqlite:///{folder / 'verbatim.db'}"
    return {"PATH": path, "HOME": str(folder), "LANG": "C.UTF-8", "VERBATIM_DATABASE_URL": url}


@contextmanager
def serving_demo(folder: Path) -> Iterator[int]:
    """The port of a real server with the demo data."""
    subprocess.run(["verbatim", "demo"], env=environment(folder), capture_output=True, check=True)
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    command = ["verbatim", "serve", "--port", str(port)]
    with (
        (folder / "log").open("wb") as log,
        subprocess.Popen(command, env=environment(folder), stdout=log, stderr=log) as server,
    ):
        try:
            _await(port)
            yield port
        finally:
            server.terminate()
            server.wait(timeout=20)


def _await(port: int) -> None:
    for _ in range(200):
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{port}/health/ready", timeout=5):
                return
        except OSError:
            time.sleep(0.05)
    raise AssertionError("the server does not answer")


def played(port: int, folder: Path) -> list[str]:
    """Each console block as it comes out when it is run, in one shell, against the service on `port`."""
    asked = [commands(block) for block in blocks(README.read_text())]
    script = "\n".join(f"echo '<<'\n{command}" for some in asked for command in some)
    run = subprocess.run(
        ["bash"],
        input=script.replace("localhost:8000", f"localhost:{port}"),
        capture_output=True,
        text=True,
        env=environment(folder),
        cwd=folder,
        timeout=60,
        check=False,
    )
    answers = iter(run.stdout.split("<<\n")[1:])
    return ["".join(f"$ {command}\n{masked(next(answers))}" for command in some) for some in asked]


def with_tables(text: str) -> str:
    """The README with its tables of problems and settings made from the code."""
    problems = [f"| `{name}` | {each.status} | {each.meaning} |" for name, each in PROBLEMS.items()]
    settings = [
        f"| `{PREFIX}{each.name.upper()}` | `{str(each.default).lower()}` | {each.metadata['what']} |"
        for each in dataclasses.fields(Settings)
    ]
    for name, head, rows in (
        ("problems", "| type | status | when |", problems),
        ("settings", "| variable | default | |", settings),
    ):
        table = "\n".join((f"<!-- {name} -->", head, "|---|---|---|", *rows, f"<!-- /{name} -->"))
        text = re.sub(f"<!-- {name} -->.*?<!-- /{name} -->", lambda _, table=table: table, text, flags=re.DOTALL)
    return text


def main() -> None:
    """Write the answers and the tables anew."""
    with tempfile.TemporaryDirectory() as folder, serving_demo(Path(folder)) as port:
        answers = iter(played(port, Path(folder)))
    text = _BLOCK.sub(lambda _: f"```console\n{next(answers)}```", README.read_text())
    README.write_text(with_tables(text))


if __name__ == "__main__":
    main()
