"""The service about itself: front page, health, problem types."""

from typing import Any

from schemas.reports import Health, Index, ProblemTypeOut
from service import __version__, db
from service.errors import NotFound
from service.problems import PROBLEMS
from service.routes import Call, Routes

route = Routes()


@route("GET", "/", returns={200: Index()}, needs="public")
def index(_: Call) -> dict[str, Any]:
    """Show what is where."""
    links = {name: f"/v1/{name}" for name in ("statements", "speakers", "agencies", "outlets", "topics", "import")}
    return {
        "name": "Verbatim",
        "version": __version__,
        "description": "Who said what, when, carried by which agency, printed by which outlet.",
        "links": {**links, "openapi": "/openapi.yaml", "health": "/health/ready"},
    }


@route("GET", "/health/live", returns={200: Health()}, needs="public")
def live(_: Call) -> dict[str, Any]:
    """Tell that the process answers."""
    return {"status": "ok"}


@route("GET", "/health/ready", returns={200: Health()}, needs="public")
def ready(_: Call) -> dict[str, Any]:
    """Tell that the database answers."""
    db.proxy.execute_sql("SELECT 1 FROM installation").fetchone()
    return {"status": "ok"}


@route("GET", "/problems/<name>", returns={200: ProblemTypeOut()}, needs="public")
def problem(call: Call) -> dict[str, Any]:
    """Explain a type of problem document (RFC 9457)."""
    name = call.path["name"]
    if name not in PROBLEMS:
        raise NotFound(f"There is no problem type {name}. There are: {', '.join(PROBLEMS)}.")
    known = PROBLEMS[name]
    return {
        "type": f"/problems/{name}",
        "title": known.title,
        "status": known.status,
        "detail": known.meaning,
    }
