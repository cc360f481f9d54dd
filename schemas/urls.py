"""Addresses of articles, and the form under which two of them are the same article."""

import re
import unicodedata
from urllib.parse import parse_qsl, unquote, urlencode, urlsplit

_TRACKING = re.compile(
    r"utm_\w+|fbclid|gclid|dclid|msclkid|yclid|igshid|mc_cid|mc_eid|_ga|ito|cmpid|ocid|xtor|smid|cmp",
    re.ASCII | re.IGNORECASE,
)
_FORBIDDEN = re.compile(r"[\s<>\"\\^`{|}\x00-\x1f\x7f]")
_DEFAULT_PORTS = {"http": 80, "https": 443}


def check(url: str) -> None:
    """Raise ValueError unless `url` is an absolute http or https address with a host."""
    try:
        parts = urlsplit(url)
        host, _ = parts.hostname, parts.port
    except ValueError:
        raise ValueError("Not a valid URL.") from None
    if parts.scheme not in _DEFAULT_PORTS or not host or _FORBIDDEN.search(url):
        raise ValueError("Not a valid URL: an absolute http:// or https:// address is expected.")


def url_key(url: str) -> str:
    """The address less what does not choose the article: scheme, `www.`, default port, trailing slash,
    tracking parameters, order of parameters, fragment."""
    parts = urlsplit(url)
    host = (parts.hostname or "").removeprefix("www.")
    port = f":{parts.port}" if parts.port not in (None, _DEFAULT_PORTS.get(parts.scheme)) else ""
    query = sorted(pair for pair in parse_qsl(parts.query, keep_blank_values=True) if not _TRACKING.fullmatch(pair[0]))
    # An escaped slash is not a slash; any other escape is one spelling of its character.
    path = unquote(re.sub("%2f", "%252F", parts.path, flags=re.IGNORECASE))
    return host + port + unicodedata.normalize("NFC", path).rstrip("/") + ("?" + urlencode(query) if query else "")
