"""The tables. A new one is a module here, an entry in MODELS and a migration."""

from service.models.entities import ENTITIES, Agency, Entity, Outlet, Speaker
from service.models.installation import Installation
from service.models.keys import ApiKey
from service.models.revisions import Revision
from service.models.statements import Appearance, Statement, StatementTopic, Topic

MODELS = (
    *ENTITIES,
    *(model.names for model in ENTITIES),
    Topic,
    Statement,
    Appearance,
    StatementTopic,
    ApiKey,
    Revision,
    Installation,
)

__all__ = [
    "ENTITIES",
    "MODELS",
    "Agency",
    "ApiKey",
    "Appearance",
    "Entity",
    "Installation",
    "Outlet",
    "Revision",
    "Speaker",
    "Statement",
    "StatementTopic",
    "Topic",
]
