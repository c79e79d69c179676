"""Quotations in the paragraphs of an article: position, speaker, reporting word, and whether they quote anybody.

First the spans in marks are found (`quote_marks`), then spans that run on over paragraphs are joined. Then each span
gets its attribution (`quote_speakers`), and scare quotes are separated from speech.
"""

import itertools
import re
from bisect import bisect_left
from collections.abc import Sequence

from msgspec import Struct
from msgspec.structs import replace

from toolkit.records import Quote
from toolkit.segmentation.quotes.marks import (
    BEFORE,
    MarkedSpan,
    clause_before,
    clause_behind,
    has_marks,
    opening_mark,
    pair_marks,
    stops_of,
)
from toolkit.segmentation.quotes.reporting_words import REPORTING_LANGUAGES, names_a_thing
from toolkit.segmentation.quotes.speakers import Attribution, attributed_before, attributed_behind

_FEW = 2  # words of a scare quote, unless the text names a speaker
_NAME = 4  # words of a name in marks in a text where capitals do not identify names
_MARKS = "\"'“”„‟«»‹›‘’‚‛`"
_AROUND = _MARKS + " \u00a0"
_INSERTIONS = 5  # maximum number of spans between dashes that are examined
_NEAR = 6  # words between a verb and a quotation of one or two words
_DASHES = frozenset("—–―")
_COMMAS = frozenset(",!?…")  # marks before an attribution
_COMMAS_BEHIND = frozenset(",—–-")
_DASH = re.compile(r"(?:—|–|―)[\s\u00a0]?(?=[\w¿¡…«“])")
_INSERTED = re.compile(r"(?:[,.!?…][\s\u00a0]?|[\s\u00a0])(?P<dash>[—–―])[\s\u00a0]?(?P<words>[^—–―\n]{2,160})")


class _QuotedSpan(Struct, frozen=True, gc=False):
    """A span in one paragraph, and where it continues."""

    start: int
    end: int
    inside: str  # without the marks and the space around them
    run: int | None


def find_quotes(texts: Sequence[str], starts: Sequence[int]) -> list[tuple[Quote, ...]]:
    """Return the quotations of each paragraph of an article, in order.

    Args:
        texts: the paragraphs of one article.
        starts: the offset of each paragraph in the article's text, in code points; offsets of the result count from it.

    >>> find_quotes(["“No,” said Ida Renn."], [0])[0][0].speaker
    'Ida Renn'
    """
    quotes = [
        _judged(text, start, spans) if spans else ()
        for text, start, spans in zip(texts, starts, _spans(texts), strict=True)
    ]
    return _with_shared_speakers(quotes)


# --- spans, and quotations that run on over paragraphs ---------------------------------------------------------------


def _spans(texts: Sequence[str]) -> list[Sequence[_QuotedSpan]]:
    """Return the spans in marks of each paragraph; the parts of a quotation that runs on share a number."""
    spans: list[Sequence[_QuotedSpan]] = []
    run, runs = None, itertools.count()
    marked = [_marked(text) for text in texts]
    following = zip([*texts[1:], ""], [*marked[1:], ()], strict=True)
    for text, stretches, (after, further) in zip(texts, marked, following, strict=False):
        if not stretches:
            spans.append(())
            run = None
            continue
        rows = []
        for place, stretch in enumerate(stretches):
            goes_on = run is not None and place == 0
            if not stretch.opened and not goes_on:
                continue
            number = run if goes_on else None
            run = None
            if not stretch.closed and _takes_up(stretch, after, further):
                run = number = next(runs) if number is None else number
            inside = text[stretch.start : stretch.end].strip(_AROUND)
            rows.append(_QuotedSpan(stretch.start, stretch.end, inside, number))
        spans.append(rows)
    return spans


def _marked(text: str) -> Sequence[MarkedSpan]:
    return _dialogue(text) if text[:1] in _DASHES and not has_marks(text) else pair_marks(text)


def _takes_up(unclosed: MarkedSpan, text: str, stretches: Sequence[MarkedSpan]) -> bool:
    """Whether a paragraph continues a quotation: it repeats the mark, or closes a quotation that it did not open."""
    if not stretches or stretches[0].family != unclosed.family:
        return False
    return not stretches[0].opened or (stretches[0].start == 0 and opening_mark(text))


def _dialogue(text: str) -> list[MarkedSpan]:
    """Return the speech after a dash, divided by the author's insertions; empty if the text reports no speaker."""
    if _DASH.match(text) is None:
        return []
    parts = [match for match in _INSERTED.finditer(text) if _tells(match["words"])]
    starts = [0] + [_speech_again(text, match) for match in parts]
    ends = [match.start("dash") for match in parts] + [len(text)]
    bare = [(start, start + len(text[start:end].rstrip())) for start, end in zip(starts, ends, strict=True)]
    return [MarkedSpan(start=start, end=end) for start, end in bare if end > start] if parts else []


def _tells(words: str) -> bool:
    return any(word.strip(",.:;") in REPORTING_LANGUAGES for word in words.split()[:3])


def _speech_again(text: str, match: re.Match[str]) -> int:
    """Return where speech continues after an insertion: at the next dash, if there is one."""
    end = match.end("words")
    return end if end < len(text) and text[end] in "—–―" else len(text)


# --- attribution -----------------------------------------------------------------------------------------------------


def _judged(text: str, offset: int, spans: Sequence[_QuotedSpan]) -> tuple[Quote, ...]:
    """Return the quotations of one paragraph with their attributions."""
    stops = stops_of(text)
    own = [_own_attribution(text, stops, spans, place) for place in range(len(spans))]
    scare = [_is_held_up(text, row, attribution) for row, attribution in zip(spans, own, strict=True)]
    attributions = [None if held else attribution for attribution, held in zip(own, scare, strict=True)]
    spoken = attributions if len(spans) == 1 else _carried(stops, spans, attributions, scare)
    return tuple(
        [
            Quote(
                start=offset + row.start,
                end=offset + row.end,
                speaker=attribution.speaker if attribution else None,
                verb=attribution.verb if attribution else None,
                scare=held,
                run=row.run,
            )
            for row, attribution, held in zip(spans, spoken, scare, strict=True)
        ]
    )


def _own_attribution(text: str, stops: Sequence[int], spans: Sequence[_QuotedSpan], place: int) -> Attribution | None:
    row = spans[place]
    floor = spans[place - 1].end if place else 0
    limit = spans[place + 1].start if place + 1 < len(spans) else len(text)
    follows = _ends_with_comma(text, row)
    attribution = attributed_behind(clause_behind(text, stops, row.end, limit)) if follows else None
    attribution = attribution or attributed_before(clause_before(text, stops, row.start, floor))
    if attribution is None and not follows and row.inside[-1:] != ".":  # no attribution follows a full stop
        attribution = attributed_behind(clause_behind(text, stops, row.end, limit))
    return attribution or _said_within(text, stops, row)


def _said_within(text: str, stops: Sequence[int], row: _QuotedSpan) -> Attribution | None:
    """Return the attribution that the author inserts between dashes: ``«Не знаю, — сказал он. — Приду»``."""
    if _DASHES.isdisjoint(row.inside):
        return None
    for match in itertools.islice(_INSERTED.finditer(text, row.start, row.end), _INSERTIONS):
        if _tells(match["words"]):
            return attributed_behind(clause_behind(text, stops, match.start("dash"), row.end))
    return None


def _ends_with_comma(text: str, row: _QuotedSpan) -> bool:
    """Whether a comma or a similar mark shows that the attribution follows."""
    return row.inside[-1:] in _COMMAS or text[row.end : row.end + 2].strip()[:1] in _COMMAS_BEHIND


def _carried(
    stops: Sequence[int], spans: Sequence[_QuotedSpan], own: Sequence[Attribution | None], scare: Sequence[bool]
) -> list[Attribution | None]:
    """Return each attribution, or that of a quotation in the previous sentence; at a paragraph start, in the next."""
    spoken = list(own)
    for place in range(1, len(spans)):
        if spoken[place] is None and not scare[place] and not scare[place - 1] and _is_near(stops, spans, place):
            spoken[place] = spoken[place - 1]
    if spoken[0] is None and not spans[0].start and not scare[0] and _is_near(stops, spans, 1):
        spoken[0] = spoken[1]
    return spoken


def _is_near(stops: Sequence[int], spans: Sequence[_QuotedSpan], place: int) -> bool:
    """Whether at most one sentence ends between a span and the one before it."""
    start, end = spans[place - 1].end, spans[place].start
    return end <= start + 2 * BEFORE and bisect_left(stops, end) - bisect_left(stops, start) <= 1


def _with_shared_speakers(quotes: list[tuple[Quote, ...]]) -> list[tuple[Quote, ...]]:
    """Give all parts of one quotation the same speaker, whichever paragraph names the speaker."""
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


# --- scare quotes ----------------------------------------------------------------------------------------------------


def _is_held_up(text: str, row: _QuotedSpan, attribution: Attribution | None) -> bool:
    """Whether the marks hold a name, a title or a distanced word rather than an utterance."""
    words = row.inside.split()
    if row.run is not None or not words or (row.start == 0 and row.end == len(text)):
        return not words
    if attribution and not attribution.distance and len(words) > _FEW:
        return False
    if _stands_alone(text, row):
        return False
    if names_a_thing(text[max(0, row.start - 30) : row.start]):
        return True
    if len(words) <= _FEW:
        near = attribution is not None and attribution.distance <= (0 if _is_cyrillic(words[0]) else _NEAR)
        return not near or _is_capital_name(text, row, words)
    return attribution is None and _is_title(row, words)


def _stands_alone(text: str, row: _QuotedSpan) -> bool:
    """Whether a span is a sentence by itself: it begins one, and ends one with its own full stop."""
    if row.inside[-1] not in ".!?…":
        return False
    before = text[max(0, row.start - 3) : row.start].rstrip()
    return not before or before[-1] in '.!?…:"”»’'


def _is_capital_name(text: str, row: _QuotedSpan, words: Sequence[str]) -> bool:
    """Whether all words of a span in the middle of a sentence are capitalised: ``the daily “Izvestia”``."""
    before = text[max(0, row.start - 2) : row.start].rstrip()
    middle = before != "" and before[-1] not in ".!?…:,"
    return middle and all(word[0].isupper() or word[0].isdigit() for word in words)


def _is_title(row: _QuotedSpan, words: Sequence[str]) -> bool:
    capitals = sum(word[0].isupper() for word in words) if words[0][0].isupper() else 0
    if capitals > 1 and all(map(_may_be_in_a_name, words)) and words[-1][-1] not in "!?":
        return True
    return _is_cyrillic(words[0]) and len(words) <= _NAME and row.start > 0


def _may_be_in_a_name(word: str) -> bool:
    return len(word) <= 3 or word[0].isupper() or word[0].isdigit()


def _is_cyrillic(word: str) -> bool:
    return not word.isascii() and any("\u0400" <= letter <= "\u04ff" for letter in word)
