"""A typed client generated from the document by openapi-python-client creates, reads and lists on a real server."""

import importlib
import subprocess
import sys

import orjson
import pytest
import readme
from conftest import draft
from openapi_spec_validator import validate

from service import openapi
from service.app import ROUTES
from service.formats import FORMATS

MEDIA_TYPES = [media_type for form in FORMATS.values() for media_type in (form.media_type, *form.also)]


@pytest.fixture(scope="module")
def document():
    return orjson.loads(orjson.dumps(openapi.document(ROUTES)))


def test_the_document_is_valid(document):
    validate(document)


def test_every_operation_has_a_name_of_its_own(document):
    names = [operation["operationId"] for path in document["paths"].values() for operation in path.values()]
    assert len(set(names)) == len(names)


@pytest.fixture(scope="module")
def generated(document, tmp_path_factory):
    folder = tmp_path_factory.mktemp("client")
    (folder / "openapi.json").write_bytes(orjson.dumps(document))
    # The generator knows JSON only, unless told what else to treat as bytes.
    streamed = dict.fromkeys(MEDIA_TYPES, "application/octet-stream")
    (folder / "config.yml").write_bytes(orjson.dumps({"post_hooks": [], "content_type_overrides": streamed}))
    done = subprocess.run(
        [sys.executable, "-m", "openapi_python_client", "generate", "--path", "openapi.json", "--config", "config.yml",
         "--meta", "none", "--output-path", "verbatim_client", "--fail-on-warning"],
        cwd=folder, capture_output=True, text=True, timeout=120, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    sys.path.insert(0, str(folder))
    yield importlib.import_module("verbatim_client")
    sys.path.remove(str(folder))


def test_it_creates_reads_and_lists(generated, tmp_path):
    models = importlib.import_module("verbatim_client.models")
    api = {name: importlib.import_module(f"verbatim_client.api.statements.{name}") for name in
           ("post_statements", "get_statements", "get_statements_by_id")}  # fmt: skip
    with readme.serving_demo(tmp_path) as port:
        key = subprocess.run(
            ["verbatim", "key", "create", "client", "--scope", "write"],
            env=readme.environment(tmp_path), capture_output=True, text=True, check=True,
        ).stdout.strip()  # fmt: skip
        with generated.AuthenticatedClient(base_url=f"http://localhost:{port}", token=key) as client:
            body = models.StatementDraft.from_dict(draft(text="Typed.", speaker="Ada Example", topics=["typing"]))
            created = api["post_statements"].sync(client=client, body=body)
            assert (created.text, created.speaker.name, created.agency.code) == ("Typed.", "Ada Example", "AFP")
            read = api["get_statements_by_id"].sync(created.id, client=client)
            assert read == created
            page = api["get_statements"].sync(client=client, speaker=["Ada Example"], topic=["typing"], limit=5)
            assert [item.id for item in page.items] == [created.id]
            missing = api["get_statements_by_id"].sync(10**9, client=client)
            assert (missing.status, missing.type_) == (404, "/problems/not-found")
