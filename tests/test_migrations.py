"""What the migrations make is what the models describe, down to names, types and nulls, on every database."""

import re

import pytest
from engines import database
from playhouse.schema_diff import diff_models

from service import db, migrations
from service.app import prepare
from service.errors import Misconfigured
from service.models import MODELS
from service.settings import Settings


def test_tables_columns_and_indexes_are_those_of_the_models(api):
    assert not diff_models(db.proxy.obj, MODELS), str(diff_models(db.proxy.obj, MODELS))


@pytest.mark.parametrize("model", MODELS, ids=lambda model: model._meta.table_name)
def test_types_and_nulls_are_those_of_the_models(api, engine, model):
    text, whole = {"sqlite": ("TEXT", "INTEGER"), "postgres": ("text", "bigint")}[engine]
    stored = {
        column.name: (column.data_type, column.null) for column in db.proxy.obj.get_columns(model._meta.table_name)
    }
    described = {
        name: (text if field.field_type == "TEXT" else whole, field.null) for name, field in model._meta.columns.items()
    }
    assert stored == described


@pytest.mark.parametrize("model", MODELS, ids=lambda model: model._meta.table_name)
def test_foreign_keys_are_those_of_the_models(api, model):
    stored = {(key.column, key.dest_table) for key in db.proxy.obj.get_foreign_keys(model._meta.table_name)}
    described = {(field.column_name, field.rel_model._meta.table_name) for field in model._meta.refs}
    assert stored == described


def test_every_index_and_constraint_has_a_name_of_ours(api, engine):
    for model in MODELS:
        table = model._meta.table_name
        described = {index._name for index in model._meta.indexes}
        stored = {index.name for index in db.proxy.obj.get_indexes(table)}
        assert described <= stored
        assert {name for name in stored - described if "autoindex" not in name} <= {f"{table}_pkey"}
    if engine == "sqlite":
        ddl = [row[0] for row in db.proxy.execute_sql("SELECT sql FROM sqlite_master WHERE type = 'table'")]
        ours = [sql for sql in ddl if "schema_migration" not in sql and "sqlite_" not in sql]
        for sql in ours:
            for line in filter(re.compile(r"PRIMARY KEY|FOREIGN KEY|CHECK|UNIQUE").search, sql.splitlines()):
                assert line.strip().startswith("CONSTRAINT "), line


def test_text_compares_by_code_point_on_every_database(api, engine):
    if engine == "postgres":
        sql = "SELECT DISTINCT collation_name FROM information_schema.columns WHERE table_name IN ('statement', 'speaker_name') AND data_type = 'text'"
        assert db.proxy.execute_sql(sql).fetchall() == [("C",)]
    (found,) = db.proxy.execute_sql(
        "SELECT 'a' < 'B'" if engine == "sqlite" else "SELECT 'a' COLLATE \"C\" < 'B'"
    ).fetchone()
    assert not found


def test_a_database_that_is_behind_is_not_served(engine, installed, tmp_path):
    with database(engine, tmp_path) as url:
        settings = Settings(database_url=url)
        db.create_file(settings)
        try:
            with pytest.raises(Misconfigured, match="verbatim migrate"):
                prepare(settings)
        finally:
            db.connect(installed.settings)


def test_an_existing_database_is_opened_and_a_missing_one_is_not_made(tmp_path, installed):
    try:
        with pytest.raises(Misconfigured, match="Cannot open"):
            prepare(Settings(database_url=f"sqlite:///{tmp_path / 'missing.db'}"))
    finally:
        db.connect(installed.settings)
    assert list(tmp_path.iterdir()) == []


def test_the_migrations_run_once(api):
    assert migrations.pending() == []
