"""Which statements, entities and topics there are to list, and by what they are filtered and sorted."""

import operator
from collections.abc import Callable
from functools import reduce
from typing import Any

import peewee

from schemas.folding import name_key
from service import naming
from service.errors import Invalid
from service.listing import Listing
from service.models import Agency, Entity, Outlet, Speaker, Statement, StatementTopic, Topic
from service.models.base import tuples
from service.models.statements import address_key, phrase_key

Filter = Callable[[Any], Any]


def one_of(column: Any, form: Callable[[Any], Any] | None = None) -> Filter:
    """The column has one of the values, or their forms."""
    return lambda values: column.in_([form(value) for value in values] if form else values)


def named(model: type[Entity], column: Any) -> Filter:
    """The column refers to one of the entities that are named."""
    return lambda texts: column.in_(naming.ids(model, texts))


def in_language(ranges: list[str]) -> Any:
    """The language is in one of the ranges: basic filtering of RFC 4647, section 3.3.1."""
    column = Statement.language
    return _any((column == tag) | ((column >= f"{tag}-") & (column < f"{tag}.")) for tag in ranges)


def on_topic(texts: list[str]) -> Any:
    """The statement has one of the topics. Raises Invalid for a topic that nothing has."""
    keys = {name_key(text): text for text in texts}
    known: dict[str, int] = dict(tuples(Topic.select(Topic.key, Topic.id).where(Topic.key.in_(list(keys)))))
    if missing := [text for key, text in keys.items() if key not in known]:
        raise Invalid(
            [{"pointer": "", "detail": f"No statement has the topic “{text}”: see /v1/topics."} for text in missing]
        )
    linked = StatementTopic.select(StatementTopic.statement).where(StatementTopic.topic.in_(list(known.values())))
    return Statement.id.in_(linked)


def called(model: type[Entity]) -> Filter:
    """The entity has the words of one of the texts in its names."""
    return lambda texts: _any(model.id.in_(naming.words_query(model, text)) for text in texts)


def identified(model: type[Entity], column: str) -> Filter:
    """The identifier in `column` is one of the texts, however spelt."""
    return lambda texts: model.id.in_([entity.id for text in texts for entity in model.identified(column, text)])


def _any(clauses: Any) -> Any:
    return reduce(operator.or_, clauses)


STATEMENTS = Listing(
    name="statements",
    rows=Statement.live,
    filters={
        "speaker": named(Speaker, Statement.speaker),
        "on_behalf_of": named(Speaker, Statement.on_behalf_of),
        "agency": named(Agency, Statement.agency),
        "outlet": named(Outlet, Statement.outlet),
        "language": in_language,
        "kind": one_of(Statement.kind),
        "status": one_of(Statement.status),
        "topic": on_topic,
        "role": one_of(Statement.role_key, phrase_key),
        "event": one_of(Statement.event_key, phrase_key),
        "place": one_of(Statement.place_key, phrase_key),
        "since": lambda span: Statement.date_until >= span.earliest,
        "until": lambda span: Statement.date_from <= span.latest,
        "published_since": lambda span: Statement.published_until >= span.earliest,
        "published_until": lambda span: Statement.published_from <= span.latest,
        "url": one_of(Statement.article_key, address_key),
        "ref": one_of(Statement.ref),
    },
    sorts={
        # Oldest first by the earliest day that a date may mean, newest first by the latest.
        "date": (Statement.date_from, Statement.id),
        "-date": (Statement.date_until, Statement.id),
        "published": (Statement.published_from, Statement.id),
        "-published": (Statement.published_until, Statement.id),
        "created_at": (Statement.id,),
        "updated_at": (Statement.updated_at, Statement.id),
        "id": (Statement.id,),
    },
)


def entities(model: type[Entity], **filters: Filter) -> Listing:
    """The list of a kind of entity, with `filters` of its own."""
    return Listing(
        name=model.path,
        rows=model.live,
        filters={
            "name": called(model),
            "wikidata": one_of(model.wikidata),
            "country": one_of(model.country),
            **filters,
        },
        sorts={
            "name": (model.name_key, model.id),
            "created_at": (model.id,),
            "updated_at": (model.updated_at, model.id),
            "id": (model.id,),
        },
    )


SPEAKERS = entities(Speaker, kind=one_of(Speaker.kind))
AGENCIES = entities(Agency, code=identified(Agency, "code"))
OUTLETS = entities(Outlet, domain=one_of(Outlet.domain))


def _topics() -> Any:
    uses = StatementTopic.select(peewee.fn.COUNT(StatementTopic.statement)).where(StatementTopic.topic == Topic.id)
    some = StatementTopic.select().where(StatementTopic.topic == Topic.id)
    return Topic.select(Topic, uses.alias("statement_count")).where(peewee.fn.EXISTS(some))


TOPICS = Listing(
    name="topics",
    rows=_topics,
    filters={"name": one_of(Topic.key, name_key)},
    sorts={"name": (Topic.key,)},
)
