"""Limits of paragraph length: division of long paragraphs and joining of short ones, where limits are set."""

import re
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import msgspec
from msgspec import Struct

from toolkit.errors import ConfigError
from toolkit.segmentation.shape import ends_sentence, is_entry, is_item, is_speech, is_table_row
from toolkit.workspace import ParagraphOptions

# --- limits ----------------------------------------------------------------------------------------------------------


_WIDE = ("zh", "ja", "ko")
_LONG_WORDS = ("de", "ru", "be", "uk", "fi", "hu", "ms", "id")  # sentences take about a sixth more characters


class Options(Struct, frozen=True, kw_only=True):
    """Limits of a paragraph's length in characters; by default there are none, and paragraphs stay as printed."""

    longest: int | None = None  # a longer paragraph is divided between its sentences; None: never
    shortest: int = 0  # a shorter sentence of prose is joined to the paragraph below it


AS_PRINTED = Options()


def readable(language: str | None) -> Options:
    """Return limits for texts without usable paragraphs: the length that a reader can judge at once in a language.

    The limits are about 120 words at most and 6 at least; an unknown language gets the limits of English.

    >>> readable("en"), readable("ja").longest
    (Options(longest=720, shortest=36), 300)
    """
    code = (language or "").split("-")[0].lower()
    if code in _WIDE:
        return Options(longest=300, shortest=15)
    if code in _LONG_WORDS:
        return Options(longest=840, shortest=42)
    return Options(longest=720, shortest=36)


class Limits(Struct, frozen=True, kw_only=True):
    """Limits of length that a user sets, for articles of any language."""

    readable: bool = False  # the usual limits of each language, where the user sets none
    longest: int | None = None
    shortest: int | None = None

    @property
    def contradiction(self) -> str:
        """Return why these limits exclude each other; "" if they do not."""
        if self.longest is None or self.shortest is None or self.shortest <= self.longest:
            return ""
        return f"shortest is {self.shortest} and longest {self.longest} characters: no paragraph can keep both"

    def options_for(self, language: str | None) -> Options:
        """Return the limits for a text; a limit that the user sets overrides the usual other one.

        >>> Limits(readable=True, shortest=400).options_for("ja")
        Options(longest=400, shortest=400)
        """
        if not self.readable:
            return Options(longest=self.longest, shortest=self.shortest or 0)
        usual = readable(language)
        longest = self.longest or max(usual.longest or 0, self.shortest or 0)
        shortest = min(usual.shortest, longest) if self.shortest is None else self.shortest
        return Options(longest=longest, shortest=shortest)


def limits_of(options: ParagraphOptions) -> Limits:
    """Return the limits that a campaign file sets."""
    return Limits(readable=options.readable, longest=options.longest, shortest=options.shortest)


def refuse_other_limits(recorded: Any, limits: Limits, path: Path) -> None:  # noqa: ANN401 - facts of a run
    """Refuse limits that differ from those of the paragraphs that annotators saw: hardly any label would carry over.

    Args:
        recorded: the limits in the facts of the last run; None if an earlier version recorded none.
        limits: those that the campaign file sets now.
        path: the campaign file.

    Raises:
        ConfigError: the limits differ.
    """
    before = Limits() if recorded is None else msgspec.convert(recorded, Limits)
    if before == limits:
        return
    values = msgspec.to_builtins(before).items()
    text = ", ".join(f"{name} = {value}" for name, value in values if value is not None and value is not False)
    raise ConfigError(
        f"{path}: [paragraphs]: annotators saw paragraphs cut with other limits ({text or 'none, as printed'}); "
        "restore those, or give the campaign another name"
    )


# --- sentences -------------------------------------------------------------------------------------------------------


_CLOSERS = "\"'”’»›)\\]}"
_OPENERS = "\"'“‘«‹„(\\[{—–¿¡-"
_END = re.compile(rf"(?<![.!?…])(?P<mark>[.!?…]++)[{_CLOSERS}]*+(?=\s|$)|[。！？｡]+[」』”’）》]*|[؟۔।॥]+[{_CLOSERS}]*")
_NEXT = re.compile(rf"\s+[\s{_OPENERS}]*(?P<first>\w+)")
_LAST_WORD = re.compile(r"[\w.’'-]+$")
_INITIALS = re.compile(r"(?:\w\.)+\w?$|[^\W\d_]$")
_ITEM_NUMBER = re.compile(r"\s*\(?(?:\d{1,3}|\w|[ivxIVX]+)$")


def _words(*lines: str) -> frozenset[str]:
    return frozenset(" ".join(lines).split())


# An abbreviation after which the sentence continues even before a capital, abbreviations that may end a sentence,
# and words that begin a sentence rather than a name.
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
    """Return the start and end of each sentence between two offsets, without the white space around it.

    Every character that is not white space lies in exactly one sentence.

    >>> text = "Mr. Venn came at 5 p.m. He left “at once.” Why? Nobody knew."
    >>> [text[a:b] for a, b in sentences_of(text, 0, len(text))]
    ['Mr. Venn came at 5 p.m.', 'He left “at once.”', 'Why?', 'Nobody knew.']
    """
    sentences: list[tuple[int, int]] = []
    for stop in (*_ends(text, start, end), end):
        piece = text[start:stop]
        bare = piece.strip()
        if sentences and not any(map(str.isalnum, bare)):
            sentences[-1] = (sentences[-1][0], start + len(piece.rstrip()) if bare else sentences[-1][1])
        elif bare:
            first = start + len(piece) - len(piece.lstrip())
            sentences.append((first, first + len(bare)))
        start = stop
    return sentences


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
    """Whether a full stop before a capital or a number does more than end an abbreviation."""
    last_word = _LAST_WORD.search(text, max(start, match.start() - 20), match.start())
    word = last_word[0] if last_word else ""
    if match.end() > match.end("mark"):
        return True  # a closing mark follows the full stop
    folded = word.casefold()
    if folded in _MAY_END or (_INITIALS.fullmatch(word) and "." in word):
        return following.casefold() in _STARTERS
    if folded in _GOES_ON:
        return folded == "no" and not following[:1].isdigit()
    if _ITEM_NUMBER.fullmatch(text, start, match.start()):
        return False
    return not (len(word) == 1 and word.isupper() and word != "I")


# --- division and joining --------------------------------------------------------------------------------------------


Bounds = tuple[int, int]
_SEEN = 60  # characters of a paragraph that determine its form


def within_limits(text: str, paragraphs: Iterable[Bounds], options: Options) -> list[Bounds]:
    """Return the text in paragraphs, in order, that keep the limits as far as sentences allow."""
    bounds = list(paragraphs)
    if options.shortest:
        bounds = list(_joined(text, bounds, options.shortest))
    if options.longest is None:
        return bounds
    return [part for start, end in bounds for part in _divided(text, start, end, options.longest)]


def _joined(text: str, paragraphs: Iterable[Bounds], shortest: int) -> Iterator[Bounds]:
    """Yield short prose joined with what follows; a possible heading, list item, turn or entry stays alone."""
    held: Bounds | None = None
    for start, end in paragraphs:
        if not _is_prose(text[start : min(end, start + _SEEN)], text[max(start, end - _SEEN) : end]):
            if held:
                yield held
            held = None
            yield start, end
            continue
        begin = held[0] if held else start
        held = (begin, end)
        if end - begin >= shortest:
            yield held
            held = None
    if held:
        yield held


def _is_prose(beginning: str, ending: str) -> bool:
    kinds = (is_item, is_entry, is_speech, is_table_row)
    return ends_sentence(ending) and not any(kind(beginning) for kind in kinds)


def _divided(text: str, start: int, end: int, longest: int) -> Iterator[Bounds]:
    """Yield parts of similar length; a sentence is never divided, however long."""
    if end - start <= longest:
        yield start, end
        return
    parts = -(-(end - start) // longest)
    share = (end - start) / parts
    begin = last = start
    for first, stop in sentences_of(text, start, end):
        if last > begin and (stop - begin > longest or last - begin >= share):
            yield begin, last
            begin = first
        last = stop
    yield begin, last
