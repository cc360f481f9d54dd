"""Who may do what: every declared route, with every kind of key."""

import dataclasses
import re

import pytest
from conftest import Api, check_problem, draft

from service import db
from service.app import ROUTES, create_app
from service.models import ApiKey, Revision

# Who asks, and what reading and writing answer; "yes" is any answer but 401 and 403.
ACCESS = {
    "garbage": (401, 401),
    "not ASCII": (401, 401),
    "blank": (401, 401),
    "another scheme": (401, 401),
    "expired": (401, 401),
    "revoked": (401, 401),
    "nobody": ("yes", 401),
    "reader": ("yes", 403),
    "reviewer": ("yes", 403),
    "writer": ("yes", "yes"),
    "admin": ("yes", "yes"),
}
EVERY_ROUTE = pytest.mark.parametrize(("method", "path"), [(route.method, route.path) for route in ROUTES])
ENTITIES = {"speakers": "speaker", "agencies": "agency", "outlets": "outlet"}


@pytest.fixture
def authorization(api):
    """A function that gives the Authorization header of someone; None for nobody."""

    def header(who):
        if who in api.installed.keys:
            return f"Bearer {api.installed.keys[who]}"
        if who == "expired":
            return f"Bearer {ApiKey.issue('late', ['admin'], expires_at='2025-06-11')}"
        if who == "revoked":
            secret = ApiKey.issue("gone", ["admin"])
            ApiKey.revoke("gone")
            return f"Bearer {secret}"
        return {
            "nobody": None,
            "garbage": "Bearer vbt_garbage",
            "not ASCII": "Bearer vbt_ключ".encode().decode("latin-1"),
            "blank": "Bearer ",
            "another scheme": f"Basic {api.installed.keys['admin']}",
        }[who]

    return header


@pytest.fixture(scope="module")
def closed(installed):
    """The same service on the same database, with reading closed."""
    return dataclasses.replace(installed, app=create_app(dataclasses.replace(installed.settings, public_read=False)))


@pytest.fixture
def closed_api(closed, api, contract):
    return Api(closed, contract)


def ask(api, method, path, authorization, **options):
    headers = {"Authorization": authorization} if authorization is not None else {}
    return api(method, path, key=None, headers=headers, **options)


def request_for(api, method, path):
    """A request that the route takes: where, and with what."""
    statement = api.store(outlet="The Example")
    folder = path.split("/")[2] if path.startswith("/v1/") else ""
    id_ = statement[ENTITIES[folder]]["id"] if folder in ENTITIES else statement["id"]
    address = path.replace("<id:id>", str(id_)).replace("<name>", "invalid")
    if path == "/v1/import":
        return address, {"data": b"{}", "content_type": "application/x-ndjson"}
    if method in ("POST", "PUT") and folder == "statements" and not path.endswith("restore"):
        return address, {"json": draft(text="Another.")}
    if method in ("POST", "PATCH") and not path.endswith("restore"):
        return address, {"json": {"name": "Another Name"} if folder in ENTITIES else {"role": "editor"}}
    return address, {}


def outcome(response):
    """401, 403 or "yes": the refusals are what they must be, and stored nothing."""
    if response.status_code not in (401, 403):
        assert response.status_code != 500, response.text
        return "yes"
    check_problem(response, response.status_code, {401: "unauthorized", 403: "forbidden"}[response.status_code])
    assert response.headers.get("WWW-Authenticate") == ("Bearer" if response.status_code == 401 else None)
    return response.status_code


def outcomes(api, authorization, method, path):
    """What everyone is answered. Those who may not come first, and what they ask for changes nothing."""
    address, options = request_for(api, method, path)
    before = Revision.select().count()
    found = {}
    for who in ACCESS:
        found[who] = outcome(ask(api, method, address, authorization(who), **options))
        assert found[who] == "yes" or Revision.select().count() == before
    return found


def expected(method, path, *, nobody="yes"):
    """What ACCESS says of a route; what tells about the service itself is for everyone, whatever key they have."""
    if not path.startswith("/v1/"):
        return dict.fromkeys(ACCESS, "yes")
    if method == "GET":
        return {who: reading for who, (reading, _) in ACCESS.items()} | {"nobody": nobody}
    return {who: writing for who, (_, writing) in ACCESS.items()}


@EVERY_ROUTE
def test_each_route_is_open_to_those_it_is_for(api, authorization, method, path):
    assert outcomes(api, authorization, method, path) == expected(method, path)


@EVERY_ROUTE
def test_reading_can_be_closed(closed_api, authorization, method, path):
    assert outcomes(closed_api, authorization, method, path) == expected(method, path, nobody=401)


@pytest.mark.parametrize("accept", ["text/csv", "application/x-ndjson", "text/html"])
def test_no_format_is_a_way_around_closed_reading(closed_api, accept):
    response = closed_api.get("/v1/statements", headers={"Accept": accept})
    check_problem(response, 401, "unauthorized")


@pytest.mark.parametrize("path", ["/v1/statements", "/v1/statements/1", "/v1/statements.csv"])
def test_head_is_as_closed_as_get(closed_api, path):
    assert closed_api("HEAD", path, key=None).status_code == 401


@pytest.mark.parametrize("path", ["/openapi.json", "/openapi.yaml"])
def test_the_contract_can_be_read_where_reading_is_closed(closed_api, path):
    assert closed_api.installed.app.test_client().get(path).status_code == 200


def test_an_unknown_address_is_not_found_whoever_asks(closed_api):
    check_problem(closed_api.get("/v1/nothing"), 404, "not-found")


@pytest.mark.parametrize(("method", "path", "body"), [
    ("POST", "/v1/statements", b"{"),
    ("POST", "/v1/statements?colour=red", b"{}"),
    ("POST", "/v1/import?mode=half", b""),
    ("PATCH", "/v1/statements/999999", b"{}"),
    ("DELETE", "/v1/statements/999999", b""),
])  # fmt: skip
def test_who_may_not_write_learns_nothing_else(api, method, path, body):
    check_problem(api(method, path, key=None, data=body), 401, "unauthorized")


@pytest.mark.parametrize("header", ["Bearer {}", "bearer {}", "BEARER {}", "Bearer   {}  "])
def test_the_scheme_is_told_in_any_case(api, header):
    response = ask(api, "POST", "/v1/statements", header.format(api.installed.keys["writer"]), json=draft())
    assert response.status_code == 201


@pytest.mark.parametrize("header", [
    "", "Bearer", "{0}", "Token {0}", "Bearer {0}x", "Bearer {0},Bearer {0}", "Bearer {0} {0}", 'Bearer "{0}"',
])  # fmt: skip
def test_a_header_that_holds_no_key_is_refused(api, header):
    response = ask(api, "GET", "/v1/statements", header.format(api.installed.keys["admin"]))
    assert outcome(response) == 401


@pytest.mark.parametrize("change", [str.upper, str.lower, lambda secret: secret[:-1], lambda secret: secret[4:]])
def test_a_secret_that_is_nearly_right_is_wrong(api, change):
    response = ask(api, "GET", "/v1/statements", f"Bearer {change(api.installed.keys['admin'])}")
    check_problem(response, 401, "unauthorized")


@pytest.mark.parametrize(("expires", "status"), [
    (None, 201), ("2999", 201), ("2999-01-01", 201), ("2999-01-01T00:00:00Z", 201),
    ("2020", 401), ("2020-06", 401), ("2020-06-11", 401), ("2020-06-11T10:00:00Z", 401),
])  # fmt: skip
def test_a_key_ends_when_it_says(api, expires, status):
    secret = ApiKey.issue("passing", ["write"], expires_at=expires)
    assert ask(api, "POST", "/v1/statements", f"Bearer {secret}", json=draft()).status_code == status


@pytest.mark.parametrize(("scopes", "status"), [
    (["read"], 403), (["review"], 403), (["read", "review"], 403), ([], 403),
    (["write"], 201), (["read", "write"], 201), (["admin"], 201),
])  # fmt: skip
def test_scopes_add_up(api, scopes, status):
    secret = ApiKey.issue("somebody", scopes)
    assert ask(api, "POST", "/v1/statements", f"Bearer {secret}", json=draft()).status_code == status


def test_a_refusal_says_which_scope_is_missing(api):
    problem = check_problem(api.post("/v1/statements", draft(), key="reader"), 403, "forbidden")
    assert "reader" in problem["detail"]
    assert "write" in problem["detail"]


def test_an_answer_to_a_key_is_not_for_shared_caches(api):
    response = ask(api, "GET", "/v1/statements", f"Bearer {api.installed.keys['reader']}")
    assert "private" in response.headers["Cache-Control"]
    assert "private" not in api.get("/v1/statements").headers["Cache-Control"]


def test_the_key_is_the_actor_in_the_history(api):
    statement = api.store()
    revision = Revision.select().where(Revision.entity == "statement", Revision.entity_id == statement["id"]).get()
    assert revision.actor == "writer"


@pytest.mark.parametrize("before", [None, "2020-01-01T00:00:00.000Z"])
@pytest.mark.parametrize("method", ["GET", "POST"])
def test_the_last_use_is_noted(api, method, before):
    secret = ApiKey.issue("somebody", ["write"])
    ApiKey.update(last_used_at=before).where(ApiKey.name == "somebody").execute()
    ask(api, method, "/v1/statements", f"Bearer {secret}", **({"json": draft()} if method == "POST" else {}))
    noted = ApiKey.get(ApiKey.name == "somebody").last_used_at
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", noted)
    assert noted > "2020-01-02"


def test_a_key_that_is_refused_was_not_used(api):
    secret = ApiKey.issue("late", ["write"], expires_at="2025-06-11")
    ask(api, "GET", "/v1/statements", f"Bearer {secret}")
    assert ApiKey.get(ApiKey.name == "late").last_used_at is None


def test_the_secret_is_nowhere_in_the_database(api):
    secret = ApiKey.issue("somebody", ["write"])
    ask(api, "POST", "/v1/statements", f"Bearer {secret}", json=draft())
    tables = db.proxy.get_tables()
    assert "api_key" in tables
    stored = {table: repr(db.proxy.execute_sql(f'SELECT * FROM "{table}"').fetchall()) for table in tables}
    assert [table for table, rows in stored.items() if secret.removeprefix("vbt_") in rows] == []


def test_the_secret_is_in_no_answer(api):
    secret = ApiKey.issue("somebody", ["read"])
    for method, path in (("GET", "/v1/statements"), ("POST", "/v1/statements"), ("GET", "/v1/nothing")):
        response = ask(api, method, path, f"Bearer {secret}")
        assert secret not in response.text + str(response.headers)
