"""Speakers, agencies and outlets: three kinds of named entity with one shape."""

import re
from collections.abc import Mapping
from typing import Any

from marshmallow import ValidationError, fields

from schemas import codes
from schemas.fields import MAX_ID, Choice, Listed, Out, Patch, Strict, Text, WholeNumber, url
from schemas.folding import name_key

SPEAKER_KINDS = ("person", "organization", "group", "anonymous")

# A pronoun points at a name that stands elsewhere in the article; stored alone it names nobody.
# Spellings that are also names or initials (WHO, US, Les) are left out.
PRONOUNS = frozenset(
    """he she it they we i you him her them me his hers theirs himself herself themselves someone somebody
    il elle ils elles on nous vous je tu lui leur eux celui-ci celle-ci
    он она оно они мы я вы ты его ее им ими кто
    er sie es wir ich ihr du ihm ihn ihnen
    él ella ellos ellas nosotros nosotras yo tú usted ustedes
    lei loro noi voi io egli essa essi
    ele ela eles elas nós eu você vocês
    هو هي هم هن نحن انا انت""".split()
)
_PRONOUN_KEYS = frozenset(map(name_key, PRONOUNS))


def spelling(name: str) -> None:
    """Refuse a name that could never be found again."""
    if not name_key(name):
        raise ValueError("Must hold a letter or a digit.")


def speaker_spelling(name: str) -> None:
    """Refuse what cannot be a speaker: no letters, or a pronoun."""
    spelling(name)
    if name_key(name) in _PRONOUN_KEYS:
        raise ValueError(f"“{name}” is a pronoun, not a name. Give the name, or the label printed with kind anonymous.")


def _name(check: Any = spelling, **options: Any) -> Text:
    return Text(300, check=check, **options)


def _wikidata() -> Text:
    return Text(20, check=codes.wikidata, allow_none=True, metadata={"examples": ["Q4124"]})


def _domain() -> Text:
    return Text(253, check=codes.domain, allow_none=True, metadata={"examples": ["lematin.ch"]})


def _code() -> Text:
    return Text(20, check=spelling, allow_none=True, metadata={"examples": ["AFP"]})


class SpeakerReference(Strict):
    """A speaker as a statement names it. `kind` and `wikidata` tell namesakes apart."""

    id = WholeNumber(1, MAX_ID)
    name = _name(speaker_spelling)
    kind = Choice(SPEAKER_KINDS)
    wikidata = _wikidata()


class AgencyReference(Strict):
    """An agency as a statement names it."""

    id = WholeNumber(1, MAX_ID)
    name = _name()
    code = _code()
    wikidata = _wikidata()


class OutletReference(Strict):
    """An outlet as a statement names it."""

    id = WholeNumber(1, MAX_ID)
    name = _name()
    domain = _domain()
    wikidata = _wikidata()


class Reference(fields.Field[dict[str, Any]]):
    """A named entity, given as its name, its id, or an object with either and what identifies it.

    Loads to a dict with `id` or `name` at least.
    """

    default_error_messages = {  # noqa: RUF012
        "invalid": "A name, an id or an object is expected.",
        "nameless": "Needs a name or an id.",
        "required": "Is required.",
        "null": "May not be null.",
    }

    def __init__(self, schema: type[Strict], **options: Any) -> None:
        self.schema = schema()
        if options.get("allow_none"):
            options.setdefault("load_default", None)
        super().__init__(**options)

    def _deserialize(self, value: Any, attr: str | None, data: Mapping[str, Any] | None, **kwargs: Any) -> Any:
        if isinstance(value, str):
            if self.allow_none and not value.strip():
                return None
            return {"name": self.schema.fields["name"].deserialize(value)}
        if isinstance(value, int) and not isinstance(value, bool):
            return {"id": self.schema.fields["id"].deserialize(value)}
        if not isinstance(value, dict):
            raise self.make_error("invalid")
        loaded: dict[str, Any] = self.schema.load(value)
        if not {"id", "name"} & loaded.keys():
            raise ValidationError({"name": [self.error_messages["nameless"]]})
        return {key: given for key, given in loaded.items() if given is not None}


class _Draft(Strict):
    """What an editor writes about an entity."""

    name = _name(required=True)
    aliases = Listed(_name(), 500, load_default=list)
    wikidata = _wikidata()
    description = Text(2000, allow_none=True)
    country = Text(2, check=codes.country, allow_none=True, metadata={"examples": ["FR"]})
    homepage = url(allow_none=True)


class SpeakerDraft(_Draft):
    """A new speaker: a person, an organization, a group, or `anonymous` with the label printed."""

    name = _name(speaker_spelling, required=True)
    kind = Choice(SPEAKER_KINDS, load_default="person")


class AgencyDraft(_Draft):
    """A new news agency; `code` is its short form, such as AFP."""

    code = _code()


class OutletDraft(_Draft):
    """A new outlet: what printed or aired; `domain` is its host name."""

    domain = _domain()


class SpeakerPatch(Patch, SpeakerDraft):
    """A JSON merge patch of a speaker."""


class AgencyPatch(Patch, AgencyDraft):
    """A JSON merge patch of an agency."""


class OutletPatch(Patch, OutletDraft):
    """A JSON merge patch of an outlet."""


class _Summary(Out):
    id = fields.Integer()
    name = fields.String()


class SpeakerSummary(_Summary):
    """A speaker inside another resource."""

    kind = fields.String(metadata={"enum": list(SPEAKER_KINDS)})
    wikidata = fields.String(allow_none=True)


class AgencySummary(_Summary):
    """An agency inside another resource."""

    code = fields.String(allow_none=True)
    wikidata = fields.String(allow_none=True)


class OutletSummary(_Summary):
    """An outlet inside another resource."""

    domain = fields.String(allow_none=True)
    wikidata = fields.String(allow_none=True)


class _EntityOut(Out):
    aliases = fields.List(fields.String(), metadata={"description": "Other names it is found by, in any script."})
    description = fields.String(allow_none=True)
    country = fields.String(allow_none=True, metadata={"description": "ISO 3166-1 alpha-2."})
    homepage = fields.String(allow_none=True)
    version = fields.Integer(metadata={"description": "Grows by one with every change; the ETag."})
    created_at = fields.String(metadata={"format": "date-time"})
    updated_at = fields.String(metadata={"format": "date-time"})


class SpeakerOut(_EntityOut, SpeakerSummary):
    """Who says something: a person, an organization, a group, or an anonymous source by its label."""


class AgencyOut(_EntityOut, AgencySummary):
    """A news agency: who carried it."""


class OutletOut(_EntityOut, OutletSummary):
    """An outlet: who printed or aired it."""


def looks_like_id(text: str) -> bool:
    """Whether a query value is an id rather than a name."""
    return re.fullmatch(r"[1-9]\d{0,18}", text, re.ASCII) is not None and int(text) <= MAX_ID
