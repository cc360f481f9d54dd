"""A wire as it comes out of scrapers, spreadsheets and old feeds, and what an import must say of each of its lines.

People and outlets are invented. Everything follows from the seed; nothing here asks the service what it would do.
"""

import json
import random
import unicodedata
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, NamedTuple

PEOPLE = (
    "Ada Example", "José Ñandú", "Zoë O’Brien-Müller", "Łukasz Øster", "Иван Примеров", "Мария Образцова",
    "Δημήτρης Παράδειγμα", "דוד לדוגמה", "محمد المثال", "李示例", "山田 例子", "नमूना कुमार", "김 예시", "Ngô Thí Dụ",
    "İpek Örnek", "St. John Sample", "Ministry of Examples", "Jean-Pierre L'Exemple", "Example & Sons", "Đoàn Mẫu 2",
)  # fmt: skip
AGENCIES = ("AFP", "A.F.P.", "afp", "« AFP »", "Example Wire", "EXAMPLE  WIRE")
OUTLETS = ("Le Modèle", "Le Modele", "LE MODÈLE", "The Daily Sample", "Образец")

# What surrounds a number, so that no two rows have the same words by chance.
PHRASES = (
    "Nous avons signé « {n} » accords, c’est l’essentiel !",
    "“We will not [ever] withdraw,” he said, “not in {n} years”...",
    "He told me: \"She said '{n} times no' and left\" (laughter) …",
    "Мы — за мир: {n} раз повторю",
    "我们有{n}个问题，明天再谈。",
    "لدينا {n} أسباب للأمل",
    "Wir schaffen das – zum {n}. Mal; „ganz sicher“",
    "हम {n} बार कहेंगे: नहीं",
    "Ünïcödé ﬁne № {n} – naïve café",
    "Nothing [… ] but <b>{n}</b> &quot;jobs&quot;\tand\nmore",
    "C'est d\u00c3\u00a9j\u00c3\u00a0 la {n}\u00c3\u00a8me fois",
    "The \ufffd{n}\ufffd question 🤷🏽‍♀️ -- remains",
    "=SUM({n}) is what @they call -progress-",
    "אמרנו {n} פעמים: \u200fלא!",
    "{n}% of \u201cthem\u201d\u00a0agree\u2026 [sic]",
)


class Line(NamedTuple):
    """A line by its number: what becomes of it, and each pointer and reason if it is refused."""

    number: int
    action: str
    text: str = ""
    speaker: str = ""
    reasons: tuple[tuple[str, str], ...] = ()


@dataclass
class Wire:
    """A file and what must become of each of its rows."""

    body: bytes
    lines: list[Line]


def _unaccented(text: str) -> str:
    """Latin letters without their accents: what is left when a feed was made for ASCII."""
    return "".join(
        unicodedata.normalize("NFD", letter)[0] if "LATIN" in unicodedata.name(letter, "") else letter
        for letter in text
    )


# Other spellings of a name.
SPELLINGS: tuple[Callable[[str], str], ...] = (
    str, str, str, str.upper, str.lower, _unaccented, lambda name: unicodedata.normalize("NFD", name),
    lambda name: f"  {name}.", lambda name: f"« {name} »", lambda name: name.replace(" ", "\u00a0 "),
    lambda name: name.replace("’", "'").replace("-", "–"), lambda name: f"\u200f{name},", lambda name: f"[{name}]",
)  # fmt: skip

_STRAIGHT = str.maketrans(
    {"“": '"', "”": '"', "„": '"', "«": '"', "»": '"', "’": "'", "—": "-", "–": "-", "\u00a0": " "}
)

# Other ways to print the same words.
PRINTINGS: tuple[Callable[[str], str], ...] = (
    str, str.upper, str.lower, _unaccented, lambda text: unicodedata.normalize("NFD", text),
    lambda text: text.translate(_STRAIGHT), lambda text: f"“{text}”", lambda text: f"« {text} »,",
    lambda text: text.replace("…", "...").replace("\u200f", ""), lambda text: f"\ufeff{text}\u200b.",
    lambda text: text.replace(" ", "\r\n  "),
)  # fmt: skip

# Other addresses of the same article.
ADDRESSES = (
    "https://example.org/{n}", "http://www.example.org/{n}/", "https://example.org:443/{n}?utm_source=rss", "https://EXAMPLE.org/{n}#top",
)  # fmt: skip

_NAMELESS, _UNSTORABLE = (
    "Must hold a letter or a digit.",
    "Holds a NUL or half of a surrogate pair, which are not text.",
)
_BLANK, _NULL, _REQUIRED = "May not be blank.", "May not be null.", "Is required."
SYNTAX = "Not valid JSON"  # how the reason begins; the rest is the parser's
_SOURCE = "An agency or an outlet is required: a statement has a source."
_LANGUAGE = "Not a BCP 47 language tag, such as fr, pt-BR or zh-Hant."
_URL = "Not a valid URL: an absolute http:// or https:// address is expected."
_DATE = "Not an EDTF date: 2025-06-11, 2025-06, 2025, 2025~, 2025-06-10/2025-06-11 or ../2025-06-11."
_MISSING = object()


def _pronoun(word: str) -> tuple[dict[str, Any], list[tuple[str, str]]]:
    reason = f"“{word}” is a pronoun, not a name. Give the name, or the label printed with kind anonymous."
    return {"speaker": word}, [("/speaker", reason)]


# Fields that are wrong, and what must be said of them.
WRONG: tuple[tuple[dict[str, Any], list[tuple[str, str]]], ...] = (
    *map(_pronoun, ("He", "she", "THEY", "il", "Elle", "Ils", "он", "ОНА", "они", "Er", "ella", "Ele", "هو", "Someone", "Lui")),
    ({"speaker": ""}, [("/speaker", _BLANK)]),
    ({"speaker": " \u00a0\t"}, [("/speaker", _BLANK)]),
    ({"speaker": None}, [("/speaker", _NULL)]),
    ({"speaker": _MISSING}, [("/speaker", _REQUIRED)]),
    ({"speaker": "—"}, [("/speaker", _NAMELESS)]),
    ({"speaker": "« … »"}, [("/speaker", _NAMELESS)]),
    ({"speaker": "\u200b"}, [("/speaker", _NAMELESS)]),
    ({"speaker": {}}, [("/speaker/name", "Needs a name or an id.")]),
    ({"speaker": {"name": "", "kind": "human"}},
     [("/speaker/name", _BLANK), ("/speaker/kind", "Must be one of: person, organization, group, anonymous.")]),
    ({"speaker": ["Ada Example"]}, [("/speaker", "A name, an id or an object is expected.")]),
    ({"text": _MISSING, "quote": "x"}, [("/text", _REQUIRED), ("/quote", "Unknown field.")]),
    ({"text": " \n "}, [("/text", _BLANK)]),
    ({"text": None, "language": None}, [("/text", _NULL), ("/language", _NULL)]),
    ({"text": "x" * 10_001}, [("/text", "Is longer than 10,000 characters.")]),
    ({"text": "cut \x00 here"}, [("/text", _UNSTORABLE)]),
    ({"text": 12}, [("/text", "A string is expected.")]),
    ({"language": "French"}, [("/language", _LANGUAGE)]),
    ({"language": "fr_FR"}, [("/language", _LANGUAGE)]),
    ({"language": _MISSING, "date": _MISSING}, [("/language", _REQUIRED), ("/date", _REQUIRED)]),
    ({"date": "11/06/2025"}, [("/date", _DATE)]),
    ({"date": "hier"}, [("/date", _DATE)]),
    ({"date": 2025}, [("/date", "A string is expected.")]),
    ({"agency": None, "outlet": " "}, [("/agency", _SOURCE)]),
    ({"agency": _MISSING, "outlet": _MISSING, "byline": 1}, [("/byline", "A string is expected."), ("/agency", _SOURCE)]),
    ({"url": "www.example.org/a"}, [("/url", _URL)]),
    ({"url": "http://exa mple.org/"}, [("/url", _URL)]),
    ({"topics": "talks, peace"}, [("/topics", "A list is expected.")]),
    ({"topics": ["talks", "", "—"]}, [("/topics/1", _BLANK), ("/topics/2", _NAMELESS)]),
    ({"author/editor": "x", "Speaker": "y"}, [("/author~1editor", "Unknown field."), ("/Speaker", "Unknown field.")]),
)  # fmt: skip


# Lines that cannot be read, each made from one that could, and what must be said of it.
BROKEN: tuple[Callable[[str], tuple[bytes, str]], ...] = (
    lambda row: (("é" + row).encode("latin-1", "replace"), "Not valid UTF-8: byte 1 cannot be read."),
    lambda row: (('{"text": "Мир"' + row).encode("cp1251", "replace"), "Not valid UTF-8: byte 11 cannot be read."),
    lambda row: (f"{row}é".encode()[:-1], f"Not valid UTF-8: byte {len(row.encode()) + 1} cannot be read."),
    lambda row: (row[: len(row) // 2].encode(), SYNTAX),
    lambda row: (f"{row} {row}".encode(), SYNTAX),
    lambda row: (row.replace('"', "'").encode(), SYNTAX),
    lambda _: (b"-- end of feed --", SYNTAX),
    lambda _: (b"text;language;speaker;date", SYNTAX),
    lambda row: (f"[{row}]".encode(), "Not a JSON object."),
    lambda _: (b"null", "Not a JSON object."),
    lambda row: (f'{row[:-1]}, "version": NaN}}'.encode(), "NaN is not JSON."),
    lambda row: (f'{row[:-1]}, "id": 99999999999999999999}}'.encode(), "The number 99999999999999999999 does not fit 64 bits."),
    lambda row: (f'{row[:-1]}, "text": "again"}}'.encode(), "The name “text” stands twice in one object."),
    lambda row: (row.replace('"text": "', r'"text": "\ud83d', 1).encode(),
                 "Holds half of a surrogate pair, which is not a character."),
)  # fmt: skip

# How a row is written down when nothing is wrong with it.
WRITINGS: tuple[Callable[[dict[str, Any]], str], ...] = (
    lambda row: json.dumps(row, ensure_ascii=False), json.dumps, lambda row: json.dumps(dict(sorted(row.items()))),
    lambda row: "\t " + json.dumps(row, ensure_ascii=False, separators=(",", ":")) + " ",
)  # fmt: skip


def _row(dice: random.Random, number: int) -> tuple[dict[str, Any], str]:
    """A row that nobody printed before, and who speaks in it."""
    speaker = dice.choice(PEOPLE)
    row = {
        "text": dice.choice(PHRASES).format(n=number),
        "language": dice.choice(("fr", "en-GB", "RU", "zh-hant", "ar")),
        "speaker": dice.choice(SPELLINGS)(speaker),
        "date": dice.choice(("2025-06-11", "2025-06", "2025~", "../2025-06-11", None)),
        "agency": dice.choice(AGENCIES),
        "outlet": dice.choice((*OUTLETS, None, "")),
        "url": f"https://example.org/{number}",
        "topics": dice.sample(("talks", "Peace & war", "économie", "мир"), dice.randrange(3)),
    }
    if dice.random() < 0.1:
        row["ref"] = f"feed:{number}"
    return row, speaker


def _again(dice: random.Random, row: dict[str, Any], speaker: str) -> dict[str, Any]:
    """The same words by the same speaker from the same article, as another feed has them."""
    number = row["url"].rsplit("/", 1)[1]
    return {
        **{name: value for name, value in row.items() if name != "ref"},
        "text": dice.choice(PRINTINGS)(row["text"]),
        "speaker": dice.choice(SPELLINGS)(speaker),
        "url": dice.choice(ADDRESSES).format(n=number),
        "date": dice.choice((row["date"], None)),
    }


def wire(rows: int, *, seed: int = 24) -> Wire:
    """`rows` rows: a quarter new, more of what came before, and a third that is not to be taken; blank lines between."""
    dice = random.Random(seed)
    written: list[bytes] = []
    lines: list[Line] = []
    told: list[tuple[dict[str, Any], str]] = []
    while len(lines) < rows:
        number = len(written) + 1
        row, speaker = _row(dice, number)
        kind = dice.choices(("new", "again", "wrong", "broken", "blank"), (25, 40, 20, 12, 3))[0]
        if kind == "blank":
            written.append(dice.choice((b"", b" \t")))
            continue
        if kind == "again" and told:
            row, speaker = dice.choice(told)
            row = _again(dice, row, speaker)
            lines.append(Line(number, "skipped"))
        elif kind == "wrong":
            fields, reasons = dice.choice(WRONG)
            row = {name: value for name, value in {**row, **fields}.items() if value is not _MISSING}
            lines.append(Line(number, "refused", reasons=tuple(reasons)))
        elif kind == "broken":
            line, reason = dice.choice(BROKEN)(json.dumps(row, ensure_ascii=False))
            written.append(line)
            lines.append(Line(number, "refused", reasons=(("", reason),)))
            continue
        else:
            told.append((row, speaker))
            lines.append(Line(number, "created", row["text"], speaker))
        written.append(dice.choice(WRITINGS)(row).encode())
    ends = dice.choices((b"\n", b"\r\n"), k=len(written))
    body = b"\xef\xbb\xbf" + b"".join(line + end for line, end in zip(written, ends, strict=True))
    return Wire(body, lines)
