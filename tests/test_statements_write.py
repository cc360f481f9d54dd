"""Storing statements: the flat write, names, the duplicate guard."""

import pytest
from conftest import check_problem, draft


def test_first_row_of_the_wire_is_stored_and_found(api, peskov):
    response = api.post("/v1/statements", peskov[0])
    assert response.status_code == 201
    assert response.headers["ETag"] == '"1"'
    assert response.headers["Location"] == f"/v1/statements/{response.json['id']}"
    assert api.get(response.headers["Location"]).json == response.json
    for query, found in {
        "speaker=peskov": True,
        "agency=AFP": True,
        "since=2025-06-01&until=2025-06-30": True,
        "language=fr": True,
        "language=ru": False,
        "since=2025-07": False,
        "until=2025-05": False,
        "speaker=kremlin": False,
        "on_behalf_of=kremlin": True,
    }.items():
        assert api.ids(f"?{query}") == ([response.json["id"]] if found else []), query


@pytest.mark.parametrize("body", [{}, {"text": ""}])
def test_all_errors_at_once(api, body):
    check_problem(
        api.post("/v1/statements", body), 422, "invalid", "/text", "/language", "/speaker", "/date", "/agency"
    )


def test_the_same_article_again(api):
    first = api.store(url="https://example.org/a")
    again = draft(url="http://www.example.org/a/?utm_source=x#top", text="“All is well”")
    assert (
        check_problem(api.post("/v1/statements", again), 409, "duplicate")["existing"]
        == f"/v1/statements/{first['id']}"
    )
