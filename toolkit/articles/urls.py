"""Normalisation of URLs to one spelling per page."""

import re
from urllib.parse import SplitResult, parse_qsl, urlencode, urlsplit, urlunsplit

_TRACKING = re.compile(
    r"^(utm_\w+|at_\w+|pk_\w+|piwik_\w+|mtm_\w+|mc_[ce]id|hsa_\w+|_hs\w+|__hs\w+|ga_\w+|_ga|_gl|fbclid|gclid|gclsrc|dclid"
    r"|wbraid|gbraid|msclkid|twclid|ttclid|yclid|ysclid|igshid|igsh|li_fat_id|s_kwcid|ncid|cmpid|icid|ito|ocid|xtor"
    r"|wt_mc|wt\.mc_id|cmp|ftag|rss|ref_src|ref_url|spm|smid|smtyp|sr_share|share_id|guccounter|guce_\w+)$",
    re.IGNORECASE,
)
_PORTS = {"http": 80, "https": 443}


def canonical_url(url: str) -> str | None:
    """Return a URL without fragment and tracking parameters, its host in lower case; None if it is no web address.

    >>> canonical_url("HTTPS://News.Example:443/a?utm_source=x&id=7&fbclid=y#top")
    'https://news.example/a?id=7'
    >>> canonical_url("n/a")
    """
    parts = _split(url)
    if parts is None:
        return None
    host = _host(parts)
    pairs = parse_qsl(parts.query, keep_blank_values=True, max_num_fields=None)
    parameters = [(name, value) for name, value in pairs if not _TRACKING.match(name)]
    query = parts.query if len(parameters) == len(pairs) else urlencode(parameters)
    return urlunsplit((parts.scheme.lower(), host, parts.path or "/", query, ""))


def address_key(url: str) -> str | None:
    """Return a key shared by all spellings of a page's address; None if the URL names no page, such as a home page.

    >>> address_key("http://www.news.example/a/?b=2&a=1") == address_key("https://news.example/a?a=1&b=2")
    True
    >>> address_key("https://news.example/")
    """
    canonical = canonical_url(url)
    if canonical is None:
        return None
    parts = urlsplit(canonical)
    path, query = parts.path.rstrip("/"), "&".join(sorted(parts.query.split("&")))
    if not path and not query:
        return None
    return f"{parts.netloc.removeprefix('www.')}{path}?{query}"


def host_of(url: str | None) -> str | None:
    """Return the host of a URL without ``www.``."""
    parts = _split(url) if url else None
    return _host(parts).split(":")[0].removeprefix("www.") if parts else None


def _split(url: str) -> SplitResult | None:
    try:
        parts = urlsplit("".join(url.split()))
        usable = parts.scheme.lower() in _PORTS and parts.hostname and (parts.port is None or parts.port >= 0)
    except ValueError:
        return None
    return parts if usable else None


def _host(parts: SplitResult) -> str:
    host = (parts.hostname or "").rstrip(".")
    usual = parts.port is None or parts.port == _PORTS[parts.scheme.lower()]
    return host if usual else f"{host}:{parts.port}"
