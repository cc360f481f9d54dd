"""The house stands as it was designed: floors, routes, documents, sizes."""

import ast
import re
from pathlib import Path

import pytest
from conftest import KEYS

from service import auth, errors
from service.app import ROUTES
from service.models.keys import SCOPES
from service.problems import DOMAIN, PROBLEMS

HERE = Path(__file__).parent.parent
# A module imports from lower floors; on its own floor it may, as long as nobody imports in a ring.
FLOORS = {
    "schemas": 0,
    "service.errors": 1,
    "service.settings": 1,
    "service.db": 1,
    "service.migrations": 1,
    "service.models": 2,
    "service.register": 3,
    "service.naming": 3,
    "service.labels": 3,
    "service.reporting": 3,
    "service.references": 3,
    "service.composing": 3,
    "service.amend": 3,
    "service.record": 3,
    "service.listing": 3,
    "service.selecting": 3,
    "service.formats": 3,
    "service.exchange": 3,
    "service.problems": 4,
    "service.routes": 4,
    "service.auth": 4,
    "service.http": 4,
    "service.openapi": 4,
    "service.api": 5,
    "service.app": 6,
    "service.serving": 6,
    "service.cli": 6,
}
FLASK = {"service.auth", "service.http", "service.app"}


def _modules() -> dict[str, ast.Module]:
    files = [*HERE.glob("schemas/*.py"), *HERE.glob("service/**/*.py")]
    named = {".".join(path.relative_to(HERE).with_suffix("").parts).removesuffix(".__init__"): path for path in files}
    return {name: ast.parse(path.read_text()) for name, path in named.items() if not name.split(".")[-1][0].isdigit()}


def _imports(name: str, tree: ast.Module) -> set[str]:
    known = MODULES.keys()
    found = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and node.module:
            found.update(
                f"{node.module}.{each.name}" if f"{node.module}.{each.name}" in known else node.module
                for each in node.names
            )
        elif isinstance(node, ast.Import):
            found.update(each.name for each in node.names)
    return found - {"service"}


MODULES = _modules()
IMPORTS = {name: _imports(name, tree) for name, tree in MODULES.items()}


def _floor(name: str) -> int:
    return next(FLOORS[prefix] for prefix in sorted(FLOORS, reverse=True) if f"{name}.".startswith(f"{prefix}."))


@pytest.mark.parametrize("name", sorted(set(MODULES) - {"service"}))
def test_a_module_imports_from_its_own_floor_or_lower(name):
    ours = [each for each in IMPORTS[name] if each.split(".")[0] in ("service", "schemas")]
    assert [each for each in ours if _floor(each) > _floor(name)] == []


def test_nobody_imports_in_a_ring():
    done: set[str] = set()

    def visit(name: str, path: tuple[str, ...]) -> None:
        assert name not in path, " -> ".join((*path, name))
        if name not in done:
            for each in IMPORTS.get(name, ()):
                visit(each, (*path, name))
            done.add(name)

    for name in IMPORTS:
        visit(name, ())


def test_resources_never_import_each_other_and_nobody_imports_the_root():
    for name, imports in IMPORTS.items():
        if name.startswith("service.api."):
            assert not [each for each in imports if each.startswith("service.api")]
        assert name == "service.cli" or not imports & {"service.app", "service.cli"}


def test_only_the_edge_knows_flask_and_the_schemas_know_only_marshmallow():
    for name, imports in IMPORTS.items():
        outside = {each.split(".")[0] for each in imports}
        assert name in FLASK or "flask" not in outside, name
        if name.startswith("schemas"):
            assert not outside & {"peewee", "flask", "werkzeug", "orjson", "service"}, name


def test_modules_and_functions_stay_small():
    for name, tree in MODULES.items():
        assert max((node.end_lineno for node in tree.body), default=0) <= 300, name
        for node in ast.walk(tree):
            if isinstance(node, ast.FunctionDef) and not name.startswith("service.api.entities"):
                assert node.end_lineno - node.lineno < 50, f"{name}.{node.name}"


@pytest.mark.parametrize("route", ROUTES, ids=lambda route: f"{route.method} {route.path}")
def test_every_route_names_its_permission_its_answers_and_its_summary(route):
    assert route.needs in auth.NEEDS
    assert route.returns
    assert (route.view.__doc__ or "").partition("\n")[0].endswith(".")
    assert set(route.problems) <= PROBLEMS.keys()


def test_every_address_that_is_served_is_declared(installed):
    served = {(rule.rule, method) for rule in installed.app.url_map.iter_rules() for method in rule.methods}
    declared = {(route.path, route.method) for route in ROUTES}
    assert {each for each in served - declared if each[1] not in ("HEAD", "OPTIONS")} == {
        ("/openapi.json", "GET"),
        ("/openapi.yaml", "GET"),
    }
    assert declared <= served


def test_every_domain_error_has_a_problem():
    known = {each for each in vars(errors).values() if isinstance(each, type) and issubclass(each, errors.DomainError)}
    assert known - {errors.DomainError} == set(DOMAIN)
    assert set(DOMAIN.values()) <= PROBLEMS.keys()


def test_the_suite_has_a_key_of_every_scope():
    assert sorted(scope for scopes in KEYS.values() for scope in scopes) == sorted(SCOPES)


def test_nothing_of_any_one_machine_is_in_the_project():
    words = re.compile(r"/(?:work|root|home)/|/tmp/|127\.0\.0\.1:\d{4,}/simple")
    for path in [*HERE.glob("*.*"), *HERE.glob("s*/**/*"), *HERE.glob(".ci/*")]:
        if path.is_file() and path.suffix not in (".pyc", ".db", ".db-wal", ".db-shm"):
            assert not words.search(path.read_text(errors="replace")), path
