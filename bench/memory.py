"""Whether import and export stay flat: peak memory at N rows and at ten times N, side by side in one run.

    python bench/memory.py [N]

Prints a table of peak resident memory, in MiB, of whole `verbatim` processes, and the ratio between the two sizes.
"""

import os
import random
import subprocess
import sys
import tempfile
from pathlib import Path

import orjson

WORDS = "the talks will go on and no result is to be expected before the summer says the ministry of affairs".split()


def rows(count: int):
    """Statements of one to three sentences by two thousand speakers, always the same ones."""
    chance = random.Random(7)
    for number in range(count):
        text = " ".join(chance.choices(WORDS, k=chance.randint(8, 60)))
        yield {
            "text": f"{text} {number}",
            "language": "en",
            "speaker": f"Speaker {chance.randint(1, 2000)}",
            "date": f"20{chance.randint(10, 25)}-0{chance.randint(1, 9)}-1{chance.randint(0, 9)}",
            "agency": f"Agency {chance.randint(1, 40)}",
            "topics": chance.sample(WORDS, 2),
            "ref": f"bench-{number}",
        }


def peak(folder: Path, *command: str) -> float:
    """Peak resident memory of a command, in MiB."""
    environment = {**os.environ, "VERBATIM_DATABASE_URL": f"sqlite:///{folder / 'bench.db'}"}
    with (folder / "out").open("wb") as out:
        process = subprocess.Popen(command, env=environment, stdout=out, stderr=subprocess.DEVNULL)
        _, status, usage = os.wait4(process.pid, 0)
    if status:
        raise SystemExit(f"{' '.join(command)} failed with status {status}")
    return usage.ru_maxrss / 1024


def main() -> None:
    """Measure both sizes of both ways and print the table."""
    small = int(sys.argv[1]) if len(sys.argv) > 1 else 10_000
    verbatim = str(Path(sys.executable).parent / "verbatim")
    found: dict[str, list[float]] = {"import": [], "import again": [], "export": []}
    for count in (small, 10 * small):
        with tempfile.TemporaryDirectory() as name:
            folder = Path(name)
            (folder / "rows.ndjson").write_bytes(b"".join(orjson.dumps(row) + b"\n" for row in rows(count)))
            found["import"].append(peak(folder, verbatim, "import", str(folder / "rows.ndjson")))
            found["import again"].append(peak(folder, verbatim, "import", str(folder / "rows.ndjson")))
            found["export"].append(peak(folder, verbatim, "export"))
    print(f"| peak MiB | {small:,} rows | {10 * small:,} rows | ratio |\n|---|---|---|---|")
    for what, (few, many) in found.items():
        print(f"| {what} | {few:.0f} | {many:.0f} | {many / few:.2f} |")


if __name__ == "__main__":
    main()
