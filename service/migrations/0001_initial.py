"""Every table, as of the first release."""

import secrets
from typing import Any

# Written out, not made from the models, which go on changing. {int} and {text} are the engine's own types.
DDL = """
CREATE TABLE speaker (
    id {int} NOT NULL,
    version {int} NOT NULL,
    created_at {text} NOT NULL,
    updated_at {text} NOT NULL,
    deleted_at {text},
    name {text} NOT NULL,
    name_key {text} NOT NULL,
    aliases {text} NOT NULL,
    wikidata {text},
    description {text},
    country {text},
    homepage {text},
    kind {text} NOT NULL,
    CONSTRAINT speaker_pkey PRIMARY KEY (id),
    CONSTRAINT speaker_kind_check CHECK (kind IN ('person', 'organization', 'group', 'anonymous')),
    CONSTRAINT speaker_version_check CHECK (version >= 1)
);
CREATE INDEX speaker_name_key ON speaker (name_key, id) WHERE deleted_at IS NULL;
CREATE INDEX speaker_updated ON speaker (updated_at, id) WHERE deleted_at IS NULL;
CREATE UNIQUE INDEX speaker_wikidata_unique ON speaker (wikidata) WHERE deleted_at IS NULL;

CREATE TABLE agency (
    id {int} NOT NULL,
    version {int} NOT NULL,
    created_at {text} NOT NULL,
    updated_at {text} NOT NULL,
    deleted_at {text},
    name {text} NOT NULL,
    name_key {text} NOT NULL,
    aliases {text} NOT NULL,
    wikidata {text},
    description {text},
    country {text},
    homepage {text},
    code {text},
    CONSTRAINT agency_pkey PRIMARY KEY (id),
    CONSTRAINT agency_version_check CHECK (version >= 1)
);
CREATE INDEX agency_name_key ON agency (name_key, id) WHERE deleted_at IS NULL;
CREATE INDEX agency_updated ON agency (updated_at, id) WHERE deleted_at IS NULL;
CREATE UNIQUE INDEX agency_wikidata_unique ON agency (wikidata) WHERE deleted_at IS NULL;
CREATE UNIQUE INDEX agency_code_unique ON agency (code) WHERE deleted_at IS NULL;

CREATE TABLE outlet (
    id {int} NOT NULL,
    version {int} NOT NULL,
    created_at {text} NOT NULL,
    updated_at {text} NOT NULL,
    deleted_at {text},
    name {text} NOT NULL,
    name_key {text} NOT NULL,
    aliases {text} NOT NULL,
    wikidata {text},
    description {text},
    country {text},
    homepage {text},
    domain {text},
    CONSTRAINT outlet_pkey PRIMARY KEY (id),
    CONSTRAINT outlet_version_check CHECK (version >= 1)
);
CREATE INDEX outlet_name_key ON outlet (name_key, id) WHERE deleted_at IS NULL;
CREATE INDEX outlet_updated ON outlet (updated_at, id) WHERE deleted_at IS NULL;
CREATE UNIQUE INDEX outlet_wikidata_unique ON outlet (wikidata) WHERE deleted_at IS NULL;
CREATE UNIQUE INDEX outlet_domain_unique ON outlet (domain) WHERE deleted_at IS NULL;

CREATE TABLE speaker_name (
    key {text} NOT NULL,
    kind {text} NOT NULL,
    entity_id {int} NOT NULL,
    CONSTRAINT speaker_name_entity_fk FOREIGN KEY (entity_id) REFERENCES speaker (id)
);
CREATE INDEX speaker_name_key_entity ON speaker_name (key, entity_id);
CREATE INDEX speaker_name_entity ON speaker_name (entity_id);

CREATE TABLE agency_name (
    key {text} NOT NULL,
    kind {text} NOT NULL,
    entity_id {int} NOT NULL,
    CONSTRAINT agency_name_entity_fk FOREIGN KEY (entity_id) REFERENCES agency (id)
);
CREATE INDEX agency_name_key_entity ON agency_name (key, entity_id);
CREATE INDEX agency_name_entity ON agency_name (entity_id);

CREATE TABLE outlet_name (
    key {text} NOT NULL,
    kind {text} NOT NULL,
    entity_id {int} NOT NULL,
    CONSTRAINT outlet_name_entity_fk FOREIGN KEY (entity_id) REFERENCES outlet (id)
);
CREATE INDEX outlet_name_key_entity ON outlet_name (key, entity_id);
CREATE INDEX outlet_name_entity ON outlet_name (entity_id);

CREATE TABLE topic (
    id {int} NOT NULL,
    name {text} NOT NULL,
    key {text} NOT NULL,
    CONSTRAINT topic_pkey PRIMARY KEY (id)
);
CREATE UNIQUE INDEX topic_key_unique ON topic (key);

CREATE TABLE statement (
    id {int} NOT NULL,
    version {int} NOT NULL,
    created_at {text} NOT NULL,
    updated_at {text} NOT NULL,
    deleted_at {text},
    published {text},
    published_from {int} NOT NULL,
    published_until {int} NOT NULL,
    url {text},
    headline {text},
    byline {text},
    dateline {text},
    article_key {text} NOT NULL,
    text {text} NOT NULL,
    text_key {text} NOT NULL,
    language {text} NOT NULL,
    kind {text} NOT NULL,
    speaker_id {int} NOT NULL,
    role {text},
    role_key {text},
    on_behalf_of_id {int},
    date {text},
    date_from {int} NOT NULL,
    date_until {int} NOT NULL,
    agency_id {int},
    outlet_id {int},
    event {text},
    event_key {text},
    place {text},
    place_key {text},
    topics {text} NOT NULL,
    prefix {text},
    suffix {text},
    translation_of_id {int},
    status {text} NOT NULL,
    ref {text},
    appearance_count {int} NOT NULL,
    source_count {int} NOT NULL,
    CONSTRAINT statement_pkey PRIMARY KEY (id),
    CONSTRAINT statement_speaker_fk FOREIGN KEY (speaker_id) REFERENCES speaker (id),
    CONSTRAINT statement_on_behalf_of_fk FOREIGN KEY (on_behalf_of_id) REFERENCES speaker (id),
    CONSTRAINT statement_agency_fk FOREIGN KEY (agency_id) REFERENCES agency (id),
    CONSTRAINT statement_outlet_fk FOREIGN KEY (outlet_id) REFERENCES outlet (id),
    CONSTRAINT statement_translation_of_fk FOREIGN KEY (translation_of_id) REFERENCES statement (id),
    CONSTRAINT statement_kind_check CHECK (kind IN ('direct', 'indirect', 'mixed')),
    CONSTRAINT statement_source_check CHECK (agency_id IS NOT NULL OR outlet_id IS NOT NULL),
    CONSTRAINT statement_version_check CHECK (version >= 1)
);
CREATE INDEX statement_date_until ON statement (date_until, id) WHERE deleted_at IS NULL;
CREATE INDEX statement_date_from ON statement (date_from, id) WHERE deleted_at IS NULL;
CREATE INDEX statement_published_until ON statement (published_until, id) WHERE deleted_at IS NULL;
CREATE INDEX statement_published_from ON statement (published_from, id) WHERE deleted_at IS NULL;
CREATE INDEX statement_updated ON statement (updated_at, id) WHERE deleted_at IS NULL;
CREATE INDEX statement_speaker ON statement (speaker_id, date_until, id) WHERE deleted_at IS NULL;
CREATE INDEX statement_on_behalf_of ON statement (on_behalf_of_id, date_until, id) WHERE deleted_at IS NULL;
CREATE INDEX statement_agency ON statement (agency_id, date_until, id) WHERE deleted_at IS NULL;
CREATE INDEX statement_outlet ON statement (outlet_id, date_until, id) WHERE deleted_at IS NULL;
CREATE INDEX statement_language ON statement (language, date_until, id) WHERE deleted_at IS NULL;
CREATE INDEX statement_kind ON statement (kind, date_until, id) WHERE deleted_at IS NULL;
CREATE INDEX statement_status ON statement (status, date_until, id) WHERE deleted_at IS NULL;
CREATE INDEX statement_role ON statement (role_key, date_until, id) WHERE deleted_at IS NULL;
CREATE INDEX statement_event ON statement (event_key, date_until, id) WHERE deleted_at IS NULL;
CREATE INDEX statement_place ON statement (place_key, date_until, id) WHERE deleted_at IS NULL;
CREATE INDEX statement_article ON statement (article_key, id) WHERE deleted_at IS NULL;
CREATE INDEX statement_wording ON statement (text_key, speaker_id) WHERE deleted_at IS NULL;
CREATE UNIQUE INDEX statement_ref_unique ON statement (ref);
CREATE INDEX statement_translation_of ON statement (translation_of_id);

CREATE TABLE appearance (
    id {int} NOT NULL,
    published {text},
    published_from {int} NOT NULL,
    published_until {int} NOT NULL,
    url {text},
    headline {text},
    byline {text},
    dateline {text},
    article_key {text} NOT NULL,
    statement_id {int} NOT NULL,
    agency_id {int},
    outlet_id {int},
    text {text},
    via_id {int},
    CONSTRAINT appearance_pkey PRIMARY KEY (id),
    CONSTRAINT appearance_statement_fk FOREIGN KEY (statement_id) REFERENCES statement (id),
    CONSTRAINT appearance_agency_fk FOREIGN KEY (agency_id) REFERENCES agency (id),
    CONSTRAINT appearance_outlet_fk FOREIGN KEY (outlet_id) REFERENCES outlet (id),
    CONSTRAINT appearance_via_fk FOREIGN KEY (via_id) REFERENCES appearance (id),
    CONSTRAINT appearance_source_check CHECK (agency_id IS NOT NULL OR outlet_id IS NOT NULL)
);
CREATE INDEX appearance_statement ON appearance (statement_id, published_from, id);
CREATE INDEX appearance_article ON appearance (article_key);
CREATE INDEX appearance_agency ON appearance (agency_id);
CREATE INDEX appearance_outlet ON appearance (outlet_id);

CREATE TABLE statement_topic (
    topic_id {int} NOT NULL,
    statement_id {int} NOT NULL,
    CONSTRAINT statement_topic_pkey PRIMARY KEY (topic_id, statement_id),
    CONSTRAINT statement_topic_topic_fk FOREIGN KEY (topic_id) REFERENCES topic (id),
    CONSTRAINT statement_topic_statement_fk FOREIGN KEY (statement_id) REFERENCES statement (id)
);
CREATE INDEX statement_topic_statement ON statement_topic (statement_id);

CREATE TABLE api_key (
    id {int} NOT NULL,
    name {text} NOT NULL,
    hash {text} NOT NULL,
    scopes {text} NOT NULL,
    created_at {text} NOT NULL,
    expires_at {text},
    last_used_at {text},
    revoked_at {text},
    CONSTRAINT api_key_pkey PRIMARY KEY (id)
);
CREATE UNIQUE INDEX api_key_hash_unique ON api_key (hash);

CREATE TABLE revision (
    seq {int} NOT NULL,
    entity {text} NOT NULL,
    entity_id {int} NOT NULL,
    version {int} NOT NULL,
    operation {text} NOT NULL,
    actor {text} NOT NULL,
    reason {text},
    time {text} NOT NULL,
    snapshot {text},
    CONSTRAINT revision_pkey PRIMARY KEY (seq)
);
CREATE UNIQUE INDEX revision_entity_unique ON revision (entity, entity_id, version);

CREATE TABLE installation (
    name {text} NOT NULL,
    value {text} NOT NULL,
    CONSTRAINT installation_pkey PRIMARY KEY (name)
);

"""


def up(migrator: Any, db: Any) -> None:
    """Make the tables, and the secret that cursors are signed with."""
    postgres = type(migrator).__name__.startswith("Postgres")
    # The "C" collation compares code points, as SQLite does: lists sort alike on both.
    types = {"int": "BIGINT", "text": 'TEXT COLLATE "C"'} if postgres else {"int": "INTEGER", "text": "TEXT"}
    for statement in filter(str.strip, DDL.format_map(types).split(";")):
        db.execute_sql(statement)
    insert = f"INSERT INTO installation (name, value) VALUES ({db.param}, {db.param})"  # noqa: S608
    db.execute_sql(insert, ("cursor_secret", secrets.token_urlsafe(32)))
