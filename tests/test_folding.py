"""What always holds of the pure functions that dates, names, words and addresses are compared by."""

import string
import unicodedata
from datetime import UTC, date, datetime, timedelta, timezone
from urllib.parse import urlsplit

import pytest
from edtf import EDTFParseException, parse_edtf
from hypothesis import assume, example, given, settings
from hypothesis import strategies as st

from schemas import codes, edtf, instants, urls
from schemas.folding import bounded, digest, fold, name_key, text_key, wording

always = settings(max_examples=50, deadline=None, derandomize=True, database=None)

# Folding: any text that can be stored, with what is easily got wrong more often than chance has it

TRICKY = "‘’“”«»„‟'\"`´ʼ′″-–—−‑.,;:!?…%\u00ad\u200b\u200f\ufeff\u00a0\u202f\u3000\n\u0301\u0308\u0345ßẞİıſŉǰΐάςσΣﬁœÆøŁёйइि्ガｶﾞ한ﷺ½²₂①㎡≠"
TEXT = st.text(
    st.sampled_from(TRICKY) | st.characters(exclude_categories=("Cs",), exclude_characters="\0"), max_size=30
)
SPACES = st.text(st.sampled_from(" \t\n\u00a0\u2003\u202f\u3000"), min_size=1, max_size=3)
WORDS = st.lists(st.text(st.characters(categories=("L", "Nd")), min_size=1, max_size=6), min_size=1, max_size=5)


@always
@given(TEXT)
@example("\u1ffd")
@example("a\u0301\u0323\u0344")
def test_a_folded_text_is_folded(text):
    for form in (fold, name_key, wording):
        assert form(form(text)) == form(text)


@always
@given(TEXT)
@example("\u1ffdx")
@example("\u1fef \u2126 \u212b")
def test_the_unicode_form_of_a_text_does_not_matter(text):
    for form in ("NFC", "NFD"):
        other = unicodedata.normalize(form, text)
        assert (fold(other), name_key(other), text_key(other)) == (fold(text), name_key(text), text_key(text))


@always
@given(TEXT)
@example("ß ẞ ŉ ǰ ΐ ﬃ İ ı K Å")
@example("ΌΣΟΣ")
def test_case_does_not_matter(text):
    assert fold(text.upper()) == fold(text.lower()) == fold(text.casefold()) == fold(text)
    assert text_key(text.upper()) == text_key(text)


@always
@given(WORDS, SPACES, st.sampled_from(["", "\u200b", "\u00ad", "\ufeff", "\u200e"]))
def test_white_space_and_what_cannot_be_seen_do_not_matter(words, space, unseen):
    text = space + space.join(word[0] + unseen + word[1:] for word in words) + space
    assert fold(text) == fold(" ".join(words))
    assert text_key(text) == text_key(" ".join(words))


@always
@given(WORDS, st.sampled_from(["“{}”", "«\u202f{}\u202f»", "‘{}’", '"{}"', "„{}‟", "「{}」", "'{}'", "‹{}›", "“‘{}’”"]))
def test_quote_marks_around_words_do_not_matter(words, marks):
    assert text_key(marks.format(" ".join(words))) == text_key(" ".join(words))
    assert text_key(" ".join(marks.format(word) for word in words)) == text_key(" ".join(words))


@always
@given(WORDS, st.sampled_from(["-", "–", "—", "\u2011", "−", " – ", "\u00a0— ", "--"]))
def test_the_kind_and_the_spacing_of_a_dash_do_not_matter(words, dash):
    assert text_key(dash.join(words)) == text_key("-".join(words))


@always
@given(WORDS, st.sampled_from([".", ",", ";", ":", ".”", "”.", " »."]))
def test_a_stop_at_the_end_does_not_matter(words, mark):
    assert text_key(" ".join(words) + mark) == text_key(" ".join(words))


@always
@given(WORDS, st.sampled_from(["!", "?", "?!"]))
def test_any_other_mark_at_the_end_matters(words, mark):
    assert text_key(" ".join(words) + mark) != text_key(" ".join(words))


@always
@given(st.text(st.characters(categories=("L", "Nd")), min_size=1, max_size=40))
def test_letters_and_digits_never_vanish(text):
    assume(any(unicodedata.category(character) in ("Lu", "Ll", "Lt", "Lo", "Nd") for character in text))
    assume(not text.isspace() and any(character.isalnum() for character in fold(text)))
    assert name_key(text)
    assert len(wording(text)) >= 1


# As many letters of each script as its alphabet has, no two of which are one letter with another accent
ALPHABETS = {
    "Latin": string.ascii_lowercase,
    "digits": string.digits,
    "Greek": "αβγδεζηθικλμνξοπρστυφχψω",
    "Cyrillic": "абвгґджзийклмнопрстуфхцчшщъыьэюяєіћљњџ",
    "Armenian": "աբգդեզէըթժիլխծկհձղճմյնշոչպջռսվտրցփքօֆ",
    "Georgian": "აბგდევზთიკლმნოპჟრსტუფქღყშჩცძწჭხჯჰ",
    "Hebrew": "אבגדהוזחטיכלמנסעפצקרשת",
    "Arabic": "ءابتثجحخدذرزسشصضطظعغفقكلمنهويةىأؤئگچپژ",
    "Devanagari": "अआइईउऊएऐओऔकखगघचछजझटठडढणतथदधनपफबभमयरलवशषसह",
    "Bengali": "অআইঈউঊএঐওঔকখগঘচছজঝটঠডঢণতথদধনপফবভমযরলশষসহ",
    "Tamil": "அஆஇஈஉஊஎஏஐஒஓகஙசஞடணதநபமயரலவழளறன",
    "Thai": "กขคฆงจฉชซญดตถทธนบปผฝพฟภมยรลวศษสหอฮ",
    "hiragana": "あいうえおかがきぎさざただはばぱやゆよらわを",
    "katakana": "アイウエオカガキギサザタダハバパヤユヨラワヲ",
    "Han": "是不日本語中国人大小上下",
    "Hangul": "가나다라마바사아자차카타파하각난",
}


@pytest.mark.parametrize("script", ALPHABETS)
def test_no_two_letters_of_a_script_are_one(script):
    letters = ALPHABETS[script]
    for form in (fold, name_key, text_key):
        assert len({form(letter) for letter in letters}) == len(letters)
        assert len({form(f"x{letter}x") for letter in letters}) == len(letters)


@pytest.mark.parametrize(
    "words",
    [
        ["क", "की", "कि", "के", "को"],
        ["हाँ", "हा"],
        ["ड", "ड़"],
        ["ไม", "ไม่", "ไม้"],
        ["ビル", "ビール"],
        ["か", "が"],
        ["가", "각"],
    ],
)
def test_vowel_signs_tones_and_voicing_stay(words):
    for form in (fold, name_key, text_key):
        assert len({form(word) for word in words}) == len(words)


@always
@given(TEXT)
def test_a_name_is_found_without_its_punctuation(text):
    key = name_key(text)
    assert not any(unicodedata.category(character)[0] in "PZC" and character != " " for character in key)
    assert key == " ".join(key.split())
    assert name_key(f"“{text}”, ({text})!") == name_key(f"{text} {text}")


@pytest.mark.parametrize(
    ("one", "two"),
    [
        ("A.F.P.", "AFP"),
        ("O’Neil", "O'Neil"),
        ("Jean-Luc", "Jean Luc"),
        ("AFP (Paris)", "afp paris"),
        ("Łukasz", "lukasz"),
    ],
)
def test_names_that_are_one(one, two):
    assert name_key(one) == name_key(two)


@always
@given(st.text(st.characters(exclude_categories=("Cs",)), min_size=1, max_size=300))
@example("ﷺ" * 300)
@example("💬" * 300)
def test_a_key_fits_an_index(text):
    for key in (name_key(text), bounded(fold(text))):
        assert len(key.encode()) <= 2_000


@always
@given(st.text(min_size=401), st.text(min_size=1, max_size=3))
def test_keys_that_are_cut_stay_apart(text, more):
    assert bounded(text) != bounded(text + more)
    assert bounded(bounded(text)) == bounded(text)


@always
@given(st.lists(st.integers() | WORDS.map(" ".join), min_size=2, max_size=4, unique_by=str))
def test_a_digest_depends_on_the_place_of_its_parts(parts):
    assert len(digest(*parts)) == 32
    assert digest(*parts) != digest(*reversed(parts))
    assert digest(*parts) != digest(*parts[:-1])
    assert digest(None, *parts) == digest("", *parts) != digest(*parts, None)


# Dates: python-edtf, another implementation of the standard, is the judge

DAYS = st.dates()
PARTIAL = st.builds(lambda day, length: day.isoformat()[:length], DAYS, st.sampled_from([4, 7, 10]))
VAGUE = st.builds(str.__add__, PARTIAL, st.sampled_from(["", "", "?", "~", "%"]))
INTERVALS = st.builds("{}/{}".format, VAGUE | st.just(".."), VAGUE | st.just(".."))


def judged(text):
    """The bounds as python-edtf has them, as ordinals."""
    parsed = parse_edtf(text)
    ends = (parsed.lower_strict(), parsed.upper_strict())
    return [end if isinstance(end, float) else date(*end[:3]).toordinal() for end in ends]


def span(text):
    try:
        return edtf.parse(text)
    except ValueError:
        return None


@always
@given(VAGUE)
@example("2024-02")
@example("1900-02")
@example("0001")
@example("9999-12-31%")
def test_a_date_means_the_days_that_the_standard_says(text):
    assert list(edtf.parse(text)) == judged(text)


@always
@given(INTERVALS)
@example("2025-06-11/2025")
@example("2025-06/2025-06-11")
def test_an_interval_means_the_days_that_the_standard_says(text):
    first, last = judged(text)
    if (first, last) == (float("-inf"), float("inf")) or first > last:
        assert span(text) is None
    else:
        assert span(text) == (max(first, edtf.FIRST_DAY), min(last, edtf.LAST_DAY))


@always
@given(
    st.text(st.sampled_from("0123456789-/.?~%"), max_size=23)
    | st.from_regex(r"\d{4}-\d\d(-\d\d)?[?~%]?(/\d{4}-\d\d)?", fullmatch=True)
)
@example("2025-00")
@example("2025-06-00")
@example("2025-00-01/..")
def test_what_is_accepted_is_in_the_standard(text):
    if (found := span(text)) is not None:
        try:
            first, last = judged(text)
        except (EDTFParseException, ValueError):
            pytest.fail(f"{text} is no EDTF date")
        assert found == (max(first, edtf.FIRST_DAY), min(last, edtf.LAST_DAY))


@always
@given(DAYS)
def test_a_day_lies_in_its_month_and_its_month_in_its_year(day):
    whole, month, year = (edtf.parse(day.isoformat()[:length]) for length in (10, 7, 4))
    assert whole.earliest == whole.latest == day.toordinal()
    assert year.earliest <= month.earliest <= whole.earliest <= whole.latest <= month.latest <= year.latest
    assert edtf.parse(f"../{day}").latest == day.toordinal() == edtf.parse(f"{day}/..").earliest


def test_the_unknown_overlaps_nothing_and_sorts_last_both_ways():
    everything = edtf.parse("0001/9999")
    for unknown, known in (
        (edtf.UNKNOWN, everything),
        (instants.UNKNOWN, instants.Span(instants.parse("0001")[0], instants.parse("9999")[1])),
    ):
        assert unknown.earliest > known.latest
        assert unknown.latest < known.earliest


# Moments

ZONES = st.integers(-23 * 60, 23 * 60).map(lambda minutes: timezone(timedelta(minutes=minutes)))
MOMENTS = st.datetimes(datetime(2, 1, 1), datetime(9998, 12, 31), timezones=ZONES)  # noqa: DTZ001 - naive bounds, by contract


@always
@given(MOMENTS, st.sampled_from([str, str.lower]))
def test_a_timestamp_is_moved_to_utc_and_stays_the_moment_it_was(moment, case):
    stored = instants.normalise(case(moment.isoformat()))
    assert stored.endswith("Z")
    assert datetime.fromisoformat(stored) == moment
    assert instants.normalise(stored) == stored
    assert instants.parse(stored).earliest == instants.parse(stored).latest


@always
@given(MOMENTS, MOMENTS)
def test_moments_are_ordered_as_they_came(one, two):
    first, second = (instants.parse(instants.normalise(moment.isoformat())).earliest for moment in (one, two))
    assert (first < second, first == second) == (one < two, one == two)
    assert second - first == (two - one) // timedelta(microseconds=1)


@always
@given(MOMENTS)
def test_a_moment_lies_in_its_day_and_in_no_other(moment):
    moment = moment.astimezone(UTC)
    at = instants.parse(instants.normalise(moment.isoformat()))
    for length in (4, 7, 10):
        covering = instants.parse(moment.date().isoformat()[:length])
        assert covering.earliest <= at.earliest <= at.latest <= covering.latest
    day, next_day = (instants.parse(each.isoformat()) for each in (moment.date(), moment.date() + timedelta(days=1)))
    assert day.latest + 1 == next_day.earliest


@always
@given(PARTIAL)
def test_a_publication_date_is_kept_as_given(text):
    assert instants.normalise(text) == text
    assert instants.parse(text).earliest % 86_400_000_000 == 0


@always
@given(
    st.from_regex(
        r"\d{4}-[01]\d-[0-3]\d[Tt][0-2]\d:[0-6]\d:[0-6]\d(\.\d{1,7})?([Zz]|[+-]\d\d:\d\d)|[\d:TZ.+-]{0,30}",
        fullmatch=True,
    )
)
@example("2025-06-11T10:00:00+01:99")
@example("2025-06-11T10:00:00+24:00")
@example("2025-06-11T24:00:00Z")
@example("2025-06-11T23:59:60Z")
@example("0001-01-01T00:00:00+00:01")
@example("2025-00")
def test_what_is_accepted_as_a_moment_is_one(text):
    try:
        stored = instants.normalise(text)
    except ValueError:
        return
    assert instants.normalise(stored) == stored
    assert instants.parse(stored).earliest <= instants.parse(stored).latest
    assert "00" not in (text[5:7], text[8:10])
    if text[-6:-5] in ("+", "-") and text[-3:-2] == ":":
        assert (int(text[-5:-3]) < 24, int(text[-2:]) < 60) == (True, True)


def test_now_sorts_as_text():
    seen = [instants.now() for _ in range(3)]
    assert seen == sorted(seen)
    assert all(instants.normalise(moment)[:23] == moment[:23] for moment in seen)


# Addresses

HOSTS = st.sampled_from(
    [
        "example.org",
        "a.example.org",
        "xn--bcher-kva.example",
        "192.0.2.1",
        "[2001:db8::1]",
        "localhost",
        "münchen.example",
    ]
)
PATHS = st.lists(st.text(string.ascii_letters + string.digits + "-._~%éя", min_size=1, max_size=8), max_size=4).map(
    "/".join
)
PAIRS = st.lists(
    st.tuples(st.sampled_from("abcdp"), st.text("xyz123é", max_size=3)), max_size=4, unique_by=lambda pair: pair[0]
)
TRACKING = st.sampled_from(["utm_source=x", "utm_campaign=", "fbclid=1", "gclid=a", "UTM_MEDIUM=x", "xtor=RSS-1"])


def address(host, path, pairs):
    query = "&".join(f"{name}={value}" for name, value in pairs)
    return f"https://{host}/{path}" + (f"?{query}" if query else "")


@always
@given(HOSTS, PATHS, PAIRS, st.randoms(), st.lists(TRACKING, max_size=3))
def test_what_does_not_choose_the_article_does_not_matter(host, path, pairs, random, tracking):
    url = address(host, path, pairs)
    urls.check(url)
    mixed = [*(f"{name}={value}" for name, value in pairs), *tracking]
    random.shuffle(mixed)
    query = f"?{'&'.join(mixed)}" if mixed else ""
    for other in (
        f"http://{host}/{path}{query}",
        f"HTTPS://{host.upper()}:443/{path}{query}#top",
        f"http://{host}:80/{path}/{query}",
        f"https://user@{host}/{path}{query}",
        *([f"https://www.{host}/{path}{query}"] if host[0].isalpha() else []),
    ):
        urls.check(other)
        assert urls.url_key(other) == urls.url_key(url), other


@always
@given(st.tuples(HOSTS, PATHS, PAIRS), st.tuples(HOSTS, PATHS, PAIRS))
@example(("example.org", "a", []), ("example.org", "A", []))
@example(("example.org", "", [("a", "x")]), ("example.org", "", [("a", "")]))
def test_what_chooses_the_article_matters(one, two):
    assume((one[0], one[1].strip("/"), sorted(one[2])) != (two[0], two[1].strip("/"), sorted(two[2])))
    assert urls.url_key(address(*one)) != urls.url_key(address(*two))


def test_another_port_is_another_address():
    assert urls.url_key("https://example.org:8443/a") != urls.url_key("https://example.org/a")
    assert urls.url_key("http://example.org:443/a") != urls.url_key("http://example.org/a")


@pytest.mark.parametrize("path", ["caf%C3%A9", "caf%c3%a9", "c%61fé"])
def test_the_escapes_of_a_path_do_not_matter(path):
    assert urls.url_key(f"https://example.org/{path}") == urls.url_key("https://example.org/café")


@always
@given(
    st.text(st.sampled_from("htps:/?#[]@!%&=.-aé1\\ \n\0<>") | st.characters(exclude_categories=("Cs",)), max_size=30)
)
@example("http://[::1")
@example("http://[v1.a]/")
@example("http://a:99999/")
@example("http://\u2100/")
@example("http://a\u3002b/")
def test_an_address_that_passes_can_be_compared(text):
    for url in (text, f"https://{text}", f"http://example.org/{text}"):
        try:
            urls.check(url)
        except ValueError:
            continue
        assert urlsplit(url).hostname
        assert urls.url_key(url)
        assert not set(url) & set(" \n\0<>")


# Codes

SUBTAGS = st.from_regex(
    r"[a-z]{2,3}(-[a-z]{3})?(-[a-z]{4})?(-([a-z]{2}|[0-9]{3}))?(-([a-z0-9]{5,8}|[0-9][a-z0-9]{3})){0,2}(-u-[a-z0-9]{2,8})?(-x-[a-z0-9]{1,8})?",
    fullmatch=True,
)


@always
@given(SUBTAGS)
@example("zh-cmn-hans-cn")
@example("de-ch-1901")
@example("es-419")
@example("sl-rozaj-biske")
def test_a_language_tag_has_one_spelling(tag):
    stored = codes.language_tag(tag)
    assert stored.lower() == tag
    assert codes.language_tag(stored) == codes.language_tag(tag.upper()) == stored


@pytest.mark.parametrize(
    ("tag", "stored"),
    [
        ("FR", "fr"),
        ("pt-br", "pt-BR"),
        ("ZH-HANT", "zh-Hant"),
        ("zh-hant-tw", "zh-Hant-TW"),
        ("sr-latn-rs", "sr-Latn-RS"),
        ("EN-x-Twain", "en-x-twain"),
    ],
)
def test_the_letter_case_is_that_of_the_standard(tag, stored):
    assert codes.language_tag(tag) == stored


@pytest.mark.parametrize(
    "tag",
    [
        "",
        "f",
        "french",
        "fr_FR",
        "fr-",
        "-fr",
        "fr--FR",
        "fr-FR-FR",
        "fr-F",
        "x",
        "fr-x",
        "fr-u",
        "ſr",
        "fr-１２３",
        "fr\n",
    ],
)
def test_what_is_no_language_tag_is_refused(tag):
    with pytest.raises(ValueError, match="BCP 47"):
        codes.language_tag(tag)


@always
@given(st.text(max_size=4))
@example("ſa")
@example("ß")
def test_a_country_is_one_of_those_that_there_are(text):
    try:
        stored = codes.country(text)
    except ValueError:
        assert text.upper() not in codes.COUNTRIES or not text.isascii()
    else:
        assert stored == text.upper()
        assert (stored in codes.COUNTRIES, text.isascii()) == (True, True)
        assert codes.country(stored) == stored


def test_there_are_as_many_countries_as_the_standard_has():
    assert len(codes.COUNTRIES) == 249


LABELS = st.from_regex(r"[a-z0-9]([a-z0-9-]{0,8}[a-z0-9])?", fullmatch=True) | st.just("www")


@always
@given(st.lists(LABELS, min_size=2, max_size=4).map(".".join))
@example("www.gov.uk")
@example("www.www.org")
@example("www.de")
def test_a_domain_has_one_spelling(host):
    stored = codes.domain(host)
    assert codes.domain(stored) == codes.domain(host.upper()) == stored
    assert host.endswith(stored)


@pytest.mark.parametrize(
    "host",
    [
        "",
        "org",
        "a.org.",
        ".org",
        "a..org",
        "-a.org",
        "a-.org",
        "a b.org",
        "a.org/",
        "a.org:80",
        "http://a.org",
        "a_b.org",
        "\u212a.org",
    ],
)
def test_what_is_no_host_name_is_refused(host):
    with pytest.raises(ValueError, match="host name"):
        codes.domain(host)


@pytest.mark.parametrize(
    ("item", "good"),
    [
        ("Q1", True),
        ("Q4124", True),
        ("Q0", False),
        ("q1", False),
        ("Q01", False),
        ("P31", False),
        ("Q", False),
        ("Q١", False),
        ("Q1\n", False),
    ],
)
def test_a_wikidata_item_is_a_q_and_a_number(item, good):
    if good:
        assert codes.wikidata(item) == item
    else:
        with pytest.raises(ValueError, match="Wikidata"):
            codes.wikidata(item)
