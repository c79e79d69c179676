"""Detection of teasers and of texts cut off by a paywall."""

import re

from toolkit.articles.languages import count_words

_SHORT = 200  # words; a longer text is an article, regardless of its ending
_STUB = 80
_ELLIPSIS = re.compile(r"(\[\s*(…|\.\.\.)\s*\]|…|\.\.\.)$")
_WALLS = re.compile(
    r"""
    # English
    (subscribe|sign\s?up|log\s?in|sign\s?in|register)\s(now\s)?(to|and)\s(continue|keep|read|unlock|access)
    | (continue|keep)\sreading(\s(the|this|your|on|with|for|→)\b|\s*(→|»|\.\.\.|…)?$)
    | read\s(the\s)?(more|full\s(story|article))\s*(\W*$|at\b|on\b|here\b)
    | to\s(read|continue)\b.{0,60}\b(sign\sin|log\sin|subscribe|register|create\sa)
    | already\s(a|have\sa)\ssubscri\w+
    | (for|to|only\sfor)\s(our\s)?subscribers\s?(only)?\W*$
    | (article|content|story)\sis\s(only\s)?(for|available\sto)\s(paying\s)?(subscribers|members)
    | unlock\s(this|the\sfull)\s(article|story)
    | reached\s(your|the)\s(monthly\s)?(limit|quota)\b.{0,20}\b(articles|stories)
    # Spanish
    | suscr[ií]b(ete|ase)\s(para|y)
    | ya\seres\ssuscriptor
    | (contenido|art[ií]culo|noticia)\s(exclusiv[oa]\s)?(solo\s)?para\ssuscriptores
    | (sigue|seguir|contin[uú]e?|continuar)\sleyendo\W*$
    | leer\sm[aá]s\W*$
    | ^para\s(leer|seguir\sleyendo)\b.{0,60}\b(reg[ií]str|inicia\ssesi[oó]n|suscr[ií]b)
    | (accede|acceda)\sa\s(este|todo\sel)\s(art[ií]culo|contenido)
    | l[ií]mite\sde\s(art[ií]culos|noticias)\sgratuit[oa]s
    | ^le[ae]\s(el|la)\s(art[ií]culo|noticia)\scomplet[oa]
    # Catalan
    | subscriu-(te|vos)\s(per|i)
    | ja\s(ets|sou)\ssubscriptor
    | (contingut|article|not[ií]cia)\s(exclusi(u|va)\s)?(nom[eé]s\s)?per\sa\ssubscriptors
    | (continua\sllegint|llegir(-ne)?\sm[eé]s)\W*$
    | ^per\s(llegir|continuar\sllegint)\b.{0,60}\b(registra|inicia\ssessi[oó]|subscriu)
    | accedeix\sa\s(aquest|tot\sel)\s(article|contingut)
    | l[ií]mit\sd[e’']\s?(articles|not[ií]cies)\sgratu
    | ^llegeix\s(l[’']article|la\snot[ií]cia)\scomplet
    # German
    | (weiterlesen|mehr\slesen)\W*$
    | jetzt\s(abonnieren|weiterlesen)
    | (nur|exklusiv)\sf[uü]r\sabonnenten
    | bereits\sabonn(ent|iert)
    # French
    | (article|contenu)\sr[eé]serv[eé]\saux\sabonn[eé]s
    | d[eé]j[aà]\sabonn[eé]
    | lire\sla\ssuite\W*$
    | abonnez-vous\spour
    | il\svous\sreste\s[\d.,]+\s?%\s(de\scet\sarticle|à\slire)
    # Malay
    | baca\s(lagi|selanjutnya|seterusnya|lanjut)\W*$
    | langgan\s(sekarang|untuk)
    | (sudah|telah)\s(melanggan|menjadi\spelanggan)\W
    | (artikel|kandungan)\sini\s(adalah\s)?(hanya|khas|eksklusif)\suntuk\spelanggan
    | ^untuk\s(membaca|terus\smembaca)\b.{0,60}\b(daftar|log\smasuk|langgan)
    | buka\sartikel\sini
    | had\s(bacaan\s)?artikel\spercuma
    | ^baca\s(artikel|berita)\spenuh
    # Russian
    | читать\s(далее|полностью|дальше)\W*$
    | ^читать\s(далее|полностью|дальше)\s(на|в)\b
    | подпишитесь,?\sчтобы\s(чита|продолж|прочит)
    | уже\s(подписаны|есть\sподписка|подписчик)
    | (только|доступ\w*(\sтолько)?)\s(для\s|по\s)?подпис\w+\W*$
    | ^чтобы\s(прочитать|читать|продолжить)\b.{0,60}\b(войдите|подпишитесь|зарегистрируйтесь)
    | откройте\s(эту\s)?статью\b
    | лимит\sбесплатных\s(статей|материалов)
    # Belarusian
    | чытаць\s(далей|цалкам)\W*$
    | ^чытаць\s(далей|цалкам)\s(на|у|ў)\b
    | падпішыцеся,?\sкаб\s(чыта|працяг|прачыт)
    | ужо\s(падпісаны|ёсць\sпадпіска|падпісчык)
    | (толькі|даступ\w*(\sтолькі)?)\s(для\s|па\s)?(падпіс|падпісч)\w+\W*$
    | ^каб\s(прачытаць|чытаць|працягнуць)\b.{0,60}\b(увайдзіце|падпішыцеся|зарэгіструйцеся)
    | адкрыйце\s(гэты\s)?артыкул\b
    | ліміт\sбясплатных\s(артыкулаў|матэрыялаў)
    # Ukrainian
    | читати\s(далі|повністю)\W*$
    | (лише|тільки)\sдля\s(перед|під)плат\w+
    | (перед|під)плат\w+,?\sщоб\s(чита|прочит|продовж)
    """,
    re.IGNORECASE | re.VERBOSE,
)


# Every pattern above contains one of these stems: a fast pre-check before the full search.
_STEMS = (
    "subscri sign log regist read unlock reached suscri suscr leyendo leer accede mite lee lea lleg mit lesen abonn"
    " serv suite reste members continu baca langgan buka had чита подпис подпиш войдите зарегистр откройте лимит"
    " чыта падпіс падпіш увайдзіце зарэгістр адкрыйце ліміт плат"
)
_QUICK = re.compile("|".join(_STEMS.split(" ")))


def teaser_sign(text: str) -> str | None:
    r"""Return the phrase that marks a text as the beginning of an article only, or None.

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
        likely = len(line) <= 300 and _QUICK.search(line.lower())
        if likely and (wall := _WALLS.search(line)):
            return wall[0].strip()
    cut = _ELLIPSIS.search(lines[-1]) if lines and words < _STUB else None
    return cut[0] if cut else None


def closed_page(page: str) -> bool:
    """Return whether a page declares that it is not free to read (schema.org's ``isAccessibleForFree``)."""
    return re.search(r'"isAccessibleForFree"\s{0,9}:\s{0,9}"?false', page, re.IGNORECASE) is not None
