"""Quotations in the paragraphs of an article: where, by whom, by which word, and whether anybody is quoted at all.

What is in marks is found first (`quote_marks`), then what runs on over paragraphs is joined, then each stretch is
attributed (`quote_speakers`), and words that are only held up in marks are told apart.
"""

import itertools
import re
from collections.abc import Sequence

from msgspec import Struct
from msgspec.structs import replace

from toolkit.records import Quote
from toolkit.segmentation.quote_marks import Marked, has_marks, opening_mark, pair_marks
from toolkit.segmentation.quote_speakers import (
    Attribution,
    attributed_before,
    attributed_behind,
    clause_before,
    clause_behind,
    sentence_ends,
)
from toolkit.segmentation.quote_words import NAMED_THINGS, TONGUE_OF

_FEW = 2  # words that are held up in marks, unless somebody is named as saying them
_NAME = 4  # words that a name in marks may have where names cannot be told by capitals
_MARKS = "\"'“”„‟«»‹›‘’‚‛`"
_UNATTRIBUTED = Attribution(speaker=None, verb=None)
_INSERTIONS = 5  # how many stretches between dashes are looked at
_NEAR = 6  # words between a verb and one or two words that somebody says
_DASH = re.compile(r"(?:—|–|―)[\s\u00a0]?(?=[\w¿¡…«“])")
_INSERTED = re.compile(r"(?:[,.!?…][\s\u00a0]?|[\s\u00a0])(?P<dash>[—–―])[\s\u00a0]?(?P<words>[^—–―\n]{2,160})")


class _Found(Struct, frozen=True, kw_only=True):
    """A stretch in one paragraph, and where it goes on."""

    start: int
    end: int
    run: int | None = None


def find_quotes(texts: Sequence[str], starts: Sequence[int]) -> list[tuple[Quote, ...]]:
    """The quotations of each paragraph of an article, in order.

    Args:
        texts: the paragraphs of one article.
        starts: where each begins in the article's text, in code points; offsets of the result count from there.

    >>> find_quotes(["“No,” said Ida Renn."], [0])[0][0].speaker
    'Ida Renn'
    """
    quotes = [
        tuple(_placed(quote, start) for quote in _judged(text, found)) if found else ()
        for text, start, found in zip(texts, starts, _spans(texts), strict=True)
    ]
    return _with_shared_speakers(quotes)


def _placed(quote: Quote, offset: int) -> Quote:
    return replace(quote, start=quote.start + offset, end=quote.end + offset)


# --- stretches, and what runs on over paragraphs -------------------------------------------------------------------


def _spans(texts: Sequence[str]) -> list[list[_Found]]:
    """What is in marks in each paragraph; the parts of a quotation that runs on share a number."""
    spans: list[list[_Found]] = []
    run, runs = None, itertools.count()
    marked = [pair_marks(text) if has_marks(text) else _dialogue(text) for text in texts]
    for index, stretches in enumerate(marked):
        rows = []
        for place, stretch in enumerate(stretches):
            goes_on = run is not None and place == 0
            if not stretch.opened and not goes_on:
                continue
            number = run if goes_on else None
            if (
                not stretch.closed
                and index + 1 < len(texts)
                and _takes_up(stretch, texts[index + 1], marked[index + 1])
            ):
                number = next(runs) if number is None else number
                run = number
            else:
                run = None
            rows.append(_Found(start=stretch.start, end=stretch.end, run=number))
        spans.append(rows)
        if not stretches:
            run = None
    return spans


def _takes_up(unclosed: Marked, text: str, stretches: Sequence[Marked]) -> bool:
    """Whether a paragraph goes on with a quotation: it repeats the mark, or closes what it has not opened."""
    if not stretches or stretches[0].family != unclosed.family:
        return False
    return not stretches[0].opened or (stretches[0].start == 0 and opening_mark(text))


def _dialogue(text: str) -> list[Marked]:
    """Speech behind a dash, divided by what the author inserts; none where nobody is said to speak."""
    if _DASH.match(text) is None:
        return []
    parts = [match for match in _INSERTED.finditer(text) if _tells(match["words"])]
    starts = [0] + [_speech_again(text, match) for match in parts]
    ends = [match.start("dash") for match in parts] + [len(text)]
    bare = [(start, start + len(text[start:end].rstrip())) for start, end in zip(starts, ends, strict=True)]
    return [Marked(start=start, end=end) for start, end in bare if end > start] if parts else []


def _tells(words: str) -> bool:
    return any(word.strip(",.:;") in TONGUE_OF for word in words.split()[:3])


def _speech_again(text: str, match: re.Match[str]) -> int:
    """Where speech goes on behind an insertion: at the next dash, if there is one."""
    end = match.end("words")
    return end if end < len(text) and text[end] in "—–―" else len(text)


# --- who speaks ----------------------------------------------------------------------------------------------------


def _judged(text: str, found: Sequence[_Found]) -> list[Quote]:
    """The quotations of one paragraph with their attributions, in its own offsets."""
    own = [_own_attribution(text, found, place) for place in range(len(found))]
    scare = [_is_held_up(text, row, own[place]) for place, row in enumerate(found)]
    kept = [None if held else attribution for attribution, held in zip(own, scare, strict=True)]
    spoken = _carried(text, found, kept, scare)
    return [
        Quote(start=row.start, end=row.end, speaker=said.speaker, verb=said.verb, scare=held, run=row.run)
        for row, said, held in zip(found, spoken, scare, strict=True)
    ]


def _own_attribution(text: str, found: Sequence[_Found], place: int) -> Attribution | None:
    row = found[place]
    floor = found[place - 1].end if place else 0
    limit = found[place + 1].start if place + 1 < len(found) else len(text)
    ends_with_comma, ends_with_stop = _ending(text, row)
    said = attributed_behind(clause_behind(text, row.end, limit)) if ends_with_comma else None
    said = said or attributed_before(clause_before(text, row.start, floor))
    if said is None and not (ends_with_comma or ends_with_stop):
        said = attributed_behind(clause_behind(text, row.end, limit))
    return said or _said_within(text, row)


def _said_within(text: str, row: _Found) -> Attribution | None:
    """The attribution that the author inserts between dashes: ``«Не знаю, — сказал он. — Приду»``."""
    for match in itertools.islice(_INSERTED.finditer(text, row.start, row.end), _INSERTIONS):
        if _tells(match["words"]):
            return attributed_behind(clause_behind(text, match.start("dash"), row.end))
    return None


def _ending(text: str, row: _Found) -> tuple[bool, bool]:
    """Whether a comma or the like says that the attribution follows, and whether a full stop says that none does."""
    after = text[row.end : row.end + 2].strip()[:1]
    inside = text[row.start : row.end].rstrip(_MARKS + " \u00a0")[-1:]
    comma = inside in tuple(",!?…") or after in tuple(",—–-")
    return comma, inside == "."


def _carried(
    text: str, found: Sequence[_Found], own: Sequence[Attribution | None], scare: Sequence[bool]
) -> list[Attribution]:
    """Each attribution, or that of a quotation in the sentence just before; at the head of a paragraph, just behind."""
    spoken = list(own)
    for place in range(1, len(found)):
        near = sentence_ends(text, found[place - 1].end, found[place].start) <= 1
        if spoken[place] is None and near and not scare[place] and not scare[place - 1]:
            spoken[place] = spoken[place - 1]
    if len(found) > 1 and spoken[0] is None and not found[0].start and not scare[0]:
        near = sentence_ends(text, found[0].end, found[1].start) <= 1
        spoken[0] = spoken[1] if near else None
    return [said or _UNATTRIBUTED for said in spoken]


def _with_shared_speakers(quotes: list[tuple[Quote, ...]]) -> list[tuple[Quote, ...]]:
    """The parts of one quotation have one speaker, named in whichever paragraph."""
    named: dict[int, Quote] = {}
    for quote in itertools.chain.from_iterable(quotes):
        if quote.run is not None and (quote.speaker or quote.verb):
            named.setdefault(quote.run, quote)
    return [tuple(_shared(quote, named) for quote in row) for row in quotes] if named else quotes


def _shared(quote: Quote, named: dict[int, Quote]) -> Quote:
    source = named.get(quote.run) if quote.run is not None else None
    if source is None or quote.speaker or quote.verb:
        return quote
    return replace(quote, speaker=source.speaker, verb=source.verb)


# --- words that are only held up -----------------------------------------------------------------------------------


def _is_held_up(text: str, row: _Found, said: Attribution | None) -> bool:
    """Whether the marks hold a name, a title or a word at arm's length rather than an utterance."""
    inside = text[row.start : row.end].strip(_MARKS + " \u00a0")
    words = inside.split()
    if row.run is not None or not words or (row.start == 0 and row.end == len(text)):
        return not words
    whole = _stands_alone(text, row)
    if said and not said.distance and len(words) > _FEW:
        return False
    if NAMED_THINGS.search(text[max(0, row.start - 30) : row.start]) and not whole:
        return True
    if len(words) <= _FEW:
        near = said is not None and said.distance <= (0 if _is_cyrillic(words[0]) else _NEAR)
        return not whole and (not near or _is_capital_name(text, row, words))
    return said is None and not whole and _is_title(row, words)


def _stands_alone(text: str, row: _Found) -> bool:
    """Whether a stretch is a sentence by itself: it begins one, and ends one with its own full stop."""
    before = text[max(0, row.start - 3) : row.start].rstrip()
    inside = text[row.start : row.end].rstrip(_MARKS + " \u00a0")
    begins = not before or before[-1] in '.!?…:"”»’'
    return begins and inside[-1:] in tuple(".!?…")


def _is_capital_name(text: str, row: _Found, words: Sequence[str]) -> bool:
    """Whether words in the middle of a sentence are all capitalised: ``the daily “Izvestia”``."""
    before = text[max(0, row.start - 2) : row.start].rstrip()
    middle = before != "" and before[-1] not in ".!?…:,"
    return middle and all(word[0].isupper() or word[0].isdigit() for word in words)


def _is_title(row: _Found, words: Sequence[str]) -> bool:
    long_words = [word for word in words if len(word) > 3]
    capitals = sum(word[0].isupper() or word[0].isdigit() for word in long_words)
    named = words[0][0].isupper() and sum(word[0].isupper() for word in words) > 1
    if named and capitals == len(long_words) and words[-1][-1] not in "!?":
        return True
    return _is_cyrillic(words[0]) and len(words) <= _NAME and row.start > 0


def _is_cyrillic(word: str) -> bool:
    return any("\u0400" <= letter <= "\u04ff" for letter in word)
