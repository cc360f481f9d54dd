"""What became of the rows of an import."""

import tempfile
from collections import Counter
from collections.abc import Iterator
from typing import Any

import orjson

from service.errors import DomainError

ACTIONS = ("created", "updated", "linked", "unchanged", "skipped", "refused")
_MEMORY = 1_048_576  # bytes of reasons that are kept in memory before they go to disk

Reasons = list[dict[str, Any]]


class Report:
    """Counts by action, and the reasons for refusals, which go to disk when there are many: close it in the end."""

    def __init__(self) -> None:
        self.counts: Counter[str] = Counter(dict.fromkeys(ACTIONS, 0))
        self._errors = tempfile.SpooledTemporaryFile(max_size=_MEMORY)  # noqa: SIM115 - lives as long as the report

    @property
    def rows(self) -> int:
        """How many rows there were."""
        return self.counts.total()

    def refuse(self, line: int, reasons: Reasons) -> None:
        """Note that a row was refused."""
        self.counts["refused"] += 1
        for reason in reasons:
            self._errors.write(orjson.dumps({"line": line, **reason}, option=orjson.OPT_APPEND_NEWLINE))

    def close(self) -> None:
        """Give the reasons up."""
        self._errors.close()

    def errors(self) -> Iterator[bytes]:
        """Each reason as a JSON object, in the order in which they were noted."""
        self._errors.seek(0)
        return (line.rstrip(b"\n") for line in self._errors)


def because(detail: str, pointer: str = "") -> Reasons:
    """One reason."""
    return [{"pointer": pointer, "detail": detail}]


def reasons(error: DomainError) -> Reasons:
    """What a domain error says, as reasons for a refusal."""
    members = dict(error.members)
    errors: Reasons | None = members.pop("errors", None)
    return errors or [{"pointer": members.pop("pointer", ""), "detail": error.detail, **members}]
