"""The README as a program: its curl lines, their answers, its tables. Run as a script, it writes them anew."""

import dataclasses
import os
import re
import subprocess
import sys
import tempfile
from collections.abc import Iterator
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


def played(port: int, folder: Path, url: str) -> Iterator[str]:
    """Each console block as it comes out when it is run, in one shell, against the service on `port`."""
    script = ["cd " + str(folder)]
    for index, block in enumerate(blocks(README.read_text())):
        for command in commands(block):
            script += [f"echo '<<{index}'", command.replace("localhost:8000", f"localhost:{port}")]
    environment = {
        "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}",
        "HOME": str(folder),
        "LANG": "C.UTF-8",
        "VERBATIM_DATABASE_URL": url,
    }
    run = subprocess.run(
        ["bash"], input="\n".join(script), capture_output=True, text=True, env=environment, timeout=60, check=False
    )
    answers = re.split(r"^<<(\d+)\n", run.stdout, flags=re.MULTILINE)[1:]
    outputs = list(zip(map(int, answers[::2]), answers[1::2], strict=True))
    for index, block in enumerate(blocks(README.read_text())):
        mine = [masked(output) for which, output in outputs if which == index]
        yield "".join(f"$ {command}\n{output}" for command, output in zip(commands(block), mine, strict=True))


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
    from served import serving_demo

    with tempfile.TemporaryDirectory() as folder, serving_demo(Path(folder)) as (port, url):
        answers = iter(list(played(port, Path(folder), url)))
    text = _BLOCK.sub(lambda _: f"```console\n{next(answers)}```", README.read_text())
    README.write_text(with_tables(text))


if __name__ == "__main__":
    main()
