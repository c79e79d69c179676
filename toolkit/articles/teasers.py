"""Texts of which only the beginning was to be had: teasers and what stands before a paywall."""

import re

from toolkit.articles.languages import count_words

_SHORT = 200  # words: a longer text is an article, whatever stands at its end
_STUB = 80
_ELLIPSIS = re.compile(r"(\[\s*(…|\.\.\.)\s*\]|…|\.\.\.)$")
_WALLS = re.compile(
    r"""
    (subscribe|sign\s?up|log\s?in|sign\s?in|register)\s(now\s)?(to|and)\s(continue|keep|read|unlock|access)
    | (continue|keep)\sreading(\s(the|this|your|on|with|for|→)\b|\s*(→|»|\.\.\.|…)?$)
    | read\s(the\s)?(more|full\s(story|article))\s*(\W*$|at\b|on\b|here\b)
    | already\s(a|have\sa)\ssubscri\w+
    | (for|to|only\sfor)\s(our\s)?subscribers\s?(only)?\W*$
    | (article|content|story)\sis\s(only\s)?(for|available\sto)\s(paying\s)?(subscribers|members)
    | suscr[ií]bete\s(para|y)
    | (contenido|art[ií]culo)\s(exclusivo\s)?(solo\s)?para\ssuscriptores
    | (sigue|seguir|contin[uú]e?|continuar)\sleyendo\W*$
    | leer\sm[aá]s\W*$
    | subscriu-te\s(per|i)
    | (contingut|article)\s(exclusiu\s)?(nom[eé]s\s)?per\sa\ssubscriptors
    | (continua\sllegint|llegir\sm[eé]s)\W*$
    | (weiterlesen|mehr\slesen)\W*$
    | jetzt\s(abonnieren|weiterlesen)
    | nur\sf[uü]r\sabonnenten
    | (article|contenu)\sr[eé]serv[eé]\saux\sabonn[eé]s
    | lire\sla\ssuite\W*$
    | abonnez-vous\spour
    | il\svous\sreste\s[\d.,]+\s?%\sde\scet\sarticle
    | baca\s(lagi|selanjutnya|seterusnya)\W*$
    | langgan\s(sekarang|untuk)
    | читать\s(далее|полностью|дальше)\W*$
    | (только|доступ\w*)\s(для|по)\sподпис\w+
    | чытаць\s(далей|цалкам)\W*$
    | читати\s(далі|повністю)\W*$
    | лише\sдля\sпередплатників
    """,
    re.IGNORECASE | re.VERBOSE,
)


def teaser_sign(text: str) -> str | None:
    r"""What shows that a text is only the beginning of an article, or None.

    >>> teaser_sign("The cabinet met on Monday.\n\nSubscribe to continue reading")
    'Subscribe to continue'
    >>> teaser_sign("The cabinet met on Monday and agreed on …")
    '…'
    >>> teaser_sign("The cabinet met on Monday.")
    """
    if len(text) > 12 * _SHORT:
        return None
    words = count_words(text, _SHORT)
    if words >= _SHORT:
        return None
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    for line in lines[-3:]:
        if len(line) <= 300 and (wall := _WALLS.search(line)):
            return wall[0].strip()
    cut = _ELLIPSIS.search(lines[-1]) if lines and words < _STUB else None
    return cut[0] if cut else None


def closed_page(page: str) -> bool:
    """Whether a page says of itself that it is not free to read (schema.org's ``isAccessibleForFree``)."""
    return re.search(r'"isAccessibleForFree"\s{0,9}:\s{0,9}"?false', page, re.IGNORECASE) is not None
