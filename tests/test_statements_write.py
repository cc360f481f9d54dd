"""Storing statements: the flat write, names, the duplicate guard."""

import pytest
from conftest import check_problem, draft

ARTICLE = "https://example.org/a"


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


def test_errors_of_the_query_and_of_the_body_at_once(api):
    response = api.post("/v1/statements?on_duplicate=overwrite&dry=1", {"text": "", "topic": "x"})
    expected = {"on_duplicate", "dry", "/text", "/topic", "/language", "/speaker", "/date", "/agency"}
    check_problem(response, 422, "invalid", *expected)


def test_what_is_left_out_has_its_default(api):
    stored = api.store()
    assert (stored["kind"], stored["status"]) == ("direct", "unreviewed")
    assert (stored["topics"], stored["version"]) == ([], 1)
    assert stored["speaker"]["kind"] == "person"
    empty = ("role", "on_behalf_of", "outlet", "published", "url", "headline", "byline", "dateline", "event", "place")
    assert all(stored[name] is None for name in (*empty, "prefix", "suffix", "translation_of", "ref"))


@pytest.mark.parametrize(
    "text",
    [
        "«\u202fIl y a —\u00a0dit-il\u00a0— beaucoup d’obstacles…\u202f»",
        "cafe\u0301 au lait, e\u0301te\u0301",
        "line one\r\n\tline two",
        "'=1+1",
        "👩\u200d💻 שלום \u200f«حديث»\u200e 日本語",
        "𝔘𝔫𝔦𝔠𝔬𝔡𝔢" * 1000,
        "\\u0000 and </script> and %00 and \x7f",
    ],
)
def test_text_is_stored_exactly_as_given(api, text):
    stored = api.store(text=f" \n\u3000{text}\u00a0\t ")
    assert stored["text"] == text
    assert api.get(f"/v1/statements/{stored['id']}").json["text"] == text


@pytest.mark.parametrize(
    ("field", "given", "stored"),
    [
        ("language", "PT-br", "pt-BR"),
        ("language", "ZH-hant-tw", "zh-Hant-TW"),
        ("published", "2025-06-11T12:30:00+02:00", "2025-06-11T10:30:00Z"),
        ("published", "2025-06-11t23:30:00.25-01:00", "2025-06-12T00:30:00.250000Z"),
        ("published", "2025-06", "2025-06"),
        ("url", "https://example.org/a?utm_source=x#top", "https://example.org/a?utm_source=x#top"),
        ("headline", "   ", None),
        ("outlet", "", None),
        ("topics", [" économie ", "Économie"], ["économie", "Économie"]),
    ],
)
def test_fields_are_kept_in_their_standard_form(api, field, given, stored):
    assert api.store(**{field: given})[field] == stored


# Names

FORMS = {
    "name": lambda known: known["name"],
    "name spelt otherwise": lambda known: f" «{known['name'].upper()}» ",
    "id": lambda known: known["id"],
    "object with a name": lambda known: {"name": known["name"]},
    "object with an id": lambda known: {"id": known["id"]},
    "object with both": lambda known: {"id": known["id"], "name": known["name"].lower()},
    "object of an answer": lambda known: known,
}
PLACES = {"speaker": "speakers", "on_behalf_of": "speakers", "agency": "agencies", "outlet": "outlets"}


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("field", PLACES)
def test_an_entity_is_given_as_name_id_or_object(api, field, form):
    known = api.store(**{field: "Zoë Örnekoğlu"})[field]
    assert api.store(**{field: FORMS[form](known)})[field] == known


@pytest.mark.parametrize("field", PLACES)
def test_an_alias_names_its_entity(api, field):
    path = f"/v1/{PLACES[field]}"
    known = api.post(path, {"name": "Дмитрий Песков", "aliases": ["Dmitri Peskov", "דמיטרי פסקוב"]}).json
    for alias in ("dmitri PESKOV", "דמיטרי פסקוב", "Дмитрий Песков"):
        assert api.store(**{field: alias})[field]["id"] == known["id"]


def test_part_of_a_name_names_nobody_in_a_write(api):
    first = api.store(speaker="Dmitri Peskov")
    assert api.store(speaker="Peskov")["speaker"]["id"] != first["speaker"]["id"]


def test_one_new_name_twice_in_one_statement_is_one_entity(api):
    stored = api.store(speaker="Kremlin", on_behalf_of="KREMLIN", agency="Tass", other_appearances=[{"agency": "TASS"}])
    assert stored["speaker"] == stored["on_behalf_of"]
    assert names(api)["agencies"] == ["Tass"]


@pytest.mark.parametrize(
    ("field", "given", "place"),
    [
        ("speaker", 99, "/speaker"),
        ("on_behalf_of", {"id": 99}, "/on_behalf_of"),
        ("agency", 99, "/agency"),
        ("outlet", {"id": 99, "name": "Le Matin"}, "/outlet"),
        ("other_appearances", [{"agency": "AFP"}, {"outlet": 99}], "/other_appearances/1/outlet"),
    ],
)
def test_an_id_that_nothing_has_is_refused(api, field, given, place):
    check_problem(api.post("/v1/statements", draft(**{field: given})), 422, "invalid", place)


def test_an_id_of_a_deleted_entity_is_refused(api):
    path = api.post("/v1/speakers", {"name": "Ada Example"}).headers["Location"]
    api.delete(path)
    check_problem(api.post("/v1/statements", draft(speaker=int(path.rsplit("/", 1)[1]))), 422, "invalid", "/speaker")
    assert api.store()["speaker"]["id"] != int(path.rsplit("/", 1)[1])


def test_an_id_with_the_name_of_another_is_refused(api):
    known = api.store()["speaker"]["id"]
    response = api.post("/v1/statements", draft(text="x", speaker={"id": known, "name": "Bob Example"}))
    check_problem(response, 422, "invalid", "/speaker/name")


REFUSED = {
    "translation of nothing": {"translation_of": 999},
    "unknown agency": {"agency": 999},
    "unknown agency further down": {"other_appearances": [{"outlet": "Other New"}, {"agency": 999}]},
    "ambiguous principal": {"on_behalf_of": "Twin"},
    "ref in use": {"ref": "taken"},
    "another kind than is stored": {"on_behalf_of": {"name": "Known", "kind": "group"}},
    "one new name of two kinds": {"on_behalf_of": {"name": "Brand New", "kind": "group"}},
    "one new name of two codes": {
        "agency": {"name": "New Agency", "code": "NA"},
        "other_appearances": [{"agency": {"name": "New Agency", "code": "NB"}}, {"agency": "New Agency"}],
    },
}


def names(api):
    """Everything that a statement may bring with it, as it is stored now."""
    found = {
        kind: api.get(f"/v1/{kind}?limit=200").json["items"] for kind in ("speakers", "agencies", "outlets", "topics")
    }
    return {kind: [each["name"] for each in items] for kind, items in found.items()}


def crowd(api):
    """Speakers and a statement that `REFUSED` drafts run into."""
    api.store(ref="taken", speaker="Known")
    for _ in range(2):
        api.post("/v1/speakers?on_duplicate=allow", {"name": "Twin"})


def newcomer(**fields):
    return draft(
        **{"speaker": "Brand New", "agency": "New Agency", "outlet": "New Outlet", "topics": ["new"], **fields}
    )


@pytest.mark.parametrize("why", REFUSED)
def test_a_refused_statement_leaves_nothing_behind(api, why):
    crowd(api)
    before = names(api), api.ids()
    response = api.post("/v1/statements", newcomer(**REFUSED[why]))
    assert response.status_code in (409, 422), response.text
    assert (names(api), api.ids()) == before


@pytest.mark.parametrize("why", REFUSED)
def test_a_row_refused_among_others_leaves_nothing_behind(api, why):
    crowd(api)
    before = names(api), api.ids()
    # Of an import, a ref that is in use changes the statement that has it
    row = newcomer(**REFUSED[why]) if why != "ref in use" else newcomer(ref="taken", translation_of="nothing")
    report = api.load([row, draft(text="one that is fine")], "?mode=partial").json
    assert (report["refused"], report["created"]) == (1, 1)
    assert names(api) == {**before[0], "speakers": sorted([*before[0]["speakers"], "Ada Example"])}


# Strict handling

STRICT = {"Prefer": "handling=strict"}


@pytest.mark.parametrize("field", PLACES)
def test_strict_refuses_an_unknown_name_and_lists_near_ones(api, field):
    api.store()
    known = api.store(**{field: "Dmitri Peskov"})[field]
    before = names(api)
    response = api.post("/v1/statements", draft(**{field: "Dimitri Peskow"}), headers=STRICT)
    document = check_problem(response, 422, "invalid", f"/{field}")
    assert [near["id"] for near in document["errors"][0]["near"]] == [known["id"]]
    assert "Dmitri Peskov" in document["errors"][0]["detail"]
    assert names(api) == before


def test_strict_names_every_unknown_at_once(api):
    body = draft(speaker="A", on_behalf_of="B", agency="C", outlet="D", other_appearances=[{"outlet": "E"}])
    places = ("/speaker", "/on_behalf_of", "/agency", "/outlet", "/other_appearances/0/outlet")
    check_problem(api.post("/v1/statements", body, headers=STRICT), 422, "invalid", *places)


def test_an_unknown_name_and_an_unknown_original_are_told_at_once(api):
    body = draft(speaker="Nobody", agency="None", translation_of=999)
    check_problem(
        api.post("/v1/statements", body, headers=STRICT), 422, "invalid", "/speaker", "/agency", "/translation_of"
    )


@pytest.mark.parametrize(
    ("prefer", "status"),
    [
        ("handling=strict", 422),
        ("respond-async, Handling = STRICT", 422),
        ('handling="strict"', 422),
        ("handling=strict; reason=tidy", 422),
        ("handling=lenient", 201),
        ("return=representation", 201),
    ],
)
def test_only_strict_handling_is_strict(api, prefer, status):
    assert api.post("/v1/statements", draft(), headers={"Prefer": prefer}).status_code == status


def test_strict_takes_known_names_and_new_topics(api):
    known = api.store()
    again = api.post("/v1/statements", draft(text="x", topics=["new"], speaker="ADA EXAMPLE"), headers=STRICT)
    assert again.status_code == 201
    assert again.json["speaker"] == known["speaker"]


# Names that fit several


@pytest.fixture
def smiths(api):
    """Namesakes: a person with an identifier, a person without, and a company."""
    bodies = [
        {"name": "John Smith", "wikidata": "Q1"},
        {"name": "John Smith"},
        {"name": "John Smith", "kind": "organization"},
    ]
    return [api.post("/v1/speakers?on_duplicate=allow", body).json["id"] for body in bodies]


@pytest.mark.parametrize("field", ["speaker", "on_behalf_of"])
def test_a_name_that_fits_several_is_a_conflict_with_the_candidates(api, smiths, field):
    document = check_problem(api.post("/v1/statements", draft(**{field: "john smith"})), 409, "ambiguous-name")
    assert document["pointer"] == f"/{field}"
    assert document["candidates"] == [
        {
            "id": smiths[0],
            "name": "John Smith",
            "kind": "person",
            "wikidata": "Q1",
            "href": f"/v1/speakers/{smiths[0]}",
        },
        {"id": smiths[1], "name": "John Smith", "kind": "person", "href": f"/v1/speakers/{smiths[1]}"},
        {"id": smiths[2], "name": "John Smith", "kind": "organization", "href": f"/v1/speakers/{smiths[2]}"},
    ]
    assert api.ids() == []


@pytest.mark.parametrize(
    ("given", "meant"),
    [({"wikidata": "Q1"}, 0), ({"kind": "organization"}, 2), ({"id": 0}, 1)],
)
def test_what_tells_namesakes_apart_chooses_among_them(api, smiths, given, meant):
    given = {"id": smiths[meant]} if "id" in given else given
    assert api.store(speaker={"name": "John Smith", **given})["speaker"]["id"] == smiths[meant]


def test_a_name_and_an_alias_of_another_are_ambiguous(api):
    api.post("/v1/agencies", {"name": "Agence France-Presse", "code": "AFP"})
    api.post("/v1/agencies", {"name": "Associated Foreign Press", "aliases": ["A.F.P."]})
    document = check_problem(api.post("/v1/statements", draft(agency="AFP")), 409, "ambiguous-name")
    assert [each["name"] for each in document["candidates"]] == ["Agence France-Presse", "Associated Foreign Press"]


def test_the_pointer_of_an_ambiguous_name_leads_to_it(api):
    for code in ("A", "B"):
        api.post("/v1/agencies?on_duplicate=allow", {"name": "Twin", "code": code})
    body = draft(other_appearances=[{"outlet": "Le Matin"}, {"agency": "Twin"}])
    assert (
        check_problem(api.post("/v1/statements", body), 409, "ambiguous-name")["pointer"]
        == "/other_appearances/1/agency"
    )


# Identifiers and kinds


@pytest.mark.parametrize(
    ("field", "key", "value"),
    [
        ("speaker", "wikidata", "Q4124"),
        ("agency", "code", "AFP"),
        ("agency", "wikidata", "Q40464"),
        ("outlet", "domain", "lematin.ch"),
        ("outlet", "wikidata", "Q1"),
    ],
)
class TestIdentifiers:
    def test_names_the_entity_whatever_it_is_called(self, api, field, key, value):
        known = api.store(**{field: {"name": "Original Name", key: value}})[field]
        assert api.store(**{field: {"name": "Another Name", key: value}})[field] == known

    def test_is_given_to_a_namesake_that_lacks_it(self, api, field, key, value):
        plain = api.store(**{field: "Some Name"})[field]
        assert api.store(**{field: {"name": "Some Name", key: value}})[field] == {**plain, key: value}
        assert api.get(f"/v1/{PLACES[field]}/{plain['id']}").json["version"] == 2

    def test_that_differs_makes_another_entity(self, api, field, key, value):
        known = api.store(**{field: {"name": "Some Name", key: value}})[field]
        other = {"wikidata": "Q2", "code": "XYZ", "domain": "example.org"}[key]
        assert api.store(**{field: {"name": "Some Name", key: other}})[field]["id"] != known["id"]

    def test_beside_the_id_of_an_entity_with_another_is_a_conflict(self, api, field, key, value):
        known = api.store(**{field: {"name": "Some Name", key: value}})[field]
        other = {"wikidata": "Q2", "code": "XYZ", "domain": "example.org"}[key]
        response = api.post("/v1/statements", draft(**{field: {"id": known["id"], key: other}}))
        document = check_problem(response, 409, "conflict")
        assert document["pointer"] == f"/{field}"
        assert [each["id"] for each in document["candidates"]] == [known["id"]]

    def test_of_another_beside_an_id_is_refused_where_it_stands(self, api, field, key, value):
        holder = api.store(**{field: {"name": "Holder", key: value}})[field]
        lacking = api.store(**{field: "Lacking"})[field]
        response = api.post("/v1/statements", draft(text="x", **{field: {"id": lacking["id"], key: value}}))
        assert response.status_code == 409
        assert response.json["pointer"] in (f"/{field}", f"/{field}/{key}")
        assert str(holder["id"]) in response.text
        assert api.get(f"/v1/{PLACES[field]}/{lacking['id']}").json["version"] == 1


Q9 = {"wikidata": "Q9"}


@pytest.mark.parametrize(
    ("fields", "place"),
    [
        ({"speaker": {"name": "Known", **Q9}, "on_behalf_of": {"name": "Also Known", **Q9}}, "/on_behalf_of"),
        ({"speaker": {"name": "Brand New", **Q9}, "on_behalf_of": {"name": "Known", **Q9}}, "/on_behalf_of"),
        (
            {"agency": {"name": "Known", **Q9}, "other_appearances": [{"agency": {"name": "Also Known", **Q9}}]},
            "/other_appearances/0/agency",
        ),
        (
            {"agency": {"name": "Brand New", **Q9}, "other_appearances": [{"agency": {"name": "Known", **Q9}}]},
            "/other_appearances/0/agency",
        ),
    ],
)
def test_one_statement_does_not_give_one_identifier_to_two(api, fields, place):
    for name in ("Known", "Also Known"):
        api.store(speaker=name, agency=name)
    before = api.get("/v1/speakers").data, api.get("/v1/agencies").data
    body = draft(text="x", **fields)
    report = api.load([body], "?mode=partial").json
    response = api.post("/v1/statements", body)
    assert (report["refused"], response.status_code) == (1, 409)
    assert (api.get("/v1/speakers").data, api.get("/v1/agencies").data) == before
    assert (report["errors"][0]["pointer"], response.json["pointer"]) == (place, place)


def test_identifiers_of_two_entities_are_a_conflict(api):
    api.store(agency={"name": "One", "code": "ONE"})
    api.store(agency={"name": "Two", "wikidata": "Q2"})
    response = api.post("/v1/statements", draft(agency={"name": "One", "code": "ONE", "wikidata": "Q2"}))
    assert {each["name"] for each in check_problem(response, 409, "conflict")["candidates"]} == {"One", "Two"}


def test_an_identifier_that_contradicts_another_is_a_conflict(api):
    api.store(agency={"name": "Agence", "code": "AGX", "wikidata": "Q2"})
    response = api.post("/v1/statements", draft(text="x", agency={"name": "Agence", "code": "AGX", "wikidata": "Q3"}))
    assert check_problem(response, 409, "conflict")["pointer"] == "/agency"


def test_codes_in_another_case_are_one_code(api):
    known = api.store(agency={"name": "Agence France-Presse", "code": "AFP"})["agency"]
    assert api.store(agency={"name": "Agence Autre", "code": "afp"})["agency"] == known
    assert api.store(agency="AFP")["agency"] == known


def test_a_domain_is_one_with_and_without_www(api):
    known = api.store(outlet={"name": "Le Matin", "domain": "www.LeMatin.ch"})["outlet"]
    assert known["domain"] == "lematin.ch"
    assert api.store(outlet={"name": "lematin.ch", "domain": "lematin.ch"})["outlet"] == known


@pytest.mark.parametrize("field", ["speaker", "on_behalf_of"])
@pytest.mark.parametrize("by", ["name", "id", "wikidata"])
def test_another_kind_than_the_stored_is_a_conflict(api, field, by):
    known = api.store(speaker={"name": "Kremlin", "kind": "organization", "wikidata": "Q133274"})["speaker"]
    given = {"name": "Kremlin", "kind": "person"} | ({} if by == "name" else {by: known[by]})
    document = check_problem(api.post("/v1/statements", draft(text="x", **{field: given})), 409, "conflict")
    assert document["pointer"] == f"/{field}"
    assert document["candidates"] == [{**known, "href": f"/v1/speakers/{known['id']}"}]


@pytest.mark.parametrize("kind", ["person", "organization", "group", "anonymous"])
def test_a_new_speaker_has_the_kind_given(api, kind):
    assert api.store(speaker={"name": "a senior official", "kind": kind})["speaker"]["kind"] == kind


PRONOUNS = (
    "he",
    "She",
    " THEY ",
    "“he”",
    "He.",
    "il",
    "elle",
    "Он",
    "она",
    "er",
    "él",
    "ELLA",
    "você",
    "هو",
    "someone",
)


@pytest.mark.parametrize("field", ["speaker", "on_behalf_of"])
def test_a_pronoun_is_no_speaker(api, field):
    for pronoun in PRONOUNS:
        check_problem(api.post("/v1/statements", draft(**{field: pronoun})), 422, "invalid", f"/{field}")
        response = api.post("/v1/statements", draft(**{field: {"name": pronoun, "kind": "anonymous"}}))
        check_problem(response, 422, "invalid", f"/{field}/name")


def test_short_names_that_are_no_pronouns_are_kept(api):
    for name in ("WHO", "US", "Les", "He Jiankui", "Il Foglio", "U2", "Ø", "ى", "あ", "안", "ก"):
        assert api.store(speaker=name)["speaker"]["name"] == name


def test_an_outlet_may_be_called_like_a_pronoun(api):
    assert api.store(outlet="Elle")["outlet"]["name"] == "Elle"


# The duplicate guard


def test_the_same_article_again(api):
    first = api.store(url="https://example.org/a")
    again = draft(url="http://www.example.org/a/?utm_source=x#top", text="“All is well”")
    assert (
        check_problem(api.post("/v1/statements", again), 409, "duplicate")["existing"]
        == f"/v1/statements/{first['id']}"
    )


@pytest.mark.parametrize(
    ("first", "again", "duplicate"),
    [
        ({"url": ARTICLE}, {"url": ARTICLE, "outlet": "Le Matin", "headline": "Another"}, True),
        ({"url": ARTICLE}, {"url": "https://example.org/b"}, False),
        ({"url": ARTICLE}, {"url": ARTICLE, "speaker": "Bob Example"}, False),
        ({"url": ARTICLE}, {"url": ARTICLE, "speaker": "ÁDA  EXAMPLE"}, True),
        ({"url": ARTICLE + "?id=1&page=2"}, {"url": ARTICLE + "?page=2&fbclid=x&id=1"}, True),
        ({"url": ARTICLE + "?id=1"}, {"url": ARTICLE + "?id=2"}, False),
        ({"url": "https://example.org:8080/a"}, {"url": ARTICLE}, False),
        ({"url": ARTICLE}, {}, False),
        ({}, {}, True),
        ({}, {"agency": "Reuters"}, False),
        ({}, {"agency": "reuters", "outlet": "AFP"}, False),
        ({}, {"outlet": "Le Matin"}, False),
        ({"published": "2025-06-11"}, {"published": "2025-06-12"}, False),
        ({"published": "2025-06-11T10:00:00Z"}, {"published": "2025-06-11T12:00:00+02:00"}, True),
        ({"headline": "Peskov: “tout va bien”"}, {"headline": "PESKOV:  «TOUT va bien»"}, True),
        ({"headline": "One"}, {"headline": "Two"}, False),
        # Without an address, a day is all that tells two articles apart
        ({"date": "2025-06-11"}, {"date": "2025-06-12"}, False),
        ({"date": "2025-06-11"}, {"date": "2025-06"}, True),
        ({"other_appearances": [{"url": ARTICLE, "outlet": "A"}]}, {"url": ARTICLE, "agency": "B"}, True),
    ],
)
def test_only_the_same_words_by_the_same_speaker_from_the_same_article_are_refused(api, first, again, duplicate):
    stored = api.store(**first)
    response = api.post("/v1/statements", draft(**again))
    if duplicate:
        assert check_problem(response, 409, "duplicate")["existing"] == f"/v1/statements/{stored['id']}"
        assert api.ids() == [stored["id"]]
    else:
        assert response.status_code == 201, response.text


def test_a_deleted_statement_is_no_duplicate(api):
    first = api.store(url=ARTICLE)
    api.delete(f"/v1/statements/{first['id']}")
    assert api.post("/v1/statements", draft(url=ARTICLE)).status_code == 201


def test_a_ref_in_use_is_refused_where_it_stands(api):
    first = api.store(ref="wire-1")
    document = check_problem(api.post("/v1/statements", draft(text="Other words.", ref="wire-1")), 409, "duplicate")
    assert (document["pointer"], document["existing"]) == ("/ref", f"/v1/statements/{first['id']}")


def test_a_ref_of_a_deleted_statement_is_kept_for_it(api):
    first = api.store(ref="wire-1")
    api.delete(f"/v1/statements/{first['id']}")
    document = check_problem(api.post("/v1/statements", draft(ref="wire-1")), 409, "duplicate")
    assert f"/v1/statements/{first['id']}/restore" in document["detail"]


@pytest.mark.parametrize(
    ("mode", "again", "status", "count"),
    [
        ("refuse", {}, 409, 1),
        ("skip", {}, 200, 1),
        ("skip", {"url": "https://example.org/b"}, 201, 1),
        ("link", {}, 200, 1),
        ("link", {"url": "https://example.org/b"}, 200, 2),
        ("link", {"url": "https://example.org/b", "text": "“ALL IS WELL”"}, 200, 2),
        ("link", {"url": "https://example.org/b", "date": "2025-06"}, 200, 2),
        ("link", {"url": "https://example.org/b", "date": None}, 200, 2),
        ("link", {"url": "https://example.org/b", "date": "2025-06-12"}, 201, 1),
        ("link", {"url": "https://example.org/b", "language": "fr"}, 201, 1),
        ("link", {"url": "https://example.org/b", "speaker": "Bob Example"}, 201, 1),
        ("link", {"url": "https://example.org/b", "text": "All is not well."}, 201, 1),
        ("allow", {}, 201, 1),
    ],
)
def test_on_duplicate_says_what_becomes_of_a_twin(api, mode, again, status, count):
    first = api.store(url=ARTICLE)
    response = api.post(f"/v1/statements?on_duplicate={mode}", draft(**{"url": ARTICLE, **again}))
    assert response.status_code == status
    if status == 200:
        assert response.json["id"] == first["id"]
        assert response.headers["Location"] == f"/v1/statements/{first['id']}"
        assert response.headers["ETag"] == f'"{count}"'
    assert api.get(f"/v1/statements/{first['id']}").json["appearance_count"] == count


def test_a_linked_printing_that_came_first_is_the_one_shown(api):
    first = api.store(agency="AFP", published="2025-06-12", url=ARTICLE)
    earlier = draft(agency="Reuters", published="2025-06-11", url="https://example.org/b")
    linked = api.post("/v1/statements?on_duplicate=link", earlier).json
    assert (linked["id"], linked["version"]) == (first["id"], 2)
    assert (linked["agency"]["name"], linked["published"], linked["url"]) == ("Reuters", "2025-06-11", earlier["url"])
    assert (linked["appearance_count"], linked["source_count"]) == (2, 2)
    later = draft(agency="TASS", published="2025-06-13", url="https://example.org/c")
    assert api.post("/v1/statements?on_duplicate=link", later).json["agency"]["name"] == "Reuters"


def test_linking_the_same_printing_twice_adds_it_once(api):
    api.store(url=ARTICLE)
    body = draft(url="https://example.org/b", other_appearances=[{"outlet": "C", "url": "https://example.org/c"}])
    answers = [api.post("/v1/statements?on_duplicate=link", body).json for _ in range(2)]
    assert answers[0] == answers[1]
    assert answers[0]["appearance_count"] == 3


def test_an_article_is_known_by_its_linked_printings_too(api):
    first = api.store(url=ARTICLE)
    api.post("/v1/statements?on_duplicate=link", draft(url="https://example.org/b"))
    response = api.post("/v1/statements", draft(url="https://example.org/b"))
    assert check_problem(response, 409, "duplicate")["existing"] == f"/v1/statements/{first['id']}"


# Folding

SAME = {
    "case": ("Tout va bien", "TOUT VA BIEN"),
    "sharp s": ("Die Straße ist groß", "DIE STRASSE IST GROSS"),
    "Greek final sigma": ("Ο ΛΟΓΟΣ ΤΟΥ ΘΕΟΥ", "ο λόγος του Θεού"),
    "accents": ("L’été a été très agité", "l'ete a ete tres agite"),
    "composed and not": ("d\u00e9j\u00e0 vu", "de\u0301ja\u0300 vu"),
    "letters with strokes": ("Łódź, Tromsø", "Lodz, Tromso"),
    "ligatures": ("un œuf ﬁn", "un oeuf fin"),
    "quote marks around": ("« Tout va bien »", "“Tout va bien”"),
    "quote marks within": ("Il a dit « non » hier", 'Il a dit "non" hier'),
    "quote marks left out": ("He said ‘no’ to me", "He said no to me"),
    "apostrophes": ("I don’t know", "I don't know"),
    "low and high quotes": ("„Alles gut‟", "»Alles gut«"),
    "dashes": ("Russia—he said—is ready", "Russia - he said – is ready"),
    "non-breaking hyphen": ("demi\u2011heure", "demi-heure"),
    "white space": ("Tout\u00a0va\n\t bien\u2009!", "Tout va bien!"),
    "soft hyphen": ("Donaudampf\u00adschiff", "Donaudampfschiff"),
    "zero-width": ("All\u200b is\u2060 well\ufeff", "All is well"),
    "direction marks": ("\u200fשלום\u200e", "שלום"),
    "final stop": ("All is well.", "All is well"),
    "ellipsis": ("I… don't know", "I... don’t know"),
    "Cyrillic case": ("Всё ХОРОШО", "все хорошо"),
    "Arabic vowel signs": ("السَّلَامُ عَلَيْكُم", "السلام عليكم"),
    "Arabic tatweel": ("الـسـلام", "السلام"),
    "Hebrew points": ("שָׁלוֹם עֲלֵיכֶם", "שלום עליכם"),
    "Hebrew gershayim": ("צה״ל הודיע", 'צה"ל הודיע'),
    "Hebrew maqaf": ("בית־ספר", "בית-ספר"),
    "Japanese quotes": ("「問題はない」", "問題はない"),
    "full width": ("ＡＢＣ　１２３", "abc 123"),
    "half-width kana": ("ｶﾞｷﾞ", "ガギ"),
    "Hangul syllables": ("안녕", "\u110b\u1161\u11ab\u1102\u1167\u11bc"),
    "nothing but quote marks": ("«»", "“”"),
}
OTHER = {
    "digits": ("2020", "22"),
    "numbers": ("1,000 men", "1.000 men"),
    "a minus in time": ("10:30", "10 30"),
    "a question": ("He left", "He left?"),
    "an exclamation": ("He left", "He left!"),
    "a negation": ("can", "can’t"),
    "an apostrophe": ("we’ll", "well"),
    "a space within a word": ("all ready", "allready"),
    "Cyrillic": ("Россия", "Украина"),
    "Cyrillic short i": ("мой", "мои"),
    "Arabic": ("نعم", "لا"),
    "Arabic hamza": ("سأل", "سال"),
    "Hindi vowel signs": ("की", "के"),
    "Hindi": ("हाँ", "नहीं"),
    "Japanese": ("はい", "いいえ"),
    "Japanese voicing": ("か", "が"),
    "Japanese long vowel": ("ビル", "ビール"),
    "Chinese": ("是", "不是"),
    "Korean": ("예", "아니요"),
    "Thai tones": ("ไม่", "ไม้"),
    "scripts": ("нет", "HET"),
    "emoji": ("👍", "👎"),
    "marks": ("!!!", "???"),
    "powers": ("10²", "102"),
    "unequal": ("a ≠ b", "a = b"),
}


@pytest.mark.parametrize("pair", SAME)
def test_what_typography_changes_is_one_wording(api, pair):
    one, two = SAME[pair]
    for first, again in ((one, two), (two, one)):
        api.store(text=first, url=f"{ARTICLE}/{first == one}")
        check_problem(api.post("/v1/statements", draft(text=again, url=f"{ARTICLE}/{first == one}")), 409, "duplicate")


@pytest.mark.parametrize("pair", OTHER)
def test_other_words_are_another_wording(api, pair):
    one, two = OTHER[pair]
    api.store(text=one, url=ARTICLE)
    response = api.post("/v1/statements", draft(text=two, url=ARTICLE))
    assert response.status_code == 201, response.text


# Appearances

AFP, REUTERS = {"agency": "AFP"}, {"agency": "Reuters"}


@pytest.mark.parametrize(
    ("first", "others", "appearances", "sources"),
    [
        (AFP, [], 1, 1),
        ({"agency": None, "outlet": "A"}, [], 1, 1),
        (AFP, [{**AFP, "outlet": f"Outlet {n}"} for n in range(10)], 11, 1),
        (AFP, [REUTERS, {"agency": "reuters", "outlet": "A"}], 3, 2),
        (AFP, [{"outlet": "A"}, {"outlet": "B"}, {"outlet": "a", "url": ARTICLE}], 4, 3),
        ({**AFP, "outlet": "A"}, [{"outlet": "A"}], 2, 2),
        ({"agency": None, "outlet": "AFP"}, [AFP], 2, 2),
        (AFP, [AFP], 1, 1),
        (AFP, [REUTERS, REUTERS], 2, 2),
    ],
)
def test_appearances_and_independent_sources_are_counted(api, first, others, appearances, sources):
    stored = api.store(**first, other_appearances=others)
    assert (stored["appearance_count"], stored["source_count"]) == (appearances, sources)


@pytest.mark.parametrize(
    ("first", "others", "shown"),
    [
        ({"published": "2025-06-11"}, [{"outlet": "B", "published": "2025-06-12"}], "2025-06-11"),
        ({"published": "2025-06-12"}, [{"outlet": "B", "published": "2025-06-11"}], "2025-06-11"),
        ({"published": "2025-06-11T10:00:00Z"}, [{"outlet": "B", "published": "2025-06-11"}], "2025-06-11"),
        ({"published": "2025-06-11"}, [{"outlet": "B"}], "2025-06-11"),
    ],
)
def test_the_first_published_appearance_is_shown(api, first, others, shown):
    assert api.store(**first, other_appearances=others)["published"] == shown


def test_an_appearance_that_nothing_dates_does_not_take_the_place_of_the_flat_one(api):
    stored = api.store(agency="AFP", url=ARTICLE, other_appearances=[{"outlet": "Le Matin"}])
    assert (stored["agency"]["name"], stored["outlet"], stored["url"]) == ("AFP", None, ARTICLE)


@pytest.mark.parametrize(
    ("others", "places"),
    [
        ([{}], ["/other_appearances/0/agency"]),
        ([{"agency": None, "outlet": ""}], ["/other_appearances/0/agency"]),
        (
            [AFP, {"outlet": "A", "url": "nowhere", "text": "x"}],
            ["/other_appearances/1/url", "/other_appearances/1/text"],
        ),
        ([AFP, None, "AFP"], ["/other_appearances/1", "/other_appearances/2"]),
        (AFP, ["/other_appearances"]),
        (None, ["/other_appearances"]),
        ([{"agency": "AFP", "speaker": "Ada"}], ["/other_appearances/0/speaker"]),
        ([{"outlet": f"{n}"} for n in range(501)], ["/other_appearances"]),
    ],
)
def test_a_wrong_appearance_is_refused_where_it_stands(api, others, places):
    check_problem(api.post("/v1/statements", draft(other_appearances=others)), 422, "invalid", *places)


# Translations


@pytest.mark.parametrize("key", ["id", "ref"])
def test_a_translation_names_its_original_by_id_or_ref(api, key):
    original = api.store(ref="peskov-1", language="ru", text="Всё хорошо")
    assert api.store(language="en", translation_of=original[key])["translation_of"] == original["id"]


@pytest.mark.parametrize("given", [999, "peskov-9", "1", 2**63 - 1])
def test_a_translation_of_nothing_is_refused(api, given):
    api.store()
    check_problem(api.post("/v1/statements", draft(text="x", translation_of=given)), 422, "invalid", "/translation_of")


def test_a_translation_of_a_deleted_statement_is_refused(api):
    original = api.store(ref="peskov-1")
    api.delete(f"/v1/statements/{original['id']}")
    for key in ("id", "ref"):
        response = api.post("/v1/statements", draft(translation_of=original[key]))
        check_problem(response, 422, "invalid", "/translation_of")


# Dates


@pytest.mark.parametrize(
    ("date", "first", "last"),
    [
        ("2025-06-11", "2025-06-11", "2025-06-11"),
        ("2025-06", "2025-06-01", "2025-06-30"),
        ("2024-02", "2024-02-01", "2024-02-29"),
        ("1900-02", "1900-02-01", "1900-02-28"),
        ("2025", "2025-01-01", "2025-12-31"),
        ("2024-02-29?", "2024-02-29", "2024-02-29"),
        ("2025-06~", "2025-06-01", "2025-06-30"),
        ("2025%", "2025-01-01", "2025-12-31"),
        ("2025-06-10/2025-06-11", "2025-06-10", "2025-06-11"),
        ("2025-05~/2025-06?", "2025-05-01", "2025-06-30"),
        ("2025-06-11/2025", "2025-06-11", "2025-12-31"),
        ("2025-06-11/2025-06-11", "2025-06-11", "2025-06-11"),
        ("../2025-06-11", "0001-01-01", "2025-06-11"),
        ("2025-06/..", "2025-06-01", "9999-12-31"),
        ("0001", "0001-01-01", "0001-12-31"),
        ("9999-12-31", "9999-12-31", "9999-12-31"),
        (" 2025 ", "2025-01-01", "2025-12-31"),
    ],
)
def test_a_date_is_kept_as_given_and_found_where_it_may_lie(api, date, first, last):
    stored = api.store(date=date)
    assert stored["date"] == date.strip()
    assert api.ids(f"?since={last}") == api.ids(f"?until={first}") == [stored["id"]]
    if last != "9999-12-31":
        assert api.ids(f"?since={int(last[:4]) + 1:04}") == []
    if first > "0002":
        assert api.ids(f"?until={int(first[:4]) - 1:04}") == []


def test_a_date_that_nobody_knows_is_null_and_overlaps_nothing(api):
    stored = api.store(date=None)
    assert stored["date"] is None
    assert api.ids("?since=0001") == api.ids("?until=9999") == []
    assert api.ids() == [stored["id"]]


NO_DATES = [
    "0000", "10000", "99999", "y12025", "-0044", "+2025", "25", "2025-6-11", "2025-13", "2025-00", "2025-02-29",
    "1900-02-29", "2025-06-31", "2025-06-00", "2025-06-11T10:00:00Z", "20250611", "2025-162", "2025-W24", "11/06/2025",
    "2025/06/11", "2025-06-11?~", "?2025", "2025?-06", "202X", "2025-21", "2025/2024", "2025-06-11/2025-06-10", "../..",
    "/2025", "2025/", "..", "2025-06-10/2025-06-11/2025-06-12", "[2025, 2026]", "2025-06-11 / 2025-06-12", "today",
    "２０２５", "٢٠٢٥", "2025\n-06", "2025–06–11", "June 2025", 2025, 2025.5, True, [], {}, ["2025"],
]  # fmt: skip


def test_what_is_no_date_is_refused(api):
    for date in NO_DATES:
        check_problem(api.post("/v1/statements", draft(date=date)), 422, "invalid", "/date")
