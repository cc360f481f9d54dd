"""Statements, their appearances and their topics.

The statement's row is a whole document: it carries its first appearance and the list of its topics, so
that a page of a list is one indexed read. `appearance` and `statement_topic` are what is searched.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import peewee

from schemas import edtf, instants
from schemas.folding import bounded, digest, fold, name_key, text_key
from schemas.urls import url_key
from service.models.base import Base, JsonList, Versioned
from service.models.entities import Agency, Outlet, Speaker

PRINTED = ("agency_id", "outlet_id", "published", "url", "headline", "byline", "dateline")


def _reference(model: Any, table: str, column: str, **options: Any) -> Any:
    return peewee.ForeignKeyField(
        model, constraint_name=f"{table}_{column}_fk", lazy_load=False, index=False, backref="+", **options
    )


def printed(values: Mapping[str, Any]) -> dict[str, Any]:
    """The columns of a printing, of which `values` holds those named in PRINTED, with those derived from them.

    `article_key` is what makes two printings the same article: the address, or, without one, who carried
    and printed it, when, and under which headline.
    """
    given = {column: values[column] for column in PRINTED}
    span = instants.parse(given["published"]) if given["published"] else instants.UNKNOWN
    headline = fold(given["headline"]) if given["headline"] else None
    return {
        **given,
        "published_from": span.earliest,
        "published_until": span.latest,
        "article_key": address_key(given["url"])
        if given["url"]
        else digest(given["agency_id"], given["outlet_id"], given["published"], headline),
    }


def address_key(url: str) -> str:
    """The `article_key` of what is printed at an address."""
    return digest(url_key(url))


def described(values: Mapping[str, Any]) -> dict[str, Any]:
    """The columns that are derived from a statement's own fields."""
    span = edtf.parse(values["date"]) if values["date"] else edtf.UNKNOWN
    phrases = {f"{column}_key": values[column] and phrase_key(values[column]) for column in ("role", "event", "place")}
    return {
        "text_key": text_key(values["text"]),
        "date_from": span.earliest,
        "date_until": span.latest,
        **phrases,
    }


def phrase_key(text: str) -> str:
    """What two spellings of a role, an event or a place share."""
    return name_key(text) or bounded(fold(text))


PRINTING_COLUMNS = frozenset(printed(dict.fromkeys(PRINTED)))


class Printed(Base):
    """The columns that a printing has, here and on the statement that shows it."""

    published = peewee.TextField(null=True)
    published_from = peewee.BigIntegerField()
    published_until = peewee.BigIntegerField()
    url = peewee.TextField(null=True)
    headline = peewee.TextField(null=True)
    byline = peewee.TextField(null=True)
    dateline = peewee.TextField(null=True)
    article_key = peewee.TextField()


class Statement(Printed, Versioned):
    """One wording, in one language, of what one speaker said."""

    text = peewee.TextField()
    text_key = peewee.TextField()
    language = peewee.TextField()
    kind = peewee.TextField()
    speaker = _reference(Speaker, "statement", "speaker")
    role = peewee.TextField(null=True)
    role_key = peewee.TextField(null=True)
    on_behalf_of = _reference(Speaker, "statement", "on_behalf_of", null=True)
    date = peewee.TextField(null=True)
    date_from = peewee.BigIntegerField()
    date_until = peewee.BigIntegerField()
    agency = _reference(Agency, "statement", "agency", null=True)
    outlet = _reference(Outlet, "statement", "outlet", null=True)
    event = peewee.TextField(null=True)
    event_key = peewee.TextField(null=True)
    place = peewee.TextField(null=True)
    place_key = peewee.TextField(null=True)
    topics = JsonList()
    prefix = peewee.TextField(null=True)
    suffix = peewee.TextField(null=True)
    translation_of = _reference("self", "statement", "translation_of", null=True)
    status = peewee.TextField()
    ref = peewee.TextField(null=True)
    appearance_count = peewee.BigIntegerField()
    source_count = peewee.BigIntegerField()

    if TYPE_CHECKING:  # what peewee adds beside each reference
        speaker_id: int
        on_behalf_of_id: int | None
        translation_of_id: int | None

    noun, path = "statement", "/v1/statements"

    @classmethod
    def rows(cls) -> Any:
        """Statements with the four entities that they name, in one query."""
        return (
            cls.select(cls, Speaker, Principal, Agency, Outlet)
            .join(Speaker, on=cls.speaker)
            .join_from(cls, Principal, peewee.JOIN.LEFT_OUTER, on=cls.on_behalf_of, attr="on_behalf_of")
            .join_from(cls, Agency, peewee.JOIN.LEFT_OUTER, on=cls.agency)
            .join_from(cls, Outlet, peewee.JOIN.LEFT_OUTER, on=cls.outlet)
        )

    @property
    def etag(self) -> str:
        """The version and, once an entity that it shows was changed, how often such changes happened.

        Renaming a speaker changes what a statement answers but not its version; the tag must change all the same.
        """
        shown = (self.speaker, self.on_behalf_of, self.agency, self.outlet)
        changes = sum(entity.version - 1 for entity in shown if entity is not None)
        return f"{self.version}.{changes}" if changes else str(self.version)


Principal = Speaker.alias("principal")


class Appearance(Printed):
    """One printing of a statement. `text` is given where it was printed differently."""

    id = peewee.BigIntegerField(primary_key=True)
    statement = _reference(Statement, "appearance", "statement")
    agency = _reference(Agency, "appearance", "agency", null=True)
    outlet = _reference(Outlet, "appearance", "outlet", null=True)
    text = peewee.TextField(null=True)
    via = _reference("self", "appearance", "via", null=True)

    @property
    def printing(self) -> dict[str, Any]:
        """Its PRINTED columns, and what it quotes."""
        return {column: getattr(self, column) for column in (*PRINTED, "via_id")}

    @classmethod
    def of(cls, statement_ids: list[int]) -> Any:
        """The appearances of some statements with their agencies and outlets, each one's first first."""
        return (
            cls.select(cls, Agency, Outlet)
            .join(Agency, peewee.JOIN.LEFT_OUTER, on=cls.agency)
            .join_from(cls, Outlet, peewee.JOIN.LEFT_OUTER, on=cls.outlet)
            .where(cls.statement.in_(statement_ids))
            .order_by(cls.statement, cls.published_from, cls.id)
        )


class Topic(Base):
    """What statements are about; `name` is the first spelling seen."""

    id = peewee.BigIntegerField(primary_key=True)
    name = peewee.TextField()
    key = peewee.TextField()


class StatementTopic(Base):
    """Which live statement has which topic."""

    topic = _reference(Topic, "statement_topic", "topic")
    statement = _reference(Statement, "statement_topic", "statement")

    class Meta:
        primary_key = peewee.CompositeKey("topic", "statement")


def source_count(appearances: Sequence[Mapping[str, Any]]) -> int:
    """How many independent sources some appearances come from.

    The distinct agencies, or outlets where there is no agency, among those that quote no other.
    """
    return len(
        {(each["agency_id"], each["agency_id"] or each["outlet_id"]) for each in appearances if not each.get("via_id")}
    )


_LIVE = Statement.deleted_at.is_null()
_BY_DATE = (Statement.date_until, Statement.id)
_INDEXES: dict[str, tuple[Any, ...]] = {
    "date_until": _BY_DATE,
    "date_from": (Statement.date_from, Statement.id),
    "published_until": (Statement.published_until, Statement.id),
    "published_from": (Statement.published_from, Statement.id),
    "updated": (Statement.updated_at, Statement.id),
    "speaker": (Statement.speaker, *_BY_DATE),
    "on_behalf_of": (Statement.on_behalf_of, *_BY_DATE),
    "agency": (Statement.agency, *_BY_DATE),
    "outlet": (Statement.outlet, *_BY_DATE),
    "language": (Statement.language, *_BY_DATE),
    "kind": (Statement.kind, *_BY_DATE),
    "status": (Statement.status, *_BY_DATE),
    "role": (Statement.role_key, *_BY_DATE),
    "event": (Statement.event_key, *_BY_DATE),
    "place": (Statement.place_key, *_BY_DATE),
    "article": (Statement.article_key, Statement.id),
    "wording": (Statement.text_key, Statement.speaker),
}
for _name, _columns in _INDEXES.items():
    Statement.add_index(*_columns, name=f"statement_{_name}", where=_LIVE)
Statement.add_index(Statement.ref, name="statement_ref_unique", unique=True)
Statement.add_index(Statement.translation_of, name="statement_translation_of")
Appearance.add_index(Appearance.statement, Appearance.published_from, Appearance.id, name="appearance_statement")
Appearance.add_index(Appearance.article_key, name="appearance_article")
Appearance.add_index(Appearance.agency, name="appearance_agency")
Appearance.add_index(Appearance.outlet, name="appearance_outlet")
Topic.add_index(Topic.key, name="topic_key_unique", unique=True)
StatementTopic.add_index(StatementTopic.statement, name="statement_topic_statement")
