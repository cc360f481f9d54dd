"""Query strings, one class a resource. A parameter that is not declared here is an error."""

from collections.abc import Mapping
from typing import Any

from marshmallow import Schema, ValidationError, validates_schema

from schemas import codes, edtf, instants
from schemas.fields import Choice, CommaList, Flag, Strict, Text, Whole, language, url
from schemas.names import SPEAKER_KINDS, AgencyOut, OutletOut, SpeakerOut, spelling
from schemas.statements import KINDS, STATUSES, StatementOut, StatementRecordOut, topic_spelling
from schemas.topics import TopicOut

MAX_LIMIT = 200
DUPLICATES = ("refuse", "skip", "link", "allow")


def names(what: str) -> CommaList:
    """Ids or names of `what`."""
    return CommaList(Text(300, check=spelling), metadata={"description": f"Ids or names of {what}; a comma means or."})


def phrases(what: str) -> CommaList:
    """Strings that match whole, however they are spelt."""
    return CommaList(
        Text(500), metadata={"description": f"{what}, whole; case, accents and punctuation do not matter."}
    )


def _plain_date(text: str) -> edtf.Span:
    if "/" in text or text[-1] in "?~%":
        raise ValueError("A plain date is expected: 2025-06-11, 2025-06 or 2025.")
    return edtf.parse(text)


def _moment(text: str) -> edtf.Span:
    return instants.parse(instants.normalise(text))


class Bound(Text):
    """A date or moment that bounds a filter: loads to the `Span` of what it covers."""

    def __init__(self, check: Any, description: str) -> None:
        super().__init__(50, check=check, metadata={"description": description})


def _sorts(*names: str, default: str) -> Choice:
    both = [sign + name for name in names for sign in ("", "-")]
    return Choice(both, load_default=default, metadata={"description": "A leading - turns the order round."})


class FieldList(CommaList):
    """`fields=`: the names of the fields to answer with."""

    def __init__(self, schema: type[Schema]) -> None:
        known = Choice(schema().fields)
        super().__init__(
            known,
            most=100,
            data_key="fields",
            metadata={"description": "Only these fields, separated by commas."},
        )


class Paging(Strict):
    """What every list takes."""

    limit = Whole(1, MAX_LIMIT, load_default=20)
    cursor = Text(2000, metadata={"description": "Where to go on: taken from `next`, opaque."})
    count = Flag(load_default=False, metadata={"description": "Also answer `total`, the number of matches."})


class StatementFilters(Strict):
    """Which statements: every filter must match; a comma means or."""

    speaker = names("speakers")
    on_behalf_of = names("principals")
    agency = names("agencies")
    outlet = names("outlets")
    language = CommaList(language(), metadata={"description": "BCP 47 ranges (RFC 4647): fr also matches fr-CA."})
    kind = CommaList(Choice(KINDS))
    status = CommaList(Choice(STATUSES))
    topic = CommaList(Text(200, check=topic_spelling), metadata={"description": "Names of topics."})
    role = phrases("The role as printed")
    event = phrases("The event")
    place = phrases("The place")
    since = Bound(_plain_date, "Said on this day, month or year or later; a vague date matches if it may be.")
    until = Bound(_plain_date, "Said on this day, month or year or earlier.")
    published_since = Bound(_moment, "First published then or later: a date or a timestamp.")
    published_until = Bound(_moment, "First published then or earlier.")
    url = CommaList(
        url(),
        comma=",(?=https?://)",
        metadata={"description": "Addresses of articles; tracking parameters do not matter."},
    )
    ref = CommaList(Text(200), whole=True, metadata={"description": "The clients' own identifiers."})

    @validates_schema
    def _in_order(self, data: Mapping[str, Any], **_: Any) -> None:
        for prefix in ("", "published_"):
            since, until = data.get(prefix + "since"), data.get(prefix + "until")
            if since and until and since.earliest > until.latest:
                raise ValidationError(f"Lies after {prefix}until.", prefix + "since")


STATEMENT_SORTS = ("date", "published", "created_at", "updated_at", "id")


class StatementQuery(StatementFilters, Paging):
    """A page of statements."""

    sort = _sorts(*STATEMENT_SORTS, default="-date")
    wanted = FieldList(StatementOut)


class StatementExport(StatementFilters):
    """Every statement that matches, as a stream. In the order of the ids, an import of it gives the same order."""

    sort = _sorts(*STATEMENT_SORTS, default="id")
    wanted = FieldList(StatementRecordOut)


class StatementFields(Strict):
    """One statement."""

    wanted = FieldList(StatementOut)


class WriteQuery(Strict):
    """How to store a statement that may be there already."""

    on_duplicate = Choice(
        DUPLICATES,
        load_default="refuse",
        metadata={
            "description": "The same words by the same speaker: `refuse` answers 409 if the article is the same too; "
            "`skip` answers with the stored statement; `link` adds the article to it as an appearance; "
            "`allow` stores another."
        },
    )


class EntityWriteQuery(Strict):
    """How to store an entity whose name is taken."""

    on_duplicate = Choice(("refuse", "skip", "allow"), load_default="refuse")


class _EntityQuery(Paging):
    name = phrases("A name or alias, or words of it")
    wikidata = CommaList(Text(20, check=codes.wikidata))
    country = CommaList(Text(2, check=codes.country))
    sort = _sorts("name", "created_at", "updated_at", "id", default="name")


class SpeakerQuery(_EntityQuery):
    """A page of speakers."""

    kind = CommaList(Choice(SPEAKER_KINDS))
    wanted = FieldList(SpeakerOut)


class AgencyQuery(_EntityQuery):
    """A page of agencies."""

    code = phrases("The short form")
    wanted = FieldList(AgencyOut)


class OutletQuery(_EntityQuery):
    """A page of outlets."""

    domain = CommaList(Text(253, check=codes.domain))
    wanted = FieldList(OutletOut)


class TopicQuery(Paging):
    """A page of topics."""

    name = phrases("A name")
    sort = _sorts("name", default="name")
    wanted = FieldList(TopicOut)


class ImportQuery(Strict):
    """How to import."""

    mode = Choice(
        ("atomic", "partial"),
        load_default="atomic",
        metadata={"description": "`atomic` stores all rows or none; `partial` stores those that can be."},
    )
    dry_run = Flag(load_default=False, metadata={"description": "Report what would happen; store nothing."})
    on_duplicate = Choice(
        DUPLICATES, load_default="skip", metadata={"description": "As on POST, but skips unless told."}
    )


class Nothing(Strict):
    """No parameters."""
