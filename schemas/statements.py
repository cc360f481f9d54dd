"""Statements: one wording, in one language, of what one speaker said."""

from collections.abc import Mapping
from typing import Any

from marshmallow import ValidationError, fields, post_load, validates_schema

from schemas.fields import (
    MAX_ID,
    Choice,
    Listed,
    Out,
    Patch,
    Strict,
    Text,
    WholeNumber,
    edtf_date,
    language,
    published,
    url,
)
from schemas.folding import name_key
from schemas.names import (
    AgencyReference,
    AgencySummary,
    OutletReference,
    OutletSummary,
    Reference,
    SpeakerReference,
    SpeakerSummary,
)

KINDS = ("direct", "indirect", "mixed")
STATUSES = ("unreviewed", "confirmed", "corrected", "disputed", "denied", "misattributed", "retracted")
SOURCES = ("agency", "outlet")
SOURCELESS = "An agency or an outlet is required: a statement has a source."


def topic_spelling(topic: str) -> None:
    """Refuse a topic that could never be found again."""
    if not name_key(topic):
        raise ValueError("Must hold a letter or a digit.")


class StatementLink(fields.Field[int | str]):
    """Another statement, by its id (a number) or its ref (a string)."""

    default_error_messages = {"invalid": "The id or the ref of a statement is expected."}  # noqa: RUF012
    _id, _ref = WholeNumber(1, MAX_ID), Text(200)

    def _deserialize(self, value: Any, attr: str | None, data: Mapping[str, Any] | None, **kwargs: Any) -> Any:
        if isinstance(value, bool) or not isinstance(value, int | str):
            raise self.make_error("invalid")
        return (self._ref if isinstance(value, str) else self._id).deserialize(value, attr, data)


class AppearanceDraft(Strict):
    """One printing: who carried it, who printed it, where, when, and under which headline."""

    agency = Reference(AgencyReference, allow_none=True)
    outlet = Reference(OutletReference, allow_none=True)
    published = published(allow_none=True)
    url = url(allow_none=True)
    headline = Text(1000, allow_none=True)
    byline = Text(500, allow_none=True)
    dateline = Text(300, allow_none=True)

    @validates_schema(skip_on_field_errors=False)
    def _has_a_source(self, data: Mapping[str, Any], *, partial: Any, **_: Any) -> None:
        # A patch is judged once it is merged. A source that was refused is absent here, and is not missing.
        if not partial and not any(data.get(source, True) for source in SOURCES):
            raise ValidationError(SOURCELESS, "agency")


class StatementDraft(AppearanceDraft):
    """A new statement with its first appearance, in one flat document."""

    text = Text(10_000, required=True)
    language = language(required=True)
    kind = Choice(KINDS, load_default="direct")
    speaker = Reference(SpeakerReference, required=True)
    role = Text(500, allow_none=True)
    on_behalf_of = Reference(SpeakerReference, allow_none=True)
    date = edtf_date(required=True, allow_none=True)
    event = Text(500, allow_none=True)
    place = Text(500, allow_none=True)
    topics = Listed(Text(200, check=topic_spelling), 50, load_default=list)
    prefix = Text(2000, allow_none=True)
    suffix = Text(2000, allow_none=True)
    translation_of = StatementLink(allow_none=True, load_default=None)
    ref = Text(200, allow_none=True)
    other_appearances = Listed(
        fields.Nested(AppearanceDraft),
        500,
        load_default=list,
        metadata={"description": "Further printings of the same words, beside the first."},
    )


class StatementRecord(StatementDraft):
    """A statement as this service puts it out, coming back: a draft that may carry what a database adds.

    `id` and `version` are those of the database that wrote it; what is derived is accepted and not stored.
    """

    id = WholeNumber(1, MAX_ID)
    version = WholeNumber(1, 10**17)
    status = fields.Raw(allow_none=True)
    appearance_count = fields.Raw(allow_none=True)
    source_count = fields.Raw(allow_none=True)
    created_at = fields.Raw(allow_none=True)
    updated_at = fields.Raw(allow_none=True)

    DERIVED = ("status", "appearance_count", "source_count", "created_at", "updated_at")

    @post_load
    def _drop_derived(self, data: dict[str, Any], **_: Any) -> dict[str, Any]:
        return {key: value for key, value in data.items() if key not in self.DERIVED}


class StatementReplacement(StatementRecord):
    """A statement as a GET answers it, edited. Its printings beside the first are not part of it."""

    class Meta:
        exclude = ("other_appearances",)


class StatementPatch(Patch, StatementDraft):
    """A JSON merge patch of a statement: null takes a field away, what is absent stays."""

    class Meta:
        exclude = ("other_appearances",)


class StatementOut(Out):
    """One wording, in one language, of what one speaker said, with its first appearance."""

    id = fields.Integer(metadata={"description": "Never reused."})
    text = fields.String()
    language = fields.String(metadata={"description": "BCP 47 tag."})
    kind = fields.String(metadata={"enum": list(KINDS)})
    speaker = fields.Nested(SpeakerSummary)
    role = fields.String(allow_none=True, metadata={"description": "The speaker's role when they said it, as printed."})
    on_behalf_of = fields.Nested(SpeakerSummary, allow_none=True)
    date = fields.String(allow_none=True, metadata={"description": "When it was said: EDTF (ISO 8601-2)."})
    agency = fields.Nested(AgencySummary, allow_none=True)
    outlet = fields.Nested(OutletSummary, allow_none=True)
    published = fields.String(allow_none=True)
    url = fields.String(allow_none=True)
    headline = fields.String(allow_none=True)
    byline = fields.String(allow_none=True)
    dateline = fields.String(allow_none=True)
    event = fields.String(allow_none=True)
    place = fields.String(allow_none=True)
    topics = fields.List(fields.String())
    prefix = fields.String(allow_none=True, metadata={"description": "The words before it in the article."})
    suffix = fields.String(allow_none=True, metadata={"description": "The words after it in the article."})
    translation_of = fields.Integer(allow_none=True, attribute="translation_of_id")
    status = fields.String(metadata={"enum": list(STATUSES), "description": "Derived from reviews."})
    appearance_count = fields.Integer()
    source_count = fields.Integer(
        metadata={"description": "Independent sources: distinct agencies, or outlets where there is no agency."}
    )
    ref = fields.String(allow_none=True, metadata={"description": "The client's own stable identifier."})
    version = fields.Integer(metadata={"description": "Grows by one with every change; the ETag."})
    created_at = fields.String(metadata={"format": "date-time"})
    updated_at = fields.String(metadata={"format": "date-time"})


class AppearanceOut(Out):
    """One printing of a statement."""

    agency = fields.Nested(AgencySummary, allow_none=True)
    outlet = fields.Nested(OutletSummary, allow_none=True)
    published = fields.String(allow_none=True)
    url = fields.String(allow_none=True)
    headline = fields.String(allow_none=True)
    byline = fields.String(allow_none=True)
    dateline = fields.String(allow_none=True)


class StatementRecordOut(StatementOut):
    """A statement in an export: with every printing, so that it imports again unchanged."""

    other_appearances = fields.List(fields.Nested(AppearanceOut))
