"""Settings: one frozen dataclass, read from `VERBATIM_*` environment variables.

To add one, add a field with its default and its sentence; its variable is its name in capitals.
"""

import os
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from typing import Any

from service.errors import Misconfigured

PREFIX = "VERBATIM_"


def _setting(default: Any, what: str) -> Any:
    return field(default=default, metadata={"what": what})


@dataclass(frozen=True, kw_only=True)
class Settings:
    """What may be set from outside."""

    database_url: str = _setting(
        "sqlite:///verbatim.db", "`sqlite:///FILE` or `postgresql://…` (several hosts: libpq's form)"
    )
    public_read: bool = _setting(True, "`false`: reading needs a key too")
    require_if_match: bool = _setting(False, "`true`: PUT, PATCH and DELETE without `If-Match` are refused with 428")
    max_body_bytes: int = _setting(1_048_576, "the largest JSON body, and the longest line of an import, in bytes")
    pool_size: int = _setting(16, "database connections a process keeps at most")
    lock_seconds: int = _setting(5, "how long a write waits for the one before it, before it is answered 503")

    @classmethod
    def from_environment(cls, environment: Mapping[str, str] = os.environ) -> "Settings":
        """Read the settings. Raises Misconfigured for an unknown or unreadable `VERBATIM_*` variable."""
        known = {PREFIX + each.name.upper(): each for each in fields(cls)}
        # The test suite has variables of its own.
        given = {name for name in environment if name.startswith(PREFIX) and not name.startswith(PREFIX + "TEST_")}
        if unknown := sorted(given - known.keys()):
            raise Misconfigured(f"Unknown setting: {', '.join(unknown)}. Known: {', '.join(sorted(known))}.")
        return cls(**{known[name].name: _read(name, environment[name], known[name].type) for name in sorted(given)})


def _read(name: str, text: str, kind: Any) -> Any:
    if kind is bool:
        if text.lower() not in ("true", "false"):
            raise Misconfigured(f"{name} must be true or false, not {text!r}.")
        return text.lower() == "true"
    if kind is int:
        if not text.isascii() or not text.isdigit() or not 0 < int(text) < 2**31:
            raise Misconfigured(f"{name} must be a whole number above 0, not {text!r}.")
        return int(text)
    return text
