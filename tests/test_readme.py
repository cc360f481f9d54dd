"""The README tells the truth: its lines run, its answers are real, its tables and its files are complete."""

import re
from pathlib import Path

import pytest
import readme

from schemas.queries import StatementFilters
from service import openapi
from service.app import ROUTES

TEXT = readme.README.read_text()


@pytest.fixture(scope="module")
def answers(tmp_path_factory):
    folder = tmp_path_factory.mktemp("readme")
    with readme.serving_demo(folder) as port:
        return readme.played(port, folder)


@pytest.mark.parametrize("index", range(len(readme.blocks(TEXT))))
def test_the_answers_are_real(answers, index):
    assert answers[index] == readme.blocks(TEXT)[index]


def test_the_tables_are_those_of_the_code():
    assert readme.with_tables(TEXT) == TEXT


def test_every_filter_is_told():
    told = re.search(r"\*\*Filters\*\*.*?\n\*\*Sorts", TEXT, re.DOTALL)[0]
    assert set(re.findall(r"`(\w+)`", told)) >= StatementFilters().fields.keys()


def test_every_file_that_is_told_is_there():
    named = re.findall(r"`((?:tests|service|schemas|bench|\.ci)/[\w/.]*)`", TEXT)
    assert named
    assert [path for path in named if not (readme.README.parent / path).exists()] == []


def test_openapi_yaml_is_what_the_code_makes():
    assert (Path(readme.README).parent / "openapi.yaml").read_text() == openapi.as_yaml(ROUTES)
