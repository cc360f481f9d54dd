"""/v1/speakers, /v1/agencies and /v1/outlets: three resources of one shape."""

from collections.abc import Callable
from typing import Any

from marshmallow import Schema

from schemas.names import (
    AgencyDraft,
    AgencyOut,
    AgencyPatch,
    OutletDraft,
    OutletOut,
    OutletPatch,
    SpeakerDraft,
    SpeakerOut,
    SpeakerPatch,
)
from schemas.queries import AgencyQuery, EntityWriteQuery, OutletQuery, SpeakerQuery
from service import listing, register
from service.listing import Listing, Page
from service.models import Agency, Entity, Outlet, Speaker
from service.routes import PATCH_TYPES, Call, Reply, Routes, View
from service.selecting import AGENCIES, OUTLETS, SPEAKERS

route = Routes()


def _resource(
    model: type[Entity],
    every: Listing,
    *,
    query: type[Schema],
    draft: type[Schema],
    patch: type[Schema],
    out: Schema,
) -> None:
    """Declare the routes of one kind of entity."""
    noun, one = model.noun, f"{model.path}/<id:id>"

    def declare(method: str, path: str, summary: str, **options: Any) -> Callable[[View], View]:
        def describe(view: View) -> View:
            view.__doc__ = summary
            return route(method, path, **options)(view)

        return describe

    @declare("GET", model.path, f"List {model.path[4:]} by name.", query=query, returns={200: [out]}, needs="read")
    def search(call: Call) -> Page:
        return listing.page(every, call.query)

    @declare(
        "POST", model.path,
        f"Store {_a(noun)}.\n\nAnother of the same name answers 409, unless on_duplicate says otherwise.",
        body=draft, query=EntityWriteQuery, returns={201: out, 200: out}, needs="write", problems=("duplicate",),
    )  # fmt: skip
    def create(call: Call) -> Reply:
        entity, new = register.add(model, call.body, actor=call.actor, on_duplicate=call.query["on_duplicate"])
        return Reply(entity, 201 if new else 200)

    @declare("GET", one, f"Get {_a(noun)}.", returns={200: out}, needs="read", problems=("gone",))
    def get(call: Call) -> Entity:
        return model.find(call.id)

    @declare(
        "PATCH", one,
        f"Change some fields of {_a(noun)}, by JSON merge patch (RFC 7396).\n\n"
        "A name that is changed is found no more; keep it as an alias if it should be.",
        body=patch, body_types=PATCH_TYPES, returns={200: out}, needs="write", problems=("gone", "duplicate"),
    )  # fmt: skip
    def change(call: Call) -> Entity:
        return register.change(model.find(call.id), call.body, actor=call.actor, expected=call.expected)

    @declare(
        "DELETE", one, f"Delete {_a(noun)} that no statement names.",
        returns={204: None}, needs="write", problems=("gone", "conflict"),
    )  # fmt: skip
    def delete(call: Call) -> None:
        register.delete(model.find(call.id), actor=call.actor, expected=call.expected)

    @declare(
        "POST", f"{one}/restore", f"Undo the deletion of {_a(noun)}.",
        returns={200: out}, needs="write", problems=("duplicate",),
    )  # fmt: skip
    def restore(call: Call) -> Entity:
        return register.restore(model.find(call.id, deleted=True), actor=call.actor, expected=call.expected)


def _a(noun: str) -> str:
    return f"{'an' if noun[0] in 'aeiou' else 'a'} {noun}"


_resource(Speaker, SPEAKERS, query=SpeakerQuery, draft=SpeakerDraft, patch=SpeakerPatch, out=SpeakerOut())
_resource(Agency, AGENCIES, query=AgencyQuery, draft=AgencyDraft, patch=AgencyPatch, out=AgencyOut())
_resource(Outlet, OUTLETS, query=OutletQuery, draft=OutletDraft, patch=OutletPatch, out=OutletOut())
