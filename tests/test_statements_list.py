"""Lists of statements: each filter finds what it should and nothing else, and what cannot be meant is refused."""

from urllib.parse import quote

import pytest
from conftest import Api, check_problem

from schemas.statements import StatementOut
from service import db

ENTITIES = [
    ("/v1/speakers", {"name": "Dmitri Peskov", "aliases": ["Дмитрий Песков", "佩斯科夫"], "wikidata": "Q4124"}),
    ("/v1/speakers", {"name": "Kremlin", "kind": "organization", "aliases": ["Кремль"]}),
    ("/v1/agencies", {"name": "Agence France-Presse", "code": "AFP", "wikidata": "Q40464"}),
    ("/v1/agencies", {"name": "TASS", "aliases": ["ТАСС"]}),
    ("/v1/outlets", {"name": "Le Matin", "domain": "lematin.ch", "aliases": ["لو ماتان"]}),
]
STORED = {
    "a": {
        "speaker": "Dmitri Peskov", "on_behalf_of": "Kremlin", "role": "porte-parole du Kremlin", "language": "fr",
        "date": "2025-06-11", "published": "2025-06-11T10:30:00Z", "agency": "AFP", "outlet": "Le Matin",
        "url": "https://www.example.org/a?utm_source=x", "event": "Briefing quotidien", "place": "Moscou",
        "topics": ["Diplomatie", "Relations russo-américaines"], "ref": "wire-1",
    },
    "b": {
        "speaker": "Dmitri Peskov", "role": "Porte-Parole du Kremlin", "language": "fr-CA", "kind": "indirect",
        "date": "2025-06", "published": "2025-06-11", "agency": "AFP", "topics": ["diplomatie"], "ref": "wire-2",
    },
    "c": {
        "speaker": "Maria Zakharova", "on_behalf_of": "Foreign Ministry", "language": "ru", "kind": "mixed",
        "date": "2025~", "published": "2025-06", "agency": "TASS", "event": "брифинг", "topics": ["дипломатия"],
    },
    "d": {
        "speaker": "Maria Callas", "language": "zh-Hant-TW", "date": "2025-06-10/2025-06-12", "agency": None,
        "outlet": "Le Monde", "url": "https://example.org/d?id=1", "place": "Paris, France",
    },
    "e": {
        "speaker": "O’Neil, Shaun", "language": "en", "date": "../2025-06-10",
        "published": "2025-06-12T00:30:00+02:00", "agency": "Reuters", "url": "https://example.org/a,1518,00.html",
    },
    "f": {
        "speaker": {"name": "a senior official", "kind": "anonymous"}, "language": "en-GB", "date": "2025-06-12/..",
        "published": "2024", "agency": "Reuters", "place": "Genève",
    },
    "g": {
        "speaker": "Ada Example", "on_behalf_of": "Kremlin Press Service", "language": "frp", "date": None,
        "published": "2025-06-11T10:30:00.5Z", "agency": "TASS", "ref": "afp,2025",
    },
    "h": {"speaker": "Renée Ödegård", "language": "sv", "date": "2024-02-29?", "agency": None, "outlet": "Le Monde"},
}  # fmt: skip
EVERY = "".join(STORED)


@pytest.fixture(scope="module", autouse=True)
def stored(installed, contract):
    """The documents of the stored statements by their letters: stored once, and seen by every test here."""
    with db.proxy.connection_context(), db.proxy.atomic() as transaction:
        api = Api(installed, contract)
        for path, body in ENTITIES:
            assert api.post(path, body).status_code == 201
        yield {letter: api.store(text=f"Words of {letter}.", **fields) for letter, fields in STORED.items()}
        transaction.rollback()


def letters(api, stored, query):
    """The letters of the statements that a query finds, in their order."""
    names = {document["id"]: letter for letter, document in stored.items()}
    return "".join(names[id_] for id_ in api.ids(query))


def found(api, stored, query):
    return "".join(sorted(letters(api, stored, query)))


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("", EVERY),
        # names: whole, by alias in any script, by identifier, by words
        ("speaker=Dmitri Peskov", "ab"),
        ("speaker=dmitri  PESKOV", "ab"),
        ("speaker=peskov", "ab"),
        ("speaker=peskov dmitri", "ab"),
        ("speaker=Дмитрий Песков", "ab"),
        ("speaker=песков", "ab"),
        ("speaker=佩斯科夫", "ab"),
        ("speaker=Q4124", "ab"),
        ("speaker=renee odegard", "h"),
        ("speaker=O'Neil Shaun", "e"),
        ("speaker=a senior official", "f"),
        ("speaker=peskov,zakharova", "abc"),
        ("speaker=peskov, zakharova", "abc"),
        ("speaker=peskov&speaker=zakharova", "abc"),
        ("speaker=peskov,Песков", "ab"),
        ("speaker=kremlin", ""),
        # a whole name wins over words of another
        ("on_behalf_of=kremlin", "a"),
        ("on_behalf_of=Кремль", "a"),
        ("on_behalf_of=press", "g"),
        ("on_behalf_of=kremlin,foreign ministry", "ac"),
        ("on_behalf_of=peskov", ""),
        ("agency=AFP", "ab"),
        ("agency=a.f.p.", "ab"),
        ("agency=agence france presse", "ab"),
        ("agency=Q40464", "ab"),
        ("agency=ТАСС", "cg"),
        ("agency=AFP,tass", "abcg"),
        ("outlet=lematin.ch", "a"),
        ("outlet=matin", "a"),
        ("outlet=لو ماتان", "a"),
        ("outlet=Le Matin,Le Monde", "adh"),
        # languages: basic filtering of RFC 4647
        ("language=fr", "ab"),
        ("language=FR", "ab"),
        ("language=fr-ca", "b"),
        ("language=frp", "g"),
        ("language=fr,ru", "abc"),
        ("language=en", "ef"),
        ("language=zh", "d"),
        ("language=zh-hant", "d"),
        ("language=zh-TW", ""),
        ("language=de", ""),
        ("kind=direct", "adefgh"),
        ("kind=indirect,mixed", "bc"),
        ("status=unreviewed", EVERY),
        ("status=confirmed,denied", ""),
        ("topic=diplomatie", "ab"),
        ("topic=DIPLOMATIE", "ab"),
        ("topic=relations russo americaines", "a"),
        ("topic=diplomatie,ДИПЛОМАТИЯ", "abc"),
        # phrases match whole
        ("role=PORTE PAROLE du kremlin", "ab"),
        ("role=porte-parole", ""),
        ("event=briefing quotidien", "a"),
        ("event=briefing quotidien,Брифинг", "ac"),
        ("place=moscou", "a"),
        ("place=geneve,moscou", "af"),
        ("place=paris france", "d"),
        ("place=paris", ""),
        ("url=https://www.example.org/a?utm_source=x", "a"),
        ("url=http://example.org/a/", "a"),
        ("url=https://example.org/d?id=1,https://example.org/a", "ad"),
        ("url=https://example.org/d", ""),
        ("ref=wire-1", "a"),
        ("ref=wire-1,wire-2,wire-3", "ab"),
        ("ref=WIRE-1", ""),
        # every filter must match
        ("agency=AFP&language=fr&kind=direct", "a"),
        ("speaker=peskov&agency=tass", ""),
        ("agency=AFP&topic=diplomatie&until=2025-06-10", "b"),
    ],
)
def test_a_filter_finds_what_matches_and_nothing_else(api, stored, query, expected):
    assert found(api, stored, "?" + quote(query, safe="&=,?+")) == expected


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("since=0001", "abcdefh"),
        ("since=2025", "abcdef"),
        ("since=2025-06-10", "abcdef"),
        ("since=2025-06-11", "abcdf"),
        ("since=2025-06-12", "bcdf"),
        ("since=2025-06-30", "bcf"),
        ("since=2025-07", "cf"),
        ("since=9999-12-31", "f"),
        ("until=9999", "abcdefh"),
        ("until=2025-06-11", "abcdeh"),
        ("until=2025-06-09", "bceh"),
        ("until=2025-05", "ceh"),
        ("until=2024", "eh"),
        ("until=0001-01-01", "e"),
        ("since=2025-06-11&until=2025-06-11", "abcd"),
        ("since=2025-06&until=2025-06", "abcdef"),
        ("since=2025-06-20&until=2025-06", "bcf"),
        ("since=2024-02-29&until=2024-02-29", "eh"),
        ("since=2024-03&until=2024-12", "e"),
        ("published_since=2025-06-11", "abceg"),
        ("published_since=2025-06-12", "c"),
        ("published_since=2025-06-11T12:30:00%2B02:00", "abceg"),
        ("published_since=2025-06-11T10:30:00.2Z", "bceg"),
        ("published_until=2025-06-10", "cf"),
        ("published_until=2025-06-11T10:29:59Z", "bcf"),
        ("published_since=2025-06-11T10:30:00Z&published_until=2025-06-11T10:30:00Z", "abc"),
        ("published_since=2024&published_until=2024", "f"),
    ],
)
def test_a_date_matches_if_it_may_lie_within_the_bounds(api, stored, query, expected):
    assert found(api, stored, f"?{query}") == expected


@pytest.mark.parametrize(
    ("sort", "expected"),
    [
        ("date", "ehcbdafg"),
        ("-date", "fcbdaehg"),
        ("published", "fcbagedh"),
        ("-published", "cbegafhd"),
        ("id", "abcdefgh"),
        ("-id", "hgfedcba"),
        ("created_at", "abcdefgh"),
        ("-created_at", "hgfedcba"),
        ("updated_at", "abcdefgh"),
        ("-updated_at", "hgfedcba"),
    ],
)
def test_lists_sort_both_ways_and_what_has_no_date_comes_last(api, stored, sort, expected):
    assert letters(api, stored, f"?sort={sort}") == expected


def test_the_newest_come_first_unless_told_otherwise(api):
    assert api.ids() == api.ids("?sort=-date")


def test_an_edit_moves_a_statement_to_the_end_by_updated_at(api, stored):
    api.patch(f"/v1/statements/{stored['c']['id']}", {"place": "Here"})
    assert letters(api, stored, "?sort=updated_at") == "abdefghc"


def test_ids_work_wherever_names_do(api, stored):
    for name, letter in {"speaker": "c", "on_behalf_of": "c", "agency": "a", "outlet": "d"}.items():
        id_ = stored[letter][name]["id"]
        matching = [each for each in STORED if (stored[each][name] or {}).get("id") == id_]
        assert found(api, stored, f"?{name}={id_}") == "".join(matching)


@pytest.mark.parametrize(
    ("query", "near"),
    [
        ("speaker=peskof", "Dmitri Peskov"),
        ("speaker=Песковв", "Dmitri Peskov"),
        ("speaker=Zakarova", "Maria Zakharova"),
        ("on_behalf_of=kremlim", "Kremlin"),
        ("agency=Agence France Press", "Agence France-Presse"),
        ("agency=TAS", "TASS"),
        ("outlet=le matim", "Le Matin"),
    ],
)
def test_a_name_that_is_nobodys_is_refused_with_near_names(api, query, near):
    name = query.partition("=")[0]
    document = check_problem(api.get(f"/v1/statements?{query}"), 422, "invalid", name)
    (error,) = document["errors"]
    assert near in error["detail"]
    assert error["near"][0]["name"] == near
    assert api.get(error["near"][0]["href"]).json["name"] == near


@pytest.mark.parametrize("text", ["zzzz", "0", "-1", "007", "999999999", "9223372036854775808", "9" * 300, "ﷺ" * 300])
def test_a_name_that_nothing_is_near_to_is_refused_too(api, text):
    (error,) = check_problem(api.get(f"/v1/statements?speaker={text}"), 422, "invalid", "speaker")["errors"]
    assert error["near"] == []


def test_a_topic_that_nothing_has_is_refused(api):
    document = check_problem(api.get("/v1/statements?topic=diplomatie,guerre"), 422, "invalid", "topic")
    assert "guerre" in document["errors"][0]["detail"]


@pytest.mark.parametrize(
    ("query", "wrong"),
    [
        ("speaker=nobody&agency=noone&topic=nothing", ["nobody", "noone", "nothing"]),
        ("speaker=nobody,peskov,noone", ["nobody", "noone"]),
        ("topic=nothing,nowhere", ["nothing", "nowhere"]),
    ],
)
def test_all_unknown_names_are_told_at_once(api, query, wrong):
    errors = check_problem(api.get(f"/v1/statements?{query}"), 422, "invalid")["errors"]
    assert len(errors) == len(wrong)
    assert all(any(name in error["detail"] for error in errors) for name in wrong)


def test_a_name_that_fits_several_is_refused_with_the_candidates(api, stored):
    document = check_problem(api.get("/v1/statements?speaker=maria"), 409, "ambiguous-name")
    assert document["parameter"] == "speaker"
    assert [each["name"] for each in document["candidates"]] == ["Maria Zakharova", "Maria Callas"]
    for letter, candidate in zip("cd", document["candidates"], strict=True):
        assert found(api, stored, f"?speaker={candidate['id']}") == letter


def test_a_name_that_fits_many_does_not_claim_to_fit_as_many_as_are_shown(api):
    for n in range(12):
        api.post("/v1/speakers", {"name": f"Namesake {n}"})
    document = check_problem(api.get("/v1/statements?speaker=namesake"), 409, "ambiguous-name")
    assert len(document["candidates"]) <= 10
    assert "fits 10 " not in document["detail"]


def test_an_address_with_commas_in_it_is_found(api, stored):
    assert found(api, stored, "?url=https://example.org/a,1518,00.html") == "e"


def test_a_ref_with_a_comma_in_it_is_found(api, stored):
    assert found(api, stored, "?ref=afp,2025") == "g"


def test_what_is_deleted_is_not_listed(api, stored):
    path = f"/v1/statements/{stored['a']['id']}"
    api.delete(path)
    assert found(api, stored, "") == "bcdefgh"
    assert found(api, stored, "?topic=diplomatie") == "b"
    assert found(api, stored, "?ref=wire-1") == ""
    api.post(f"{path}/restore")
    assert found(api, stored, "?topic=diplomatie&ref=wire-1") == "a"


@pytest.mark.parametrize(
    ("query", "places"),
    [
        ("limit=0", "limit"),
        ("limit=201", "limit"),
        ("limit=-1", "limit"),
        ("limit=", "limit"),
        ("limit=7.0", "limit"),
        ("limit=1e2", "limit"),
        ("limit=٧", "limit"),
        ("limit=all", "limit"),
        ("limit=99999999999999999999", "limit"),
        ("limit=7&limit=7", "limit"),
        ("sort=", "sort"),
        ("sort=text", "sort"),
        ("sort=date,id", "sort"),
        ("sort=--date", "sort"),
        ("sort=date&sort=id", "sort"),
        ("count=1", "count"),
        ("count=True", "count"),
        ("count=", "count"),
        ("fields=", "fields"),
        ("fields=id,,text", "fields"),
        ("fields=id,name", "fields"),
        ("fields=speaker.name", "fields"),
        ("fields=other_appearances", "fields"),
        ("foo=1", "foo"),
        ("Speaker=peskov", "Speaker"),
        ("speaker[]=1", "speaker[]"),
        ("wanted=id", "wanted"),
        ("offset=20", "offset"),
        ("page=2", "page"),
        ("q=words", "q"),
        ("=1", ""),
        ("speaker=", "speaker"),
        ("speaker=,", "speaker"),
        ("speaker=peskov,", "speaker"),
        ("speaker=%20", "speaker"),
        ("speaker=!", "speaker"),
        ("speaker=%00", "speaker"),
        ("speaker=" + "x" * 301, "speaker"),
        ("speaker=" + ",".join(["peskov"] * 51), "speaker"),
        ("speaker=peskov&" * 51, "speaker"),
        ("language=", "language"),
        ("language=french", "language"),
        ("language=*", "language"),
        ("language=fr_CA", "language"),
        ("kind=Direct", "kind"),
        ("kind=direct,quote", "kind"),
        ("status=true", "status"),
        ("topic=…", "topic"),
        ("role=", "role"),
        ("role=" + "x" * 501, "role"),
        ("since=", "since"),
        ("since=yesterday", "since"),
        ("since=2025-13", "since"),
        ("since=2025-02-29", "since"),
        ("since=2025-6-1", "since"),
        ("since=0000", "since"),
        ("since=99999", "since"),
        ("since=-0001", "since"),
        ("since=2025~", "since"),
        ("since=2025/2026", "since"),
        ("since=../2025", "since"),
        ("since=2025-06-11T00:00:00Z", "since"),
        ("since=2025&since=2025", "since"),
        ("since=2025-06-12&until=2025-06-11", "since"),
        ("since=2026&until=2025", "since"),
        ("published_since=2026&published_until=2025-12-31T23:59:59Z", "published_since"),
        ("published_since=2025-06-11T10:30", "published_since"),
        ("published_since=2025-06-11T10:30:00", "published_since"),
        ("published_until=2025-06-11T25:00:00Z", "published_until"),
        ("published_until=0001-01-01T00:00:00%2B02:00", "published_until"),
        ("url=example.org", "url"),
        ("url=ftp://example.org/a", "url"),
        ("url=http://[", "url"),
        ("ref=", "ref"),
        ("ref=%00", "ref"),
        ("limit=0&kind=x&since=y&foo=1", "limit kind since foo"),
    ],
)
def test_a_query_that_cannot_be_meant_is_refused(api, query, places):
    check_problem(api.get(f"/v1/statements?{query}"), 422, "invalid", *(places.split() or [""]))


def test_an_unknown_parameter_is_answered_with_the_known_ones(api):
    (error,) = check_problem(api.get("/v1/statements?langauge=fr"), 422, "invalid", "langauge")["errors"]
    assert all(name in error["detail"] for name in ("language", "speaker", "limit", "cursor", "fields", "sort"))


@pytest.mark.parametrize("query", ["speaker=%FF", "%FF=1", "speaker=%ED%A0%80"])
def test_a_query_string_that_is_not_utf_8_is_malformed(api, query):
    check_problem(api.get(f"/v1/statements?{query}"), 400, "malformed")


@pytest.mark.parametrize(
    "query", ["since=2025-06-12&until=2025-06", "since=2025-06-11&until=2025-06-11", "since=2025&until=2025-01-01"]
)
def test_bounds_that_overlap_are_in_order(api, query):
    assert api.get(f"/v1/statements?{query}").status_code == 200


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ("id", ["id"]),
        ("speaker,id,text", ["speaker", "id", "text"]),
        ("id,id", ["id"]),
        ("date&fields=id", ["date", "id"]),
        (" id , text ", ["id", "text"]),
    ],
)
def test_fields_chooses_what_is_answered_and_in_which_order(api, stored, fields, expected):
    items = api.get(f"/v1/statements?fields={fields}&sort=id").json["items"]
    assert [list(item) for item in items] == [expected] * len(STORED)
    assert items[0] == {name: stored["a"][name] for name in expected}
    assert list(api.get(f"/v1/statements/{stored['a']['id']}?fields={fields}").json) == expected


def test_every_field_can_be_chosen(api, stored):
    names = list(StatementOut().fields)
    assert list(stored["a"]) == names
    assert api.get(f"/v1/statements?ref=wire-1&fields={','.join(names)}").json["items"] == [stored["a"]]
    for name in names:
        assert api.get(f"/v1/statements?ref=wire-1&fields={name}").json["items"] == [{name: stored["a"][name]}]


@pytest.mark.parametrize(
    ("query", "total"),
    [
        ("", 8),
        ("&limit=1", 8),
        ("&speaker=peskov&limit=1", 2),
        ("&kind=mixed", 1),
        ("&language=de", 0),
        ("&topic=diplomatie,дипломатия", 3),
    ],
)
def test_count_tells_how_many_match_whatever_the_page(api, query, total):
    assert api.get(f"/v1/statements?count=true{query}").json["total"] == total
    assert "total" not in api.get(f"/v1/statements?count=false{query}").json


def test_a_list_shows_each_statement_as_it_is_on_its_own(api, stored):
    items = api.get("/v1/statements?sort=id").json["items"]
    assert items == list(stored.values())
    assert [api.get(f"/v1/statements/{item['id']}").json for item in items] == items
