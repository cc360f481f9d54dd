"""What the service says about itself and about a request: problems, import reports, its own front page."""

from marshmallow import fields

from schemas.fields import Out


class InvalidPart(Out):
    """One thing that is wrong: `pointer` (RFC 6901) into the body, or the name of a query parameter."""

    line = fields.Integer(metadata={"description": "In an import: the line of the file."})
    pointer = fields.String()
    parameter = fields.String()
    detail = fields.String(required=True)


class ProblemOut(Out):
    """A problem document (RFC 9457), with members of its own for some types."""

    type = fields.String(required=True, metadata={"format": "uri-reference"})
    title = fields.String(required=True)
    status = fields.Integer(required=True)
    detail = fields.String(required=True)
    request_id = fields.String(required=True)
    errors = fields.List(fields.Nested(InvalidPart))


class ProblemTypeOut(Out):
    """A kind of problem, explained."""

    type = fields.String(required=True)
    title = fields.String(required=True)
    status = fields.Integer(required=True)
    detail = fields.String(required=True)


class ImportReport(Out):
    """What became of each row of an import. The counts add up to `rows`."""

    mode = fields.String(metadata={"enum": ["atomic", "partial"]})
    dry_run = fields.Boolean()
    stored = fields.Boolean(metadata={"description": "Whether the counted changes are in the database."})
    rows = fields.Integer()
    created = fields.Integer()
    updated = fields.Integer()
    linked = fields.Integer(metadata={"description": "Added to a stored statement as an appearance."})
    unchanged = fields.Integer(metadata={"description": "Stored already under the same ref, with the same content."})
    skipped = fields.Integer(metadata={"description": "Duplicates of a stored statement."})
    refused = fields.Integer()
    errors = fields.List(fields.Nested(InvalidPart))


class Health(Out):
    """Whether the service can answer."""

    status = fields.String(metadata={"enum": ["ok"]})


class Index(Out):
    """The front page: what is where."""

    name = fields.String()
    version = fields.String()
    description = fields.String()
    links = fields.Dict(keys=fields.String(), values=fields.String())
