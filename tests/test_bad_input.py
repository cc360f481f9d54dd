"""Whatever a careless or hostile client sends has its status and its problem document, and changes nothing."""

import json
from time import process_time

import pytest
from conftest import check_problem, draft
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

JSON = "application/json"
LONG = "x" * 10_001
DOORS = [("POST", "/v1/statements"), ("PUT", "/v1/statements/{id}"), ("PATCH", "/v1/statements/{id}")]


def document(**fields):
    """A draft as JSON in ASCII, whatever it holds: lone surrogates go out as escapes."""
    return json.dumps(draft(**fields)).encode()


# A body that is not JSON, or not JSON that can be kept

DEEP = {
    "arrays": b"[" * 10_000 + b"]" * 10_000,
    "arrays without end": b"[" * 100_000,
    "objects": b'{"a":' * 10_000 + b"1" + b"}" * 10_000,
    "in a field": b'{"text": ' + b"[" * 10_000 + b"]" * 10_000 + b"}",
}
UNPARSABLE = {
    "empty": b"",
    "blank": b" \n ",
    "cut off": document()[:-1],
    "two documents": document() + document(),
    "trailing comma": b'{"text": "x",}',
    "single quotes": b"{'text': 'x'}",
    "bare words": b"{text: x}",
    "a comment": b'{"text": "x"} // y',
    "a form": b"text=x&language=en",
    "a name twice": b'{"text": "a", "text": "b"}',
    "a name twice within": b'{"speaker": {"name": "a", "name": "b"}}',
    "NaN": b'{"text": NaN}',
    "Infinity": b'{"text": -Infinity}',
    "a number beyond 64 bits": b'{"speaker": 9223372036854775808}',
    "a number below 64 bits": b'{"speaker": -9223372036854775809}',
    "a number of 5,000 digits": b'{"speaker": ' + b"9" * 5_000 + b"}",
    "a number beyond doubles": b'{"speaker": 1e400}',
    "a leading zero": b'{"speaker": 01}',
    "half a surrogate pair": document(text="\ud83d"),
    "the other half": document(text="\udca9"),
    "halves the wrong way round": document(text="\udca9\ud83d"),
    "half a pair in a name": b'{"\\ud83d": 1}',
    "half a pair further down": document(topics=["a", "\udfff"]),
    "invalid UTF-8": b'{"text": "\xff"}',
    "Latin-1": '{"text": "é"}'.encode("latin-1"),
    "a surrogate in UTF-8": b'{"text": "\xed\xa0\xbd"}',
    "overlong UTF-8": b'{"text": "\xc0\xaf"}',
    "UTF-16": document().decode().encode("utf-16"),
    "UTF-32": document().decode().encode("utf-32-le"),
    "a byte order mark": b"\xef\xbb\xbf" + document(),
    "a raw control character": b'{"text": "a\x01b"}',
    "a raw NUL": b'{"text": "a\x00b"}',
    "a bad escape": b'{"text": "\\x41"}',
    "gzip": b"\x1f\x8b\x08\x00\x00\x00\x00\x00",
    **{f"nesting: {how}": body for how, body in DEEP.items()},
}


@pytest.mark.parametrize("what", UNPARSABLE)
def test_a_body_that_cannot_be_parsed_is_malformed(api, what):
    stored = api.store()
    for method, path in DOORS:
        response = api(method, path.format(**stored), data=UNPARSABLE[what], content_type=JSON)
        assert check_problem(response, 400, "malformed")["detail"]
    assert api.get("/v1/statements").json["items"] == [stored]


@pytest.mark.parametrize(("start", "end"), [(b"[", b"]"), (b'{"a":', b"1}")])
def test_no_depth_of_nesting_is_a_fault_of_the_service(api, start, end):
    """The stack ends at another depth for whoever reads, checks and answers: try each. Surrogates are checked apart."""
    for depth in (*range(850, 1_000), 2_000, 5_000):
        body = b'{"text": "\\ud83d\\ude00", "topics": ' + start * depth + end + end[-1:] * (depth - 1) + b"}"
        response = api.post("/v1/statements", data=body, content_type=JSON)
        assert response.status_code in (400, 422), f"depth {depth}: {response.text}"


def test_a_name_that_stands_twice_among_many_is_found_at_once(api):
    names = b",".join(b'"%d":0' % n for n in range(12_000))
    before = process_time()
    check_problem(api.post("/v1/statements", data=b'{%b,"11999":0}' % names, content_type=JSON), 400, "malformed")
    assert process_time() - before < 0.5


@pytest.mark.parametrize("body", [b"null", b"true", b"1", b'"text"', b"[]", b"[{}]", b"[1, 2]"])
def test_a_body_that_is_no_object_is_invalid(api, body):
    stored = api.store()
    for method, path in DOORS:
        check_problem(api(method, path.format(**stored), data=body, content_type=JSON), 422, "invalid", "")


def test_a_pair_of_surrogates_is_a_character(api):
    response = api.post("/v1/statements", data=document(text="💬"), content_type=JSON)
    assert (response.status_code, response.json["text"]) == (201, "💬")


# A field that is wrong: field, value, and where the answer points if not at the field

WRONG = [
    ("text", None), ("text", ""), ("text", " \t\n\u3000"), ("text", 5), ("text", True), ("text", []), ("text", {"en": "x"}),
    ("text", LONG), ("text", "a\x00b"), ("text", "\x00"),
    ("language", None), ("language", ""), ("language", "english"), ("language", "en_US"), ("language", "e"), ("language", 7),
    ("language", "en-"), ("language", "fr-FR-"), ("language", "x" * 61), ("language", "français"), ("language", "*"),
    ("kind", "Direct"), ("kind", "quote"), ("kind", 1), ("kind", ["direct"]), ("kind", {}), ("kind", ""), ("kind", "x" * 100),
    ("speaker", None), ("speaker", ""), ("speaker", " "), ("speaker", "—"), ("speaker", "“…”"), ("speaker", "a\x00"),
    ("speaker", True), ("speaker", 1.0), ("speaker", 0), ("speaker", -1), ("speaker", []), ("speaker", ["Ada"]),
    ("speaker", "x" * 301), ("speaker", "she"), ("speaker", 2**63 - 1),
    ("speaker", {}, "/name"), ("speaker", {"name": None}, "/name"), ("speaker", {"name": 5}, "/name"),
    ("speaker", {"name": ""}, "/name"), ("speaker", {"name": ["Ada"]}, "/name"), ("speaker", {"id": None}, "/id"),
    ("speaker", {"id": "1"}, "/id"), ("speaker", {"id": 1.5}, "/id"), ("speaker", {"id": True}, "/id"),
    ("speaker", {"id": 0}, "/id"), ("speaker", {"name": "Ada", "kind": "robot"}, "/kind"),
    ("speaker", {"name": "Ada", "wikidata": "q1"}, "/wikidata"), ("speaker", {"name": "Ada", "wikidata": 1}, "/wikidata"),
    ("speaker", {"name": "Ada", "wikidata": "Q0"}, "/wikidata"), ("speaker", {"name": "Ada", "code": "A"}, "/code"),
    ("speaker", {"name": "Ada", "alias": "A"}, "/alias"), ("speaker", {"wikidata": "Q1"}, "/name"),
    ("on_behalf_of", 0), ("on_behalf_of", False), ("on_behalf_of", {"name": "it"}, "/name"),
    ("agency", 1.5), ("agency", ["AFP"]), ("agency", "!"), ("agency", {"name": "AFP", "code": "x" * 21}, "/code"),
    ("agency", {"name": "AFP", "code": "-"}, "/code"), ("agency", {"code": "AFP"}, "/name"),
    ("outlet", {"name": "A", "domain": "nowhere"}, "/domain"), ("outlet", {"name": "A", "domain": "https://a.org"}, "/domain"),
    ("outlet", {"name": "A", "domain": "a b.org"}, "/domain"), ("outlet", {"name": "A", "domain": "-a.org"}, "/domain"),
    ("outlet", {"name": "A", "domain": f"{'a' * 64}.org"}, "/domain"), ("outlet", {"name": "A", "domain": "a.org."}, "/domain"),
    ("date", 2025), ("date", "0000"), ("date", "99999"), ("date", "2025-13"), ("date", "2025-02-30"), ("date", "tomorrow"),
    ("date", "2025-06-11T10:00:00Z"), ("date", ["2025"]), ("date", "2025/2024"), ("date", "2" * 51), ("date", "2025\x00"),
    ("published", "2025-06-11T10:00:00"), ("published", "2025-06-11 10:00:00Z"), ("published", "2025-06-11T25:00:00Z"),
    ("published", "2025-06-11T10:00:60Z"), ("published", "2025-06-11T10:00Z"), ("published", "2025-06~"),
    ("published", "2025-06-31"), ("published", "0000"), ("published", "99999"), ("published", 1749600000), ("published", "now"),
    ("published", "0001-01-01T00:00:00+01:00"), ("published", "9999-12-31T23:59:59-01:00"), ("published", "2025-00"),
    ("published", "2025-06-11T10:00:00+99:00"), ("published", "2025-06-11T10:00:00+01:99"), ("published", "../2025"),
    ("published", "2025-06-11T10:00:00.1234567Z"), ("published", "２０２５"),
    ("url", "example.org/a"), ("url", "//example.org/a"), ("url", "ftp://example.org"), ("url", "javascript:alert(1)"),
    ("url", "http://"), ("url", "http:///a"), ("url", "https://exa mple.org"), ("url", "http://[::1"), ("url", "http://a:b/"),
    ("url", "http://example.org:99999/"), ("url", "http://example.org/\x00"), ("url", "http://example.org/a\nb"),
    ("url", "http://example.org/<script>"), ("url", "http://e.org/" + "a" * 2_048), ("url", 5), ("url", "http://?q"),
    ("headline", 5), ("headline", "x" * 1_001), ("headline", "\x00"), ("byline", ["X"]), ("byline", "x" * 501),
    ("dateline", {}), ("dateline", "x" * 301), ("role", 1), ("role", "x" * 501), ("event", True), ("event", "x" * 501),
    ("place", []), ("place", "x" * 501), ("prefix", 0), ("prefix", "x" * 2_001), ("suffix", {}), ("suffix", "x" * 2_001),
    ("topics", "peace"), ("topics", {}), ("topics", [""], "/0"), ("topics", ["a", None], "/1"), ("topics", ["a", 5], "/1"),
    ("topics", ["a", "—"], "/1"), ("topics", ["x" * 201], "/0"), ("topics", [["a"]], "/0"), ("topics", ["a"] * 51),
    ("topics", ["a\x00"], "/0"), ("topics", True),
    ("translation_of", 0), ("translation_of", True), ("translation_of", 1.5), ("translation_of", []), ("translation_of", ""),
    ("translation_of", {"id": 1}), ("translation_of", 999), ("translation_of", "nothing"), ("translation_of", 2**63 - 1),
    ("ref", 5), ("ref", "x" * 201), ("ref", []), ("ref", "a\x00b"),
    ("source", "AFP"), ("Text", "x"), ("", "x"), ("a/b~c", "x"), ("_schema", "x"), ("__proto__", {}), ("te\x00xt", "x"),
]  # fmt: skip


@pytest.mark.parametrize("field", dict.fromkeys(field for field, *_ in WRONG))
def test_a_wrong_field_is_refused_at_every_door(api, field):
    stored = api.store()
    before = api.get("/v1/statements").data, api.get("/v1/speakers").data
    for value, *below in (rest for name, *rest in WRONG if name == field):
        place = "/" + field.replace("~", "~0").replace("/", "~1") + "".join(below)
        for method, path in DOORS:
            body = document(**{field: value}) if method != "PATCH" else json.dumps({field: value}).encode()
            check_problem(api(method, path.format(**stored), data=body, content_type=JSON), 422, "invalid", place)
        check_problem(api.load(document(**{field: value})), 422, "invalid", place)
    assert (api.get("/v1/statements").data, api.get("/v1/speakers").data) == before


@pytest.mark.parametrize(
    "field", ["id", "version", "status", "appearance_count", "source_count", "created_at", "updated_at", "deleted_at"]
)
def test_what_the_service_gives_cannot_be_given_to_it(api, field):
    check_problem(api.post("/v1/statements", draft(**{field: 1})), 422, "invalid", f"/{field}")


def test_a_text_of_just_the_limit_is_stored(api):
    assert api.store(text="  " + LONG[1:] + "  ")["text"] == LONG[1:]
    assert len(api.store(text="💬" * 10_000)["text"]) == 10_000


def test_errors_are_told_all_at_once_and_once_each(api):
    body = draft(
        text=5, language="english", speaker={"id": "1", "kind": "robot"}, date="x", url="x", topics=["", 5], agency=None
    )
    document = check_problem(
        api.post("/v1/statements?on_duplicate=x&x=1", body), 422, "invalid",
        "on_duplicate", "x", "/text", "/language", "/speaker/id", "/speaker/kind", "/date", "/url", "/topics/0", "/topics/1", "/agency",
    )  # fmt: skip
    assert len(document["errors"]) == 11


# A query string that is wrong

QUERIES = [
    ("limit=0", "limit"), ("limit=201", "limit"), ("limit=-1", "limit"), ("limit=", "limit"), ("limit=ten", "limit"),
    ("limit=1.0", "limit"), ("limit=1e1", "limit"), ("limit=%2B5", "limit"), ("limit=%D9%A5", "limit"), ("limit=5%00", "limit"),
    ("limit=99999999999999999999999999", "limit"), ("limit=5&limit=5", "limit"), ("limit[]=5", "limit[]"), ("LIMIT=5", "LIMIT"),
    ("offset=20", "offset"), ("page=2", "page"), ("speakr=peskov", "speakr"), ("q=peace", "q"), ("=x", ""), ("&&x", "x"),
    ("sort=name", "sort"), ("sort=", "sort"), ("sort=--date", "sort"), ("sort=date,id", "sort"), ("sort=text", "sort"),
    ("sort=date;drop", "sort"), ("sort=%2Bdate", "sort"),
    ("cursor=", "cursor"), ("cursor=x", "cursor"), ("cursor=1", "cursor"), ("cursor=W10.x", "cursor"), ("cursor=%00", "cursor"),
    ("cursor=" + "x" * 2_001, "cursor"), ("cursor=%F0%9F%92%AC", "cursor"),
    ("count=1", "count"), ("count=yes", "count"), ("count=True", "count"), ("count=", "count"),
    ("fields=", "fields"), ("fields=nothing", "fields"), ("fields=id,,text", "fields"), ("fields=speaker.name", "fields"),
    ("fields=*", "fields"), ("fields=other_appearances", "fields"),
    ("speaker=", "speaker"), ("speaker=,", "speaker"), ("speaker=Ada+Example,", "speaker"), ("speaker=nobody", "speaker"),
    ("speaker=%00", "speaker"), ("speaker=99999999999999999999", "speaker"), ("speaker=9223372036854775807", "speaker"),
    ("speaker=%22%22", "speaker"), ("speaker=" + "x" * 301, "speaker"), ("speaker=" + ",".join("a" * 51), "speaker"),
    ("speaker=-1", "speaker"), ("speaker=0", "speaker"), ("speaker=%25", "speaker"), ("agency=' OR 1=1 --", "agency"),
    ("outlet=Le Matin", "outlet"), ("on_behalf_of=nobody", "on_behalf_of"), ("topic=nothing", "topic"), ("topic=-", "topic"),
    ("language=english", "language"), ("language=*", "language"), ("language=fr,", "language"), ("kind=loud", "kind"),
    ("kind=direct,loud", "kind"), ("status=fine", "status"), ("role=", "role"), ("event=%00", "event"),
    ("place=" + "x" * 501, "place"), ("url=nowhere", "url"), ("ref=", "ref"),
    ("since=yesterday", "since"), ("since=2025-13", "since"), ("since=0000", "since"), ("since=99999", "since"),
    ("since=2025~", "since"), ("since=2025/2026", "since"), ("since=", "since"), ("since=2025-06-11T10:00:00Z", "since"),
    ("since=2025-00", "since"), ("until=2025-02-29", "until"), ("until=..", "until"), ("since=2026&until=2025", "since"),
    ("published_since=2025-06-11T10:00:00", "published_since"), ("published_until=x", "published_until"),
    ("published_since=2026&published_until=2025-01-01T00:00:00Z", "published_since"),
    ("published_since=0001-01-01T00:00:00%2B01:00", "published_since"),
]  # fmt: skip


@pytest.mark.parametrize("parameter", dict.fromkeys(parameter for _, parameter in QUERIES))
def test_a_wrong_parameter_is_refused_and_named(api, parameter):
    api.store()
    for query in (query for query, named in QUERIES if named == parameter):
        document = check_problem(api.get(f"/v1/statements?{query}"), 422, "invalid", parameter)
        assert all(error["detail"] for error in document["errors"]), query


@pytest.mark.parametrize("suffix", ["", ".ndjson", ".csv"])
def test_an_unknown_parameter_is_answered_with_the_known_ones(api, suffix):
    document = check_problem(api.get(f"/v1/statements{suffix}?speakr=x"), 422, "invalid", "speakr")
    assert "speaker, on_behalf_of, agency" in document["errors"][0]["detail"]


@pytest.mark.parametrize("suffix", ["ndjson", "csv"])
def test_a_stream_is_refused_before_it_begins(api, suffix):
    api.store()
    for query in ("speaker=nobody", "since=x", "limit=5", "cursor=x", "sort=x", "fields=x"):
        check_problem(api.get(f"/v1/statements.{suffix}?{query}"), 422, "invalid", query.partition("=")[0])


@pytest.mark.parametrize("query", ["speaker=%FF", "speaker=%ED%A0%BD", "%C0%AF=1", "speaker=%C3"])
def test_a_query_that_is_no_text_is_malformed(api, query):
    for path in ("/v1/statements", "/v1/topics", "/v1/statements.csv"):
        check_problem(api.get(f"{path}?{query}"), 400, "malformed")


@pytest.mark.parametrize("method", ["GET", "PUT", "PATCH", "DELETE"])
def test_one_statement_takes_no_filters(api, method):
    path = f"/v1/statements/{api.store()['id']}"
    body = {"PUT": draft(), "PATCH": {}}.get(method)
    check_problem(api(method, f"{path}?speaker=x&dry_run=true", json=body), 422, "invalid", "speaker", "dry_run")
    assert api.get(path).json["version"] == 1


@pytest.fixture
def cursor(api):
    for n in range(3):
        api.store(text=f"{n}")
    return api.get("/v1/statements?limit=1&sort=date&language=en").json["next"].partition("cursor=")[2]


def changed(text, at):
    return text[:at] + ("A" if text[at] != "A" else "B") + text[at + 1 :]


@pytest.mark.parametrize(
    "query",
    [
        "sort=-date&language=en",
        "sort=id&language=en",
        "sort=date",
        "sort=date&language=fr",
        "sort=date&language=en&kind=direct",
        "",
    ],
)
def test_a_cursor_of_another_list_is_refused(api, cursor, query):
    assert len(api.ids(f"?limit=2&sort=date&language=en&cursor={cursor}")) == 2
    check_problem(api.get(f"/v1/statements?{query}&cursor={cursor}"), 422, "invalid", "cursor")


def test_a_cursor_of_another_resource_is_refused(api, cursor):
    check_problem(api.get(f"/v1/speakers?cursor={cursor}"), 422, "invalid", "cursor")


def test_a_cursor_that_was_tampered_with_is_refused(api, cursor):
    path = "/v1/statements?sort=date&language=en&cursor="
    tampered = [changed(cursor, at) for at in range(len(cursor) - 1)]
    for wrong in (
        *tampered,
        cursor[:-1],
        cursor[1:],
        cursor + "x",
        cursor.partition(".")[0],
        f"{cursor}.{cursor}",
        cursor.lower(),
    ):
        check_problem(api.get(path + wrong), 422, "invalid", "cursor")


# What the framework would answer


@pytest.mark.parametrize(
    "path",
    [
        "/v1", "/v1/", "/v1/statement", "/v1/statements/", "/v1/statements/x", "/v1/statements/0", "/v1/statements/-1",
        "/v1/statements/1.5", "/v1/statements/01", "/v1/statements/1/", "/v1/statements/1/nothing", "/v1/statements.xml",
        "/v1/statements/%00", "/v1/statements/%FF", "/v1/statements/1%2F2", "/v1/statements/../../etc/passwd", "/v2/statements",
        "/static/x", "/favicon.ico", "/problems/nothing", "/problems/%FF", "/v1/speakers/1", "/v1/speakers/x", "/v1/topics/1", "/v1/STATEMENTS",
        "/v1/statements/99999999999999999999999999999999", "/" + "x" * 5_000,
    ],
)  # fmt: skip
def test_an_address_where_nothing_is_is_not_found(api, path):
    check_problem(api.get(path), 404, "not-found")


def test_an_id_is_written_in_one_way_only(api):
    id_ = max(api.store(text=f"{n}")["id"] for n in range(10))
    assert api.get(f"/v1/statements/{id_}").status_code == 200
    arabic = f"{id_}"[0] + f"{id_}"[1:].translate(str.maketrans("0123456789", "٠١٢٣٤٥٦٧٨٩"))
    for other in (f"0{id_}", f"+{id_}", f"{id_}.0", f"{id_}%20", arabic):
        check_problem(api.get(f"/v1/statements/{other}"), 404, "not-found")


@pytest.mark.parametrize(
    ("method", "path", "allowed"),
    [
        ("DELETE", "/v1/statements", "GET, HEAD, OPTIONS, POST"),
        ("PUT", "/v1/statements", "GET, HEAD, OPTIONS, POST"),
        ("POST", "/v1/statements/1", "DELETE, GET, HEAD, OPTIONS, PATCH, PUT"),
        ("GET", "/v1/statements/1/restore", "OPTIONS, POST"),
        ("GET", "/v1/import", "OPTIONS, POST"),
        ("POST", "/v1/topics", "GET, HEAD, OPTIONS"),
        ("POST", "/v1/statements.csv", "GET, HEAD, OPTIONS"),
        ("PUT", "/v1/speakers/1", "DELETE, GET, HEAD, OPTIONS, PATCH"),
        ("TRACE", "/v1/statements", "GET, HEAD, OPTIONS, POST"),
        ("BREW", "/", "GET, HEAD, OPTIONS"),
        ("POST", "/openapi.yaml", "GET, HEAD, OPTIONS"),
    ],
)
def test_a_method_that_is_not_allowed_is_answered_with_those_that_are(api, method, path, allowed):
    response = api(method, path)
    check_problem(response, 405, "method-not-allowed")
    assert response.headers["Allow"] == allowed


@pytest.mark.parametrize(
    "accept", ["image/png", "application/xml", "application/json;q=0", "text/plain, image/*", "x", ";;,"]
)
def test_a_format_that_is_not_to_be_had_is_not_acceptable(api, accept):
    stored = api.store()
    for path in ("/v1/statements", "/v1/statements/{id}", "/v1/topics", "/"):
        response = api.get(path.format(**stored), headers={"Accept": accept})
        assert JSON in check_problem(response, 406, "not-acceptable")["available"]


@pytest.mark.parametrize(
    "accept", ["*/*", JSON, "application/*", "text/html", "image/png, */*;q=0.1", "APPLICATION/JSON", ""]
)
def test_what_most_clients_accept_is_json(api, accept):
    assert api.get("/v1/statements", headers={"Accept": accept}).mimetype == JSON


@pytest.mark.parametrize(
    ("method", "path", "media_type", "accepted"),
    [
        ("POST", "/v1/statements", None, [JSON]),
        ("POST", "/v1/statements", "text/plain", [JSON]),
        ("POST", "/v1/statements", "application/x-www-form-urlencoded", [JSON]),
        ("POST", "/v1/statements", "multipart/form-data", [JSON]),
        ("POST", "/v1/statements", "application/x-ndjson", [JSON]),
        ("POST", "/v1/statements", "application/merge-patch+json", [JSON]),
        ("POST", "/v1/statements", "nonsense", [JSON]),
        ("PUT", "/v1/statements/{id}", "text/json", [JSON]),
        ("PATCH", "/v1/statements/{id}", "application/json-patch+json", [JSON, "application/merge-patch+json"]),
        ("POST", "/v1/speakers", "application/xml", [JSON]),
        ("POST", "/v1/import", JSON, None),
        ("POST", "/v1/import", None, None),
        ("POST", "/v1/import", "application/gzip", None),
    ],
)
def test_the_wrong_media_type_is_unsupported(api, method, path, media_type, accepted):
    stored = api.store()
    response = api(method, path.format(**stored), data=document(text="x"), content_type=media_type)
    found = check_problem(response, 415, "unsupported-media-type")["accepted"]
    assert found == accepted or (accepted is None and {"application/x-ndjson", "text/csv"} <= set(found))
    assert api.ids() == [stored["id"]]


def test_an_encoded_document_is_unsupported(api):
    response = api.post("/v1/statements", data=document(), content_type=JSON, headers={"Content-Encoding": "gzip"})
    check_problem(response, 415, "unsupported-media-type")


@pytest.mark.parametrize("media_type", [JSON, "application/x-www-form-urlencoded"])
@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("POST", "/v1/statements"),
        ("PUT", "/v1/statements/{id}"),
        ("PATCH", "/v1/statements/{id}"),
        ("POST", "/v1/speakers"),
    ],
)
def test_a_body_that_is_too_large_is_refused(api, method, path, media_type):
    stored = api.store()
    body = b'{"text": "' + b"x" * 1_048_576 + b'"}'
    for query in ("", "?unknown=1") if media_type == JSON else ("",):
        response = api(method, path.format(**stored) + query, data=body, content_type=media_type)
        if media_type == JSON:
            check_problem(response, 413, "too-large")
        else:
            assert response.status_code in (413, 415)
    assert api.get("/v1/statements").json["items"] == [stored]


@pytest.mark.parametrize(
    ("authorization", "status", "kind"),
    [
        (None, 401, "unauthorized"),
        ("", 401, "unauthorized"),
        ("Bearer", 401, "unauthorized"),
        ("Bearer ", 401, "unauthorized"),
        ("Bearer vbt_nothing", 401, "unauthorized"),
        ("Bearer vbt_\xe9", 401, "unauthorized"),
        ("Basic dXNlcjpwYXNz", 401, "unauthorized"),
        ("vbt_nothing", 401, "unauthorized"),
        ("Bearer {reader}", 403, "forbidden"),
        ("Bearer {reviewer}", 403, "forbidden"),
        ("bearer  {writer} ", 201, None),
        ("Bearer {admin}", 201, None),
    ],
)
def test_a_write_needs_a_key_that_may_write(api, authorization, status, kind):
    headers = {} if authorization is None else {"Authorization": authorization.format(**api.installed.keys)}
    response = api.post("/v1/statements", draft(), key=None, headers=headers)
    assert response.status_code == status
    if kind:
        check_problem(response, status, kind)
        assert ("WWW-Authenticate" in response.headers) == (status == 401)
        assert api.ids() == []


def test_who_may_not_write_is_told_so_before_anything_is_read(api):
    response = api.post("/v1/statements?x=1", data=b"x" * 2_000_000, content_type="text/plain", key=None)
    check_problem(response, 401, "unauthorized")


@pytest.mark.parametrize(
    "headers",
    [
        {"Accept": "a/b;q=x, */*"},
        {"Accept": "*/*;q=-1, application/json"},
        {"Accept-Language": "\xff"},
        {"Content-Type": "\xff\xfe"},
        {"Cookie": "=;=;\xff"},
        {"If-None-Match": '""'},
        {"If-None-Match": '"unclosed'},
        {"If-None-Match": 'W/"", W/, "a'},
        {"If-Modified-Since": "yesterday"},
        {"If-Modified-Since": "Mon, 99 Foo 99999 99:99:99 GMT"},
        {"If-Range": "x"},
        {"Prefer": "=,;\xff"},
        {"Range": "bytes=5-1"},
        {"Range": "bytes=99999999999999999999-"},
        {"User-Agent": "\xff" * 1_000},
        {"X-Forwarded-For": "; DROP TABLE statement"},
        {"X-Forwarded-Host": "evil.example"},
        {"X-HTTP-Method-Override": "DELETE"},
    ],
)
def test_strange_headers_do_no_harm_to_a_read(api, headers):
    stored = api.store()
    for path in (f"/v1/statements/{stored['id']}", "/v1/statements?limit=1"):
        response = api.get(path, headers=headers)
        assert (response.status_code, "evil" in response.text) == (200, False)
    assert api.ids() == [stored["id"]]


@pytest.mark.parametrize("tag", ['""', "", ",", '"', '"unclosed', 'W/""', "W/", "\xff", "1" * 5_000])
def test_a_tag_that_is_none_is_not_the_version_that_stands(api, tag):
    path = f"/v1/statements/{api.store()['id']}"
    for method, body in (("PUT", draft(role="x")), ("PATCH", {"role": "x"}), ("DELETE", None)):
        response = api(method, path, json=body, headers={"If-Match": tag})
        check_problem(response, 412, "precondition-failed")
    assert api.get(path).json["version"] == 1


def test_a_tag_among_others_that_are_none_counts(api):
    path = f"/v1/statements/{api.store()['id']}"
    assert api.patch(path, {"role": "x"}, headers={"If-Match": '"", junk, "1"'}).status_code == 200


# Imports


@pytest.mark.parametrize(
    ("line", "place"),
    [
        (b'{"text": "\xff"}', ""),
        ('{"text": "é"}'.encode("latin-1"), ""),
        (b"not json", ""),
        (b"[]", ""),
        (b"null", ""),
        (b'{"text": NaN}', ""),
        (b'{"speaker": 9223372036854775808}', ""),
        (document(text="\ud83d"), ""),
        (b"[" * 10_000, ""),
        (b'{"text": "' + b"x" * 1_048_576 + b'"}', ""),
        (b"\x00", ""),
        (document(text="\x00"), "/text"),
        (document(text=LONG), "/text"),
        (document(id=0), "/id"),
        (document(version="1"), "/version"),
    ],
)
@pytest.mark.parametrize("mode", ["atomic", "partial"])
def test_a_wrong_line_is_refused_by_its_number(api, mode, line, place):
    lines = [document(), b"", line, document(text="last")]
    response = api.load(b"\n".join(lines), f"?mode={mode}")
    assert response.status_code == (422 if mode == "atomic" else 200)
    report = response.json
    assert [(error["line"], error["pointer"]) for error in report["errors"]] == [(3, place)]
    assert (report["rows"], report["refused"], report["stored"]) == (3, 1, mode == "partial")
    assert len(api.ids()) == (0 if mode == "atomic" else 2)


@pytest.mark.parametrize(
    ("query", "parameter"),
    [
        ("mode=some", "mode"), ("mode=", "mode"), ("dry_run=1", "dry_run"), ("on_duplicate=merge", "on_duplicate"),
        ("dryrun=true", "dryrun"), ("mode=atomic&mode=partial", "mode"),
    ],
)  # fmt: skip
def test_a_misspelt_way_to_import_imports_nothing(api, query, parameter):
    check_problem(api.load([draft()], f"?{query}"), 422, "invalid", parameter)
    assert api.ids() == []


def test_an_empty_import_is_malformed(api):
    check_problem(api.load(b""), 400, "malformed")


def test_an_import_may_be_larger_than_a_document(api):
    report = api.load(b"\n" * 2_000_000 + document()).json
    assert (report["created"], report["refused"]) == (1, 0)


# Anything at all

CHARACTERS = st.text(st.characters(exclude_categories=()), max_size=20)
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**70), 2**70) | st.floats() | CHARACTERS,
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(CHARACTERS | st.sampled_from(["id", "name"]), inner, max_size=3)
    ),
    max_leaves=5,
)
FIELDS = st.sampled_from(
    [*draft(), "outlet", "url", "published", "topics", "translation_of", "other_appearances", "ref", "kind"]
)
anything = settings(
    max_examples=40,
    deadline=None,
    derandomize=True,
    database=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)


@anything
@given(fields=st.dictionaries(FIELDS | CHARACTERS, VALUES, max_size=2))
def test_any_document_is_refused_or_comes_back_the_same(api, fields):
    response = api.post("/v1/statements?on_duplicate=allow", data=document(**fields), content_type=JSON)
    assert response.status_code in (201, 400, 409, 422), response.text
    if response.status_code == 201:
        path = response.headers["Location"]
        assert response.json["text"] == draft(**fields)["text"].strip()
        assert api.get(path).json == api.put(path, response.json).json == response.json


@anything
@given(body=st.binary(max_size=40) | CHARACTERS.map(lambda text: text.encode("utf-8", "surrogatepass")))
def test_any_bytes_are_refused(api, body):
    for path, media_type in (
        ("/v1/statements", JSON),
        ("/v1/import", "application/x-ndjson"),
        ("/v1/import", "text/csv"),
    ):
        response = api.post(path, data=body, content_type=media_type)
        assert response.status_code in (400, 422) or (path == "/v1/import" and not response.json["created"]), (
            response.text
        )


PARAMETERS = st.sampled_from(
    ["speaker", "topic", "language", "since", "published_until", "url", "ref", "cursor", "limit", "fields"]
)


@anything
@given(query=st.dictionaries(PARAMETERS | CHARACTERS, CHARACTERS, max_size=3))
def test_any_query_is_answered_or_refused(api, query):
    encoded = {
        name.encode("utf-8", "surrogatepass"): value.encode("utf-8", "surrogatepass") for name, value in query.items()
    }
    for path in ("/v1/statements", "/v1/speakers", "/v1/topics"):
        assert api.get(path, query_string=encoded).status_code in (200, 400, 422)
