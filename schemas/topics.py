"""Topics: what statements are about, in the words of those who stored them."""

from marshmallow import fields

from schemas.fields import Out


class TopicOut(Out):
    """A topic and how many statements have it."""

    name = fields.String()
    statement_count = fields.Integer()
