"""Codes of other standards: language tags (BCP 47), countries (ISO 3166-1), Wikidata items, host names."""

import re

# RFC 5646 section 2.1, less grandfathered and private-use tags, and less the 4 to 8 letter primary
# subtags that it reserves and IANA has never registered ("french" is not a language tag).
_LANGUAGE = re.compile(
    r"(?P<language>[a-z]{2,3})(?:-(?P<extlang>[a-z]{3}))?(?:-(?P<script>[a-z]{4}))?(?:-(?P<region>[a-z]{2}|\d{3}))?"
    r"(?P<variants>(?:-(?:[a-z\d]{5,8}|\d[a-z\d]{3}))*)(?P<rest>(?:-[a-wyz\d](?:-[a-z\d]{2,8})+)*(?:-x(?:-[a-z\d]{1,8})+)?)",
    re.ASCII | re.IGNORECASE,
)
_WIKIDATA = re.compile(r"Q[1-9]\d{0,11}", re.ASCII)
_LABEL = r"(?!-)[a-z\d-]{1,63}(?<!-)"
_DOMAIN = re.compile(rf"(?:{_LABEL}\.)+{_LABEL}", re.ASCII)

COUNTRIES = frozenset(
    """AD AE AF AG AI AL AM AO AQ AR AS AT AU AW AX AZ BA BB BD BE BF BG BH BI BJ BL BM BN BO BQ BR BS BT BV BW BY
    BZ CA CC CD CF CG CH CI CK CL CM CN CO CR CU CV CW CX CY CZ DE DJ DK DM DO DZ EC EE EG EH ER ES ET FI FJ FK FM
    FO FR GA GB GD GE GF GG GH GI GL GM GN GP GQ GR GS GT GU GW GY HK HM HN HR HT HU ID IE IL IM IN IO IQ IR IS IT
    JE JM JO JP KE KG KH KI KM KN KP KR KW KY KZ LA LB LC LI LK LR LS LT LU LV LY MA MC MD ME MF MG MH MK ML MM MN
    MO MP MQ MR MS MT MU MV MW MX MY MZ NA NC NE NF NG NI NL NO NP NR NU NZ OM PA PE PF PG PH PK PL PM PN PR PS PT
    PW PY QA RE RO RS RU RW SA SB SC SD SE SG SH SI SJ SK SL SM SN SO SR SS ST SV SX SY SZ TC TD TF TG TH TJ TK TL
    TM TN TO TR TT TV TW TZ UA UG UM US UY UZ VA VC VE VG VI VN VU WF WS YE YT ZA ZM ZW""".split()
)


def language_tag(tag: str) -> str:
    """`tag` in the letter case that RFC 5646 section 2.1.1 recommends: `pt-BR`, `zh-Hant`. ValueError if malformed."""
    match = _LANGUAGE.fullmatch(tag)
    if match is None:
        raise ValueError("Not a BCP 47 language tag, such as fr, pt-BR or zh-Hant.")
    parts = [match["language"].lower()]
    parts += [match["extlang"].lower()] if match["extlang"] else []
    parts += [match["script"].title()] if match["script"] else []
    parts += [match["region"].upper()] if match["region"] else []
    return "-".join(parts) + match["variants"].lower() + match["rest"].lower()


def country(code: str) -> str:
    """An ISO 3166-1 alpha-2 code in capitals. ValueError if there is none such."""
    if not code.isascii() or code.upper() not in COUNTRIES:
        raise ValueError("Not an ISO 3166-1 alpha-2 country code, such as FR.")
    return code.upper()


def wikidata(item: str) -> str:
    """A Wikidata item identifier: Q and a number. ValueError if it is not one."""
    if not _WIKIDATA.fullmatch(item):
        raise ValueError("Not a Wikidata item, such as Q4124.")
    return item


def domain(host: str) -> str:
    """A host name in lower case, less `www.`. ValueError if malformed."""
    if not host.isascii() or not _DOMAIN.fullmatch(host.lower()):
        raise ValueError("Not a host name, such as lematin.ch.")
    bare = host.lower()
    while bare.startswith("www.") and "." in bare.removeprefix("www."):
        bare = bare.removeprefix("www.")
    return bare
