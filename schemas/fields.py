"""The field types that this project's documents are made of.

Each is strict: what it cannot keep exactly it refuses, with a sentence that says what would do.
"""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

from marshmallow import EXCLUDE, RAISE, Schema, ValidationError, fields, missing, pre_load, validate

from schemas import codes, edtf, instants, urls

MAX_ID = 2**63 - 1
_UNSTORABLE = re.compile("[\x00\ud800-\udfff]")


class Strict(Schema):
    """The base of everything that comes in: an unknown field is an error."""

    class Meta:
        unknown = RAISE

    error_messages = {"unknown": "Unknown field.", "type": "An object is expected."}  # noqa: RUF012


class Patch(Schema):
    """Mixed into a draft, makes it a JSON merge patch (RFC 7396): no field is required, none has a default."""

    def __init__(self, **options: Any) -> None:
        self._defaults: dict[str, Any] = {}
        super().__init__(**{**options, "partial": True})

    def on_bind_field(self, field_name: str, field_obj: fields.Field[Any]) -> None:
        """Take away what only a whole document needs; null gives back the default."""
        if field_obj.load_default not in (missing, None):
            self._defaults[field_name] = field_obj.load_default
        field_obj.required, field_obj.load_default = False, missing

    @pre_load
    def _restore_defaults(self, data: Any, **_: Any) -> Any:
        if not isinstance(data, Mapping):
            return data
        default = {name: value() if callable(value) else value for name, value in self._defaults.items()}
        return {name: default.get(name) if value is None else value for name, value in data.items()}


class Out(Schema):
    """The base of everything that goes out. It stays open, so that a new field breaks no strict client."""

    class Meta:
        unknown = EXCLUDE


class Text(fields.String):
    """A string of at most `most` characters, stored as given but for the white space around it.

    Where null is allowed, a blank string is null. NUL and lone surrogates are refused: no database and
    no UTF-8 stream can hold them.
    """

    default_error_messages = {  # noqa: RUF012
        "blank": "May not be blank.",
        "unstorable": "Holds a NUL or half of a surrogate pair, which are not text.",
        "invalid": "A string is expected.",
        "invalid_utf8": "Not valid UTF-8.",
        "required": "Is required.",
        "null": "May not be null.",
        "long": "Is longer than {most:,} characters.",
    }

    def __init__(self, most: int, *, check: Callable[[str], Any] | None = None, **options: Any) -> None:
        """`check` returns the text to store or None to leave it; it raises ValueError with a sentence."""
        self.most, self.check = most, check
        if options.get("allow_none") and not options.get("required"):
            options.setdefault("load_default", None)
        # For the OpenAPI document only: lengths are counted after trimming, so they are checked below.
        limits = {"maxLength": most} if options.get("allow_none") else {"minLength": 1, "maxLength": most}
        options["metadata"] = {**limits, **options.get("metadata", {})}
        super().__init__(**options)

    def _deserialize(self, value: Any, attr: str | None, data: Mapping[str, Any] | None, **kwargs: Any) -> Any:
        text = super()._deserialize(value, attr, data, **kwargs).strip()
        if _UNSTORABLE.search(text):
            raise self.make_error("unstorable")
        if not text:
            if self.allow_none:
                return None
            raise self.make_error("blank")
        if len(text) > self.most:
            raise self.make_error("long", most=self.most)
        if self.check is None:
            return text
        try:
            checked = self.check(text)
        except ValueError as error:
            raise ValidationError(str(error)) from None
        return text if checked is None else checked


def edtf_date(**options: Any) -> Text:
    """An EDTF date (ISO 8601-2), see `schemas.edtf`."""
    return _described(50, _parses(edtf.parse), "EDTF (ISO 8601-2) date", "2025-06-11", options)


def published(**options: Any) -> Text:
    """A publication date or RFC 3339 timestamp, see `schemas.instants`."""
    return _described(40, instants.normalise, "Date or RFC 3339 timestamp", "2025-06-11T10:30:00Z", options)


def url(**options: Any) -> Text:
    """An absolute http or https address."""
    return Text(2048, check=urls.check, **options)


def language(**options: Any) -> Text:
    """A BCP 47 language tag."""
    return _described(60, codes.language_tag, "BCP 47 language tag", "fr", options)


def identifier(**options: Any) -> "Whole":
    """A number that this service gave to a resource."""
    return Whole(1, MAX_ID, **options)


class Whole(fields.Integer):
    """A whole number from `least` to `most`."""

    default_error_messages = {  # noqa: RUF012
        "invalid": "A whole number is expected.",
        "too_large": "Is too large.",
        "required": "Is required.",
        "null": "May not be null.",
    }

    def __init__(self, least: int, most: int, **options: Any) -> None:
        options.setdefault("validate", validate.Range(least, most, error=f"Must be from {least} to {most}."))
        super().__init__(strict=True, **options)

    def _deserialize(self, value: Any, attr: str | None, data: Mapping[str, Any] | None, **kwargs: Any) -> Any:
        if isinstance(value, bool) or (isinstance(value, str) and not re.fullmatch(r"-?\d{1,19}", value, re.ASCII)):
            raise self.make_error("invalid", input=value)
        return super()._deserialize(int(value) if isinstance(value, str) else value, attr, data, **kwargs)


class WholeNumber(Whole):
    """A `Whole` in a JSON document, where a string is not a number."""

    def _deserialize(self, value: Any, attr: str | None, data: Mapping[str, Any] | None, **kwargs: Any) -> Any:
        if isinstance(value, str):
            raise self.make_error("invalid", input=value)
        return super()._deserialize(value, attr, data, **kwargs)


class Choice(Text):
    """One of a few words."""

    def __init__(self, choices: Iterable[str], **options: Any) -> None:
        self.choices = tuple(choices)
        enum = [*self.choices, *([None] if options.get("allow_none") else [])]
        options["metadata"] = {"enum": enum, **options.get("metadata", {})}
        super().__init__(40, check=self._chosen, **options)

    def _chosen(self, text: str) -> None:
        if text not in self.choices:
            raise ValueError(f"Must be one of: {', '.join(self.choices)}.")


class Flag(fields.Field[bool]):
    """`true` or `false`, as JSON or as a query parameter has them."""

    default_error_messages = {"invalid": "Must be true or false."}  # noqa: RUF012

    def _deserialize(self, value: Any, attr: str | None, data: Mapping[str, Any] | None, **kwargs: Any) -> Any:
        known = {"true": True, "false": False, True: True, False: False}
        if not isinstance(value, str | bool) or value not in known:
            raise self.make_error("invalid")
        return known[value]


class Listed(fields.List[Any]):
    """A JSON array of at most `most` items."""

    default_error_messages = {"invalid": "A list is expected.", "null": "May not be null."}  # noqa: RUF012

    def __init__(self, inner: Any, most: int, **options: Any) -> None:
        options.setdefault("validate", validate.Length(max=most, error=f"Holds more than {most} items."))
        super().__init__(inner, **options)


class CommaList(fields.Field[list[Any]]):
    """A query parameter whose comma means or; it may also be repeated."""

    default_error_messages = {"blank": "Is blank."}  # noqa: RUF012

    def __init__(
        self, inner: fields.Field[Any], *, most: int = 50, comma: str = ",", whole: bool = False, **options: Any
    ) -> None:
        """`comma` is the pattern of what separates values; `whole` also takes a value as it is, commas and all."""
        self.inner, self.most, self.comma, self.whole = inner, most, re.compile(comma), whole
        super().__init__(**options)

    def _deserialize(self, value: Any, attr: str | None, data: Mapping[str, Any] | None, **kwargs: Any) -> Any:
        given = value if isinstance(value, list) else [value]
        parts = [part.strip() for text in given for part in self.comma.split(text)]
        if not all(parts):
            raise self.make_error("blank")
        if len(parts) > self.most:
            raise ValidationError(f"Holds more than {self.most} values.")
        parts = list(dict.fromkeys([*parts, *given] if self.whole else parts))
        return [self.inner.deserialize(part, attr, data, **kwargs) for part in parts]


def _parses(parse: Callable[[str], object]) -> Callable[[str], None]:
    """A check that accepts what `parse` accepts and leaves the text as it is."""

    def check(text: str) -> None:
        parse(text)

    return check


def _described(most: int, check: Callable[[str], Any], what: str, example: str, options: dict[str, Any]) -> Text:
    return Text(most, check=check, metadata={"description": what, "examples": [example]}, **options)


def flattened(messages: Any, pointer: str = "") -> Iterator[tuple[str, str]]:
    """marshmallow's nested messages as pairs of a JSON pointer (RFC 6901) and a sentence."""
    if isinstance(messages, Mapping):
        for name, inner in messages.items():
            # marshmallow says "_schema" of a whole document; a client may also have sent a field of that name.
            whole = name == "_schema" and inner != [Strict.error_messages["unknown"]]
            part = "" if whole else "/" + str(name).replace("~", "~0").replace("/", "~1")
            yield from flattened(inner, pointer + part)
    elif isinstance(messages, str):
        yield pointer, messages
    else:
        for inner in messages:
            yield from flattened(inner, pointer)
