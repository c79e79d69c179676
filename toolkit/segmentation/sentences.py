"""The sentences of a paragraph, with offsets: found by their marks, by what follows, and by abbreviations."""

import re
from collections.abc import Iterator

_CLOSERS = "\"'”’»›)\\]}"
_OPENERS = "\"'“‘«‹„(\\[{—–¿¡-"
_END = re.compile(rf"(?<![.!?…])(?P<mark>[.!?…]++)[{_CLOSERS}]*+(?=\s|$)|[。！？｡]+[」』”’）》]*|[؟۔।॥]+[{_CLOSERS}]*")
_NEXT = re.compile(rf"\s+[\s{_OPENERS}]*(?P<first>\w+)")
_LAST_WORD = re.compile(r"[\w.’'-]+$")
_INITIALS = re.compile(r"(?:\w\.)+\w?$|[^\W\d_]$")
_ITEM_NUMBER = re.compile(r"\s*\(?(?:\d{1,3}|\w|[ivxIVX]+)$")


def _words(*lines: str) -> frozenset[str]:
    return frozenset(" ".join(lines).split())


# An abbreviation after which the sentence goes on even before a capital, those that may end one, and words that
# begin a sentence rather than a name.
_GOES_ON = _words(
    "mr mrs ms dr prof gen sen rep gov lt col capt sgt maj cmdr adm rev hon st mt fr no nos vs fig vol ed eds pp al",
    "jan feb mar apr jun jul aug sep sept oct nov dec messrs mme mlle pres supt det insp sr sra srta dña ud uds núm",
    "pág art hr hrn nr bzw ca vgl abs str en dato datuk hjh г гг в вв ул вул им імя св т д п проф акад руб тыс млн",
    "млрд см стр рис мал гл ред обл р н м с буд кв праф чл напр рэж реж арт",
)
_MAY_END = _words(
    "jr sr inc co corp ltd llc bros etc u.s u.k u.n u.s.a a.m p.m d.c e.g i.e ph.d b.c a.d ee.uu usw г гг н.э т.д",
    "т.п др пр і інш",
)
_STARTERS = _words(
    "the he she it in but they a an we i this that there these those his her their its our my you if when while as at",
    "on for and so however after before since although what who why how according one some many most not no with by",
    "from el la los las pero гэта ён яна яны але у ў на і а в он она они но это и",
)


def sentences_of(text: str, start: int, end: int) -> list[tuple[int, int]]:
    """The start and end of each sentence between two offsets, without the white space around it.

    Every character that is not white space lies in exactly one sentence.

    >>> text = "Mr. Venn came at 5 p.m. He left “at once.” Why? Nobody knew."
    >>> [text[a:b] for a, b in sentences_of(text, 0, len(text))]
    ['Mr. Venn came at 5 p.m.', 'He left “at once.”', 'Why?', 'Nobody knew.']
    """
    found: list[tuple[int, int]] = []
    for stop in (*_ends(text, start, end), end):
        piece = text[start:stop]
        bare = piece.strip()
        if found and not any(map(str.isalnum, bare)):
            found[-1] = (found[-1][0], start + len(piece.rstrip()) if bare else found[-1][1])
        elif bare:
            first = start + len(piece) - len(piece.lstrip())
            found.append((first, first + len(bare)))
        start = stop
    return found


def _ends(text: str, start: int, end: int) -> Iterator[int]:
    for match in _END.finditer(text, start, end):
        if match.end() < end and _is_end(text, start, match):
            yield match.end()
            start = match.end()


def _is_end(text: str, start: int, match: re.Match[str]) -> bool:
    mark = match["mark"]
    if mark is None:
        return True
    following = _NEXT.match(text, match.end(), match.end() + 60)
    first = following["first"] if following else ""
    if first[:1].islower():
        return False
    return mark != "." or _full_stop_ends(text, start, match, first)


def _full_stop_ends(text: str, start: int, match: re.Match[str], following: str) -> bool:
    """Whether a full stop before a capital or a number is more than that of an abbreviation."""
    found = _LAST_WORD.search(text, max(start, match.start() - 20), match.start())
    word = found[0] if found else ""
    if match.end() > match.end("mark"):
        return True  # a closing mark stands behind it
    folded = word.casefold()
    if folded in _MAY_END or (_INITIALS.fullmatch(word) and "." in word):
        return following.casefold() in _STARTERS
    if folded in _GOES_ON:
        return folded == "no" and not following[:1].isdigit()
    if _ITEM_NUMBER.fullmatch(text, start, match.start()):
        return False
    return not (len(word) == 1 and word.isupper() and word != "I")
