"""Migrations, run by `playhouse.migrations` in the order of their numbers.

A new one is a file `NNNN_what.py` with `up(migrator, db)`; the models do not appear in it.
"""

from pathlib import Path

from playhouse.migrations import Runner

from service.db import proxy, writing


def pending() -> list[str]:
    """The names of the migrations that the bound database still lacks."""
    with proxy.connection_context():
        return [each.name for each in _runner().status() if not each.applied]


def apply() -> list[str]:
    """Run what is pending, all of it or nothing, and return the names."""
    with writing():
        return list(_runner().up())


def _runner() -> Runner:
    return Runner(proxy.obj, str(Path(__file__).parent))
