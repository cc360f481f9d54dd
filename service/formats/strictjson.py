"""JSON (RFC 8259, I-JSON): read strictly, written compactly or for a reader."""

import json
import math
import re
from collections.abc import Iterable
from typing import Any, Never

import orjson

_WIDTH = 160
_DEEPEST = 50  # levels; nothing that this service reads has more than four
_TOO_DEEP = f"Nested more than {_DEEPEST} levels deep."
_SURROGATE = re.compile(r"\\u[dD][89a-fA-F]")


def loads(raw: bytes) -> Any:
    """Parse one JSON text. Raises ValueError, with a sentence, for what cannot be kept exactly.

    Refused beyond RFC 8259's grammar: a name twice in one object, numbers beyond 64 bits or doubles,
    halves of surrogate pairs, and nesting beyond any use.
    """
    try:
        text = raw.decode()
    except UnicodeDecodeError as error:
        raise ValueError(f"Not valid UTF-8: byte {error.start + 1} cannot be read.") from None
    if not text.strip():
        raise ValueError("Empty: a JSON document is expected.")
    try:
        value = json.loads(
            text, object_pairs_hook=_object, parse_constant=_constant, parse_int=_integer, parse_float=_float
        )
    except json.JSONDecodeError as error:
        raise ValueError(f"Not valid JSON: {error.msg} at line {error.lineno}, column {error.colno}.") from None
    except RecursionError:
        raise ValueError(_TOO_DEEP) from None
    if text.count("[") + text.count("{") > _DEEPEST and _deeper(value, _DEEPEST):
        raise ValueError(_TOO_DEEP)
    if _SURROGATE.search(text) and not _encodable(value):
        raise ValueError("Holds half of a surrogate pair, which is not a character.")
    return value


def dumps(value: Any, *, readable: bool = False) -> bytes:
    """`value` as JSON in UTF-8 with a newline at the end; `readable` indents what does not fit a line."""
    if readable:
        return (_laid_out(value, "") + "\n").encode()
    return orjson.dumps(value, option=orjson.OPT_APPEND_NEWLINE)


def _laid_out(value: Any, indent: str) -> str:
    """One member a line; small objects and lists stay on the line of their name."""
    flat = json.dumps(value, ensure_ascii=False)
    if not isinstance(value, dict | list) or not value or (indent and len(flat) <= _WIDTH and not _has_objects(value)):
        return flat
    inner = indent + "  "
    if isinstance(value, list):
        return "[\n" + ",\n".join(inner + _laid_out(each, inner) for each in value) + f"\n{indent}]"
    members = (
        f"{inner}{json.dumps(name, ensure_ascii=False)}: {_laid_out(each, inner)}" for name, each in value.items()
    )
    return "{\n" + ",\n".join(members) + f"\n{indent}}}"


def _has_objects(value: Any) -> bool:
    return any(isinstance(each, dict) for each in (value.values() if isinstance(value, dict) else value))


def _object(pairs: Iterable[tuple[str, Any]]) -> dict[str, Any]:
    pairs = list(pairs)
    found = dict(pairs)
    if len(found) < len(pairs):
        seen: set[str] = set()
        twice = next(name for name, _ in pairs if name in seen or seen.add(name))  # type: ignore[func-returns-value]
        raise ValueError(f"The name “{twice[:80]}” stands twice in one object.")
    return found


def _constant(text: str) -> Never:
    raise ValueError(f"{text} is not JSON.")


def _integer(text: str) -> int:
    if len(text) > 20 or not -(2**63) <= int(text) < 2**63:  # noqa: PLR2004 - digits of a 64-bit number
        raise ValueError(f"The number {text[:30]} does not fit 64 bits.")
    return int(text)


def _float(text: str) -> float:
    if not math.isfinite(number := float(text)):
        raise ValueError(f"The number {text[:30]} is too large.")
    return number


def _deeper(value: Any, levels: int) -> bool:
    """Whether `value` is nested more than `levels` deep; level by level, since a stack is what it may exceed."""
    level = [value]
    for _ in range(levels + 1):
        level = [
            inner
            for each in level
            if isinstance(each, dict | list)
            for inner in (each.values() if isinstance(each, dict) else each)
        ]
    return bool(level)


def _encodable(value: Any) -> bool:
    try:
        json.dumps(value, ensure_ascii=False).encode()
    except UnicodeEncodeError:
        return False
    return True
