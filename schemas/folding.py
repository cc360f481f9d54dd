"""Folded forms of text: what two spellings of the same words, or of the same name, have in common.

Text is stored as given; comparisons use the forms made here. Folding follows Unicode: compatibility
decomposition (NFKD) and full case folding, then the removal of what the script itself treats as an
accent. Marks that make another letter or vowel (Devanagari signs, kana voicing) are kept, so no two
different words of any script become one.
"""

import re
import unicodedata
from functools import lru_cache
from hashlib import blake2b

# Combining diacritics of Latin and Greek, less the strokes that negate a sign (≠); Hebrew points; Arabic vowel
# signs and tatweel. In Cyrillic a breve or a diaeresis makes another letter (й, ї), but for ё, which is spelt е too.
_ACCENTS = re.compile(
    "(?<![\u0400-\u052f])[\u0306\u0308]|(?<=[еЕ])\u0308|[\u0300-\u0305\u0307\u0309-\u0333\u0339-\u036f"
    "\u1ab0-\u1aff\u1dc0-\u1dff\u20d0-\u20ff\ufe20-\ufe2f"
    "\u0591-\u05bd\u05bf\u05c1\u05c2\u05c4\u05c5\u05c7\u0610-\u061a\u0640\u064b-\u0652\u0670]"
)
# 10² is not 102.
_POWER = re.compile("(?<=[0-9])(?=[\u00b2\u00b3\u00b9\u2070\u2074-\u2079])")
# Soft hyphen, zero-width characters, direction marks, word joiner, byte order mark.
_INVISIBLE = re.compile("[\u00ad\u061c\u180e\u200b-\u200f\u202a-\u202e\u2060-\u2064\u2066-\u2069\ufeff\ufe0e\ufe0f]")
# Letters that Unicode does not decompose but readers see as an accented or joined form of others.
_LETTERS = str.maketrans(
    {"ø": "o", "ł": "l", "đ": "d", "ħ": "h", "ŧ": "t", "ı": "i", "æ": "ae", "œ": "oe", "þ": "th", "ð": "d"}
)

_SINGLE_QUOTES = "'‘’‚‛‹›′ʹʻʼʽ`´＇׳"
_DOUBLE_QUOTES = '"“”„‟«»″〝〞〟「」『』＂⹂❝❞״'
_DASHES = "-‐‑‒–—―−⸺⸻﹘﹣－⁃־"
_PUNCTUATION = str.maketrans(
    dict.fromkeys(_SINGLE_QUOTES, "'") | dict.fromkeys(_DOUBLE_QUOTES, '"') | dict.fromkeys(_DASHES, "-")
)
# A quote mark inside a word is an apostrophe (l'été, don't) and stays; any other is typography.
_OUTER_QUOTES = re.compile(r"\"|(?<!\w)'+|'+(?!\w)")
_SPACED_DASH = re.compile(r"\s*-+\s*")
_SPACE_BEFORE_MARK = re.compile(r"\s+(?=[!?;:,.%…])")
_SPACES = re.compile(r"\s+")
_LONGEST_KEY = 400  # characters; PostgreSQL refuses an index entry of more than 2,704 bytes
_NOT_WORD = re.compile(r"[^\w\s]|_")


def fold(text: str) -> str:
    """Lower-case, unaccented, single-spaced `text`; punctuation stays, quote marks and dashes of one kind."""
    # Marks such as the acute on its own would decompose into a space and an accent: unify them first.
    text = _POWER.sub("^", unicodedata.normalize("NFC", text))
    text = _INVISIBLE.sub("", text.translate(_PUNCTUATION))
    text = unicodedata.normalize("NFKD", unicodedata.normalize("NFKD", text).casefold())
    text = unicodedata.normalize("NFC", _ACCENTS.sub("", text).translate(_LETTERS))
    return _SPACES.sub(" ", text.translate(_PUNCTUATION)).strip()


# Names, roles and topics repeat from row to row, and a batch asks for the key of a text thrice.
@lru_cache(maxsize=16_384)
def name_key(name: str) -> str:
    """The form under which a name is found: `fold`, less all punctuation. Empty if it holds no letter or digit.

    Full stops and apostrophes close up ("A.F.P." is "afp", "O'Neil" is "oneil"); other marks separate words.
    """
    folded = re.sub(r"[.'’]", "", fold(name))
    key = _SPACES.sub(" ", _NOT_WORD.sub(lambda mark: mark[0] if _joins(mark[0]) else " ", folded)).strip()
    return bounded(key)


def bounded(key: str) -> str:
    """`key`, or its beginning and its digest: one character can unfold into eighteen, and an index entry is limited."""
    return key if len(key) <= _LONGEST_KEY else key[:300] + digest(key)


def wording(text: str) -> str:
    """`text` as two printings of one wording share it.

    Ignored: case, accents, quote marks, the kind and spacing of dashes, white space, and a full stop,
    comma, semicolon or colon at the very end, which belongs to the sentence around the quote.
    """
    folded = _OUTER_QUOTES.sub(" ", fold(text))
    folded = _SPACE_BEFORE_MARK.sub("", _SPACED_DASH.sub("-", folded))
    return _SPACES.sub(" ", folded).strip().rstrip(".,;: ") or fold(text)


def digest(*parts: object) -> str:
    """32 hexadecimal digits that stand for `parts` in an index: BLAKE2b, 128 bits."""
    return blake2b(
        "\x1f".join("" if part is None else str(part) for part in parts).encode(), digest_size=16
    ).hexdigest()


@lru_cache(maxsize=2_048)
def text_key(text: str) -> str:
    """The `digest` of the `wording`: equal for two printings of the same words."""
    return digest(wording(text))


def _joins(character: str) -> bool:
    """Whether a non-word character is a vowel sign or other mark inside a word, as in Devanagari."""
    return unicodedata.category(character).startswith("M")
