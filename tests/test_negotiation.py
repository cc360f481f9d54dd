"""Who asks gets what they can read: indented or compact, JSON, NDJSON or CSV, whole or not modified."""

import csv
import io
import json
import re

import pytest
import yaml
from conftest import check_problem

from service import __version__
from service.problems import PROBLEMS

BROWSER = "text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,image/webp,*/*;q=0.8"
READERS = [
    {"User-Agent": "curl/8.5.0"},
    {"User-Agent": "curl/8.5.0", "Accept": "*/*"},
    {"User-Agent": "curl/8.5.0", "Accept": "application/json"},
    {"User-Agent": "Wget/1.21.4"},
    {"User-Agent": "HTTPie/3.2.2"},
    {"User-Agent": "Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0", "Accept": BROWSER},
    {"Accept": "text/html"},
]
PROGRAMS = [
    {},
    {"Accept": "*/*"},
    {"Accept": "application/json"},
    {"User-Agent": "python-requests/2.32", "Accept": "*/*"},
    {"User-Agent": "Mozilla/5.0 (a browser's script)", "Accept": "*/*"},
    {"User-Agent": "libcurl-agent/1.0 PycURL/7.45 libcurl/8.5.0"},
    {"User-Agent": "Go-http-client/2.0"},
    {"User-Agent": ""},
]
DOCUMENTS = [
    "/",
    "/v1/statements",
    "/v1/statements/{id}",
    "/v1/speakers",
    "/v1/topics",
    "/health/live",
    "/health/ready",
    "/problems/invalid",
    "/openapi.json",
    "/nowhere",
    "/v1/statements/999999",
    "/v1/statements?limit=0",
    "/v1/statements?speaker=nobody",
    "/v1/import",
]


@pytest.fixture
def statement(api):
    return api.store(text="« C’est “l’été” », été \U0001f31e", speaker="Renée Ödegård", language="fr", topics=["Été"])


@pytest.mark.parametrize(
    ("path", "headers"), [(path, READERS[0]) for path in DOCUMENTS] + [("/v1/statements", each) for each in READERS]
)
def test_people_get_one_member_a_line(api, statement, path, headers):
    response = api.get(path.format(**statement), headers=headers)
    assert response.text.startswith("{\n  ")
    assert response.text.endswith("\n}\n")
    assert "\\u" not in response.text


@pytest.mark.parametrize(
    ("path", "headers"), [(path, PROGRAMS[0]) for path in DOCUMENTS] + [("/v1/statements", each) for each in PROGRAMS]
)
def test_programs_get_one_line(api, statement, path, headers):
    response = api.get(path.format(**statement), headers=headers)
    assert response.text.count("\n") == 1
    assert response.text.endswith("}\n")
    assert response.text.startswith('{"')


@pytest.mark.parametrize("path", DOCUMENTS)
def test_both_get_the_same_and_caches_are_told_what_it_depends_on(api, statement, path):
    compact, indented = (api.get(path.format(**statement), headers=each) for each in ({}, READERS[0]))
    without_id = [{k: v for k, v in each.json.items() if k != "request_id"} for each in (compact, indented)]
    assert without_id[0] == without_id[1]
    assert list(compact.json) == list(indented.json)
    assert compact.data != indented.data
    for response in (compact, indented):
        assert response.headers["Vary"] == "Accept, User-Agent"
        assert response.content_type in ("application/json", "application/problem+json")
        assert len(response.data) == int(response.headers["Content-Length"])


def test_what_curl_prints_is_pleasant_to_read(api, statement):
    printed = api.get("/v1/statements?fields=id,text,speaker,agency,topics,role", headers=READERS[0]).text
    who, where = statement["speaker"]["id"], statement["agency"]["id"]
    assert (
        printed
        == f"""\
{{
  "items": [
    {{
      "id": {statement["id"]},
      "text": "« C’est “l’été” », été \U0001f31e",
      "speaker": {{"id": {who}, "name": "Renée Ödegård", "kind": "person", "wikidata": null}},
      "agency": {{"id": {where}, "name": "AFP", "code": null, "wikidata": null}},
      "topics": ["Été"],
      "role": null
    }}
  ],
  "next": null
}}
"""
    )


def test_an_empty_list_reads_well_too(api):
    assert api.get("/v1/statements", headers=READERS[0]).text == '{\n  "items": [],\n  "next": null\n}\n'


def test_fields_stand_in_the_order_of_a_reader(api, statement):
    order = """id text language kind speaker role on_behalf_of date agency outlet published url headline byline dateline
    event place topics prefix suffix translation_of status appearance_count source_count ref version created_at updated_at"""
    assert list(statement) == order.split()
    assert list(api.get("/v1/statements").json["items"][0]) == order.split()
    assert list(api.get("/v1/statements?count=true").json) == ["items", "next", "total"]
    assert list(check_problem(api.get("/v1/statements?x=1"), 422, "invalid")) == [
        "type", "title", "status", "detail", "errors", "request_id",
    ]  # fmt: skip


JSON, NDJSON, CSV = "application/json", "application/x-ndjson", "text/csv"


@pytest.mark.parametrize(
    ("accept", "expected"),
    [
        (None, JSON),
        ("", JSON),
        ("*/*", JSON),
        ("application/*", JSON),
        ("APPLICATION/JSON", JSON),
        ("application/json; charset=utf-8", JSON),
        ("application/json;q=0.1", JSON),
        ("text/html", JSON),
        (BROWSER, JSON),
        ("text/plain, */*;q=0.1", JSON),
        ("application/json, text/plain, */*", JSON),
        ("application/problem+json, application/json", JSON),
        (NDJSON, NDJSON),
        (CSV, CSV),
        ("text/*", CSV),
        ("text/csv; charset=utf-8", CSV),
        ("text/csv;q=0.5, application/json", JSON),
        ("text/csv, application/json;q=0.5", CSV),
        ("text/csv;q=0.5, application/x-ndjson;q=0.6", NDJSON),
        ("application/json;q=0, */*", NDJSON),
        ("image/png, text/csv", CSV),
    ],
)
def test_accept_chooses_the_format(api, statement, accept, expected):
    response = api.get("/v1/statements", headers={} if accept is None else {"Accept": accept})
    assert (response.status_code, response.mimetype) == (200, expected)
    assert "accept" in response.vary


@pytest.mark.parametrize(
    "accept",
    [
        "image/png",
        "application/xml",
        "text/plain",
        "application/vnd.api+json",
        "nonsense",
        "*/*;q=0",
        "application/json;q=0",
    ],
)
@pytest.mark.parametrize("path", ["/v1/statements", "/v1/statements/{id}", "/v1/agencies", "/v1/topics", "/"])
def test_a_format_that_cannot_be_had_is_refused(api, statement, path, accept):
    response = api.get(path.format(**statement), headers={"Accept": accept})
    document = check_problem(response, 406, "not-acceptable")
    assert document["available"] == ([JSON, NDJSON, CSV] if path == "/v1/statements" else [JSON])


def test_accept_does_not_matter_to_a_write(api):
    response = api.post("/v1/speakers", {"name": "Ada"}, headers={"Accept": "image/png"})
    assert (response.status_code, response.mimetype) == (201, JSON)


@pytest.mark.parametrize(("suffix", "media_type"), [("ndjson", NDJSON), ("csv", CSV)])
def test_a_suffix_is_the_same_as_accept(api, statement, suffix, media_type):
    api.store(text="Another.")
    by_suffix = api.get(f"/v1/statements.{suffix}?fields=id,text,speaker")
    by_accept = api.get("/v1/statements?fields=id,text,speaker", headers={"Accept": media_type})
    assert (by_suffix.data, by_suffix.mimetype) == (by_accept.data, media_type)


@pytest.mark.parametrize("suffix", ["xml", "json", "NDJSON", "csv.gz", ""])
def test_another_suffix_is_not_found(api, suffix):
    check_problem(api.get(f"/v1/statements.{suffix}"), 404, "not-found")


@pytest.mark.parametrize("headers", [*READERS, *PROGRAMS])
def test_a_suffix_wins_over_who_asks(api, statement, headers):
    if headers.get("Accept") != "application/json":
        assert api.get("/v1/statements.csv?fields=id", headers=headers).text == f"id\r\n{statement['id']}\r\n"
        assert api.get("/v1/statements.ndjson?fields=id", headers=headers).text == f'{{"id":{statement["id"]}}}\n'


def test_ndjson_is_a_document_a_line_and_csv_a_row(api, statement):
    api.store(text="Two\nlines, “quoted”", agency=None, outlet="Le Matin")
    whole = [api.get(f"/v1/statements/{id_}").json for id_ in api.ids("?sort=id")]
    lines = [json.loads(line) for line in api.get("/v1/statements.ndjson").text.splitlines()]
    assert [{name: line[name] for name in whole[0]} for line in lines] == whole
    rows = list(csv.DictReader(io.StringIO(api.get("/v1/statements.csv").text, newline="")))
    assert [(row["id"], row["text"], row["speaker"]) for row in rows] == [
        (str(each["id"]), each["text"], each["speaker"]["name"]) for each in whole
    ]


def test_streams_filter_and_sort_like_the_list(api, statement):
    other = api.store(text="Another.", date="2020")
    for suffix in ("ndjson", "csv"):
        found = {
            query: re.findall(r"\d+", api.get(f"/v1/statements.{suffix}?fields=id{query}").text)
            for query in ("", "&sort=-id", "&sort=date", "&language=fr", "&until=2020", "&kind=mixed")
        }
        both = [str(statement["id"]), str(other["id"])]
        assert found == {
            "": both, "&sort=-id": both[::-1], "&sort=date": both[::-1], "&language=fr": both[:1], "&until=2020": both[1:],
            "&kind=mixed": [],
        }  # fmt: skip


@pytest.mark.parametrize("suffix", ["ndjson", "csv"])
@pytest.mark.parametrize(
    ("query", "status", "problem"),
    [
        ("limit=3", 422, "invalid"),
        ("cursor=abc", 422, "invalid"),
        ("count=true", 422, "invalid"),
        ("speaker=nobody", 422, "invalid"),
        ("fields=speaker_id", 422, "invalid"),
        ("sort=text", 422, "invalid"),
        ("speaker=%FF", 400, "malformed"),
    ],
)
def test_a_stream_that_cannot_be_meant_is_a_problem_and_no_stream(api, suffix, query, status, problem):
    check_problem(api.get(f"/v1/statements.{suffix}?{query}"), status, problem)


def test_a_limit_is_refused_where_accept_chooses_a_stream(api):
    check_problem(api.get("/v1/statements?limit=3", headers={"Accept": CSV}), 422, "invalid", "limit")


# The last, a 405, names the method that was used.
@pytest.mark.parametrize("path", [*DOCUMENTS[:-1], "/v1/statements.ndjson", "/v1/statements.csv", "/openapi.yaml"])
def test_head_is_get_without_the_body(api, statement, path):
    got = api.get(path.format(**statement))
    head = api("HEAD", path.format(**statement), key=None)
    assert (head.status_code, head.data) == (got.status_code, b"")
    for name in ("Content-Type", "Content-Length", "Vary", "ETag", "Cache-Control", "Link", "Allow"):
        assert head.headers.get(name) == got.headers.get(name), name


@pytest.mark.parametrize("path", [*DOCUMENTS, "/v1/statements.csv", "/openapi.yaml"])
def test_every_answer_has_a_request_id_of_its_own(api, statement, path):
    ids = {
        api.get(path.format(**statement), headers={"X-Request-Id": "mine"}).headers["X-Request-Id"] for _ in range(3)
    }
    assert len(ids) == 3
    assert all(re.fullmatch(r"[0-9a-f]{32}", id_) for id_ in ids)


@pytest.mark.parametrize("path", [*DOCUMENTS, "/v1/statements.ndjson", "/openapi.yaml"])
def test_a_copy_is_asked_for_before_it_is_used_and_what_a_key_got_is_private(api, installed, statement, path):
    assert api.get(path.format(**statement)).headers["Cache-Control"] == "no-cache"
    if path.startswith("/v1/") and path != "/v1/import":
        headers = {"Authorization": f"Bearer {installed.keys['reader']}"}
        assert api.get(path.format(**statement), headers=headers).headers["Cache-Control"] == "private, no-cache"


@pytest.mark.parametrize(
    "path", ["/v1/statements", "/v1/statements?limit=1&count=true", "/v1/speakers", "/v1/agencies", "/v1/topics"]
)
@pytest.mark.parametrize("headers", [{}, READERS[0]])
def test_a_list_that_did_not_change_is_not_sent_again(api, statement, path, headers):
    first = api.get(path, headers=headers)
    tag = first.headers["ETag"]
    assert re.fullmatch(r'W/"[^"]+"', tag)
    for given in (tag, tag.removeprefix("W/"), f'"other", {tag}'):
        again = api.get(path, headers={**headers, "If-None-Match": given})
        assert (again.status_code, again.data, again.headers["ETag"]) == (304, b"", tag)
        assert again.headers["Vary"] == first.headers["Vary"]
        assert again.headers["Cache-Control"] == first.headers["Cache-Control"]
    api.store(text="New.", speaker="New Speaker", agency="New Agency", topics=["New"])
    changed = api.get(path, headers={**headers, "If-None-Match": tag})
    assert changed.status_code == 200
    assert changed.headers["ETag"] != tag


def test_a_list_changes_with_what_it_shows(api, statement):
    tag = api.get("/v1/statements").headers["ETag"]
    api.patch(f"/v1/speakers/{statement['speaker']['id']}", {"name": "Renamed"})
    assert api.get("/v1/statements", headers={"If-None-Match": tag}).status_code == 200


def test_people_and_programs_never_share_a_tag_of_a_list(api, statement):
    tags = {api.get("/v1/statements", headers=headers).headers["ETag"] for headers in ({}, READERS[0])}
    assert len(tags) == 2


@pytest.mark.parametrize("given", ['"1"', 'W/"0"', "nonsense", '"', "W/", ""])
def test_a_tag_of_something_else_does_not_stop_a_list(api, statement, given):
    assert api.get("/v1/statements", headers={"If-None-Match": given}).status_code == 200


@pytest.mark.parametrize("path", ["/v1/statements", "/v1/statements/{id}", "/v1/speakers", "/v1/topics"])
def test_if_match_is_for_writes_and_stops_no_reader_unexplained(api, statement, path):
    response = api.get(path.format(**statement), headers={"If-Match": '"99"'})
    if response.status_code != 200:
        check_problem(response, 412, "precondition-failed")


@pytest.mark.parametrize("path", ["/v1/statements", "/v1/statements/{id}", "/v1/statements.csv"])
def test_a_range_is_answered_with_the_whole(api, statement, path):
    response = api.get(path.format(**statement), headers={"Range": "bytes=0-5"})
    assert response.status_code == 200
    assert len(response.data) > 6


def test_the_front_page_leads_everywhere(api):
    page = api.get("/").json
    assert (page["name"], page["version"]) == ("Verbatim", __version__)
    for name, path in page["links"].items():
        assert api.get(path).status_code == (405 if name == "import" else 200)


def test_the_service_tells_its_health(api):
    for path in ("/health/live", "/health/ready"):
        assert api.get(path).json == {"status": "ok"}


@pytest.mark.parametrize("path", ["/", "/health/live", "/health/ready", "/problems/gone"])
@pytest.mark.parametrize("given", ["Bearer nonsense", "Basic eDp5", "Bearer"])
def test_a_key_that_is_not_in_force_is_refused_as_the_document_says_or_does_not_matter(api, path, given):
    response = api.get(path, headers={"Authorization": given})
    if response.status_code != 200:
        check_problem(response, 401, "unauthorized")


@pytest.mark.parametrize("name", PROBLEMS)
def test_every_type_of_problem_is_explained_at_its_address(api, name):
    document = api.get(f"/problems/{name}").json
    problem = PROBLEMS[name]
    assert document == {
        "type": f"/problems/{name}", "title": problem.title, "status": problem.status, "detail": problem.meaning,
    }  # fmt: skip


@pytest.mark.parametrize(
    "path", ["/problems/nonsense", "/problems/Invalid", "/problems/", "/problems", "/problems/a/b", "/problems/%FF"]
)
def test_another_type_of_problem_is_not_found(api, path):
    check_problem(api.get(path), 404, "not-found")


def test_the_openapi_document_is_the_same_in_both_forms(api):
    as_json, as_yaml = api.get("/openapi.json"), api.get("/openapi.yaml")
    assert (as_json.mimetype, as_yaml.mimetype) == ("application/json", "application/yaml")
    assert yaml.safe_load(as_yaml.text) == as_json.json
    assert as_json.json["openapi"] == "3.1.0"


def test_the_openapi_document_names_every_format_of_the_list(api):
    content = api.get("/openapi.json").json["paths"]["/v1/statements"]["get"]["responses"]["200"]["content"]
    assert set(content) == {JSON, NDJSON, CSV}


@pytest.mark.parametrize(
    "path", ["/", "/health/live", "/health/ready", "/problems/gone", "/openapi.json", "/openapi.yaml"]
)
def test_a_parameter_is_refused_where_there_are_none(api, path):
    check_problem(api.get(f"{path}?verbose=1"), 422, "invalid", "verbose")


@pytest.mark.parametrize(
    ("method", "path", "allowed"),
    [
        ("DELETE", "/v1/statements", "GET HEAD OPTIONS POST"),
        ("POST", "/", "GET HEAD OPTIONS"),
        ("POST", "/v1/statements.csv", "GET HEAD OPTIONS"),
        ("POST", "/health/live", "GET HEAD OPTIONS"),
        ("GET", "/v1/import", "OPTIONS POST"),
        ("PROPFIND", "/v1/statements", "GET HEAD OPTIONS POST"),
        ("TRACE", "/v1/statements", "GET HEAD OPTIONS POST"),
    ],
)
def test_a_method_that_an_address_does_not_have_is_refused_with_those_it_has(api, method, path, allowed):
    response = api(method, path)
    check_problem(response, 405, "method-not-allowed")
    assert set(response.headers["Allow"].split(", ")) == set(allowed.split())


@pytest.mark.parametrize(
    "path", ["/v1", "/v1/", "/v1/statements/", "/v2/statements", "/V1/statements", "/v1/quotes", "/%FF", "/..%2F"]
)
def test_an_address_with_nothing_at_it_is_a_problem_document(api, path):
    check_problem(api.get(path), 404, "not-found")
