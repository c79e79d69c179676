"""Who is quoted, and by which word: the clause behind a quotation, or the clause before it."""

import itertools
import re
from collections.abc import Iterator

from msgspec import Struct

from toolkit.segmentation.quote_words import (
    ACCORDING,
    CONJUNCTIONS,
    DETERMINERS,
    ENGLISH,
    IMPERSONAL,
    INSIDE,
    PASSIVE,
    PREPOSITIONS,
    PRONOUNS,
    RUSSIAN,
    TIMES,
    TONGUE_OF,
    Tongue,
)

_BEHIND = 220  # characters behind a quotation in which its attribution is looked for
_BEFORE = 320
_LONGEST_NAME = 14  # words
_FARTHEST_VERB = 16  # words from a quotation to the verb behind it
_ABBREVIATION = r"\b(?:Mr|Mrs|Ms|Dr|St|Sen|Rep|Gov|Gen|Lt|Col|Sgt|Capt|Prof|Rev|Jr|Sr|Sra|Hon|Dato|[^\W\d_])"
_ABBREVIATED = re.compile(_ABBREVIATION + r"\Z")
_STOP = re.compile("[.!?…]")
_TOKEN = re.compile(
    _ABBREVIATION + r"\."
    r"|\w+(?:['’./-]\w+)*['’]?|[^\w\s]"
)
_BREAKS = frozenset(',;:—–-()[]"“”«»„|')
_INVERTED = re.compile(r"(?P<verb>\w+?)(?:-t)?-(?P<who>ils?|elles?|on|je)$")
_LINKS = frozenset(("that", "it", "as", "a", "an", "the", "что", "што", "що", "que", "bahawa", "dass"))
_DATELINE = re.compile(r"[^\W\d_a-z][^\Wa-z]+(?:[ .,'’(-][^\n—–:]{0,50}?)?\s(?:[—–-]|--)\s")
_POSSESSIVE = frozenset(("of", "for", "'s", "’s", "de", "del", "della", "du", "von", "van", "des", "da"))


class Attribution(Struct, frozen=True, kw_only=True):
    """Who is quoted and the word that reports it; None where the text does not say."""

    speaker: str | None
    verb: str | None
    distance: int = 0  # words between the quotation and the verb; 0 also for what is by form an attribution


class _Token(Struct, frozen=True):
    text: str
    start: int
    end: int

    @property
    def low(self) -> str:
        """The word in lower case."""
        return self.text.lower()


class Clause(Struct, frozen=True, kw_only=True):
    """The words of a sentence on one side of a quotation."""

    text: str
    tokens: tuple[_Token, ...]

    def says(self, first: int, last: int) -> str | None:
        """The words from one token to before another."""
        return self.text[self.tokens[first].start : self.tokens[last - 1].end] if first < last else None


def clause_behind(text: str, end: int, limit: int) -> Clause:
    """The rest of the sentence behind a quotation that ends at ``end``; at most up to ``limit``."""
    last = min(limit, end + _BEHIND)
    return Clause(text=text, tokens=tuple(_tokens(text, end, next(_sentence_stops(text, end, last), last))))


def clause_before(text: str, start: int, floor: int) -> Clause:
    """The beginning of the sentence in which a quotation starts; at least from ``floor``."""
    dateline = _DATELINE.match(text) if not floor and start <= _BEFORE else None
    first = dateline.end() if dateline else max(floor, start - _BEFORE)
    for stop in _sentence_stops(text, first, start):
        first = stop + 1
    return Clause(text=text, tokens=tuple(_tokens(text, first, start)))


def sentence_ends(text: str, start: int, end: int) -> int:
    """How many sentences end in a stretch; two are as good as many."""
    if end > start + 2 * _BEFORE:
        return 2
    return len(list(itertools.islice(_sentence_stops(text, start, end), 2)))


def attributed_behind(clause: Clause) -> Attribution | None:
    """The attribution in the clause behind a quotation: ``said Col Hennig``, ``she says``, ``— сказал он``."""
    tokens = clause.tokens
    first = next((i for i, token in enumerate(tokens) if token.text not in _BREAKS), len(tokens))
    told = _according(clause, first)
    if told:
        return told
    for index in range(first, min(first + _FARTHEST_VERB, len(tokens))):
        inverted = _inverted(tokens[index].low)
        if inverted:
            return _from_inverted(clause, index, inverted)
        tongue = _reports(clause, index)
        if tongue is None:
            continue
        lead = tokens[first:index]
        if all(_helps(token, tongue) for token in lead):
            return _verb_first(clause, index, tongue)
        speaker = _subject_behind(clause, first, index, tongue)
        if speaker:
            return Attribution(speaker=speaker, verb=tokens[index].text)
    return None


def attributed_before(clause: Clause) -> Attribution | None:
    """The attribution in the clause before a quotation: ``He told me the matter was``, ``the report calls it``."""
    tokens = clause.tokens
    for index in range(len(tokens) - 1, -1, -1):
        tongue = _reports(clause, index)
        if tongue is None or (index and tokens[index - 1].low in DETERMINERS and tongue is ENGLISH):
            continue
        between = [t for t in tokens[index + 1 :] if t.text not in _BREAKS and t.low not in _LINKS]
        if tongue is ENGLISH and index and tokens[index - 1].low in PASSIVE:
            return None
        if tongue is ENGLISH and index and tokens[index - 1].low == "who" and _tells_before(clause, index):
            continue
        speaker = None if tokens[index].low in tongue.personal else _subject_before(clause, index, tongue)
        if speaker is None and tongue is not ENGLISH:
            behind = _verb_first(clause, index, tongue)
            speaker = behind.speaker
        return Attribution(speaker=speaker, verb=tokens[index].text, distance=len(between))
    return _according_before(clause)


# --- words ---------------------------------------------------------------------------------------------------------


def _tokens(text: str, start: int, end: int) -> Iterator[_Token]:
    for match in _TOKEN.finditer(text, start, end):
        yield _Token(match[0], match.start(), match.end())


def _sentence_stops(text: str, start: int, end: int) -> Iterator[int]:
    """Where sentences stop in a stretch; the full stop of an abbreviation is none."""
    for match in _STOP.finditer(text, start, end):
        after = text[match.end() : match.end() + 1]
        if after and not after.isspace() and after not in "\"”»’'":
            continue
        if match[0] != "." or not _ABBREVIATED.search(text, max(start, match.start() - 6), match.start()):
            yield match.start()


def _reports(clause: Clause, index: int) -> Tongue | None:
    token = clause.tokens[index]
    return TONGUE_OF.get(token.text)  # a capital makes it a name or the beginning of a sentence


def _tells_before(clause: Clause, index: int) -> bool:
    return any(token.text in TONGUE_OF for token in clause.tokens[:index])


def _inverted(word: str) -> tuple[str, str] | None:
    match = _INVERTED.fullmatch(word)
    return (match["verb"], match["who"]) if match else None


def _from_inverted(clause: Clause, index: int, inverted: tuple[str, str]) -> Attribution | None:
    """``dit-il``, ``a-t-elle ajouté``."""
    verb, who = inverted
    if verb in TONGUE_OF:
        return Attribution(speaker=who, verb=verb)
    after = clause.tokens[index + 1].text if index + 1 < len(clause.tokens) else ""
    return Attribution(speaker=who, verb=after) if after in TONGUE_OF else None


# --- names behind a verb -------------------------------------------------------------------------------------------


def _verb_first(clause: Clause, index: int, tongue: Tongue) -> Attribution:
    tokens = clause.tokens
    verb = tokens[index]
    first = index + 1
    while first < len(tokens) and (TIMES.fullmatch(tokens[first].low) or tokens[first].low in tongue.helpers):
        first += 1
    if first < len(tokens) and verb.low in IMPERSONAL and tokens[first].low in INSIDE:
        first += 1
    speaker = None if verb.low in tongue.personal else _name(clause, first, tongue)
    return Attribution(speaker=speaker, verb=verb.text)


def _name(clause: Clause, first: int, tongue: Tongue) -> str | None:
    """The words from a token up to the first that cannot belong to a name or a title."""
    tokens = clause.tokens
    last = first
    while last < min(len(tokens), first + _LONGEST_NAME) and _goes_on(clause, first, last, tongue):
        last += 1
    if first == last or not _can_begin_name(tokens[first], tongue):
        return None
    return clause.says(first, last)


def _goes_on(clause: Clause, first: int, last: int, tongue: Tongue) -> bool:
    token = clause.tokens[last]
    if token.low in PRONOUNS and last > first:
        return False
    if token.low == "and" and last > first and last + 1 < len(clause.tokens):
        return clause.tokens[last + 1].text[0].isupper()
    if token.text == "-":
        return last > first and clause.tokens[last - 1].end == token.start
    if token.low in tongue.stops or token.text in _BREAKS or not token.text[0].isalnum():
        return False
    return last == first or clause.tokens[last - 1].low not in PRONOUNS


def _can_begin_name(token: _Token, tongue: Tongue) -> bool:
    return tongue is RUSSIAN or token.text[0].isupper() or token.low in PRONOUNS or token.low in DETERMINERS


def _according(clause: Clause, first: int) -> Attribution | None:
    if first == len(clause.tokens):
        return None
    match = ACCORDING.match(clause.text, clause.tokens[first].start)
    return _named_after(clause, match) if match else None


def _according_before(clause: Clause) -> Attribution | None:
    if not clause.tokens:
        return None
    matches = list(ACCORDING.finditer(clause.text, clause.tokens[0].start, clause.tokens[-1].end))
    return _named_after(clause, matches[-1]) if matches else None


def _named_after(clause: Clause, match: re.Match[str]) -> Attribution | None:
    first = next((i for i, token in enumerate(clause.tokens) if token.start >= match.end()), len(clause.tokens))
    tongue = ENGLISH if match[0].isascii() else RUSSIAN
    speaker = _name(clause, first, tongue)
    return Attribution(speaker=speaker, verb=None, distance=1) if speaker else None


# --- names before a verb -------------------------------------------------------------------------------------------


def _subject_behind(clause: Clause, first: int, verb: int, tongue: Tongue) -> str | None:
    """``Leopold Gant, 71, said``: what stands between a quotation and the verb, if it can be a name."""
    tokens = clause.tokens
    head = tokens[first]
    lead = [token.low for token in tokens[first:verb]]
    if head.low in CONJUNCTIONS or head.low in PREPOSITIONS or not _can_begin_name(head, tongue):
        return None
    if tongue is RUSSIAN and any(word in tongue.stops for word in lead):
        return None
    end = next((i for i in range(first, verb) if tokens[i].text in _BREAKS), verb)
    while end > first and _helps(tokens[end - 1], tongue):
        end -= 1
    if _is_participle(clause, verb) or any(token.low in CONJUNCTIONS for token in tokens[first:end]):
        return None
    return clause.says(first, 1 + first if head.low in PRONOUNS else end)


def _subject_before(clause: Clause, verb: int, tongue: Tongue) -> str | None:
    tokens = clause.tokens
    last = verb
    while last and _helps(tokens[last - 1], tongue):
        last -= 1
    if not last:
        return None
    joined = tokens[last - 1]
    if _is_participle(clause, verb):
        return _head(clause, last, tongue)
    if joined.text == "," or joined.low in CONJUNCTIONS or joined.text in "—–)":
        return _head(clause, last - 1, tongue)
    return _tail(clause, last, tongue) or _head(clause, last, tongue)


def _helps(token: _Token, tongue: Tongue) -> bool:
    """Whether a word stands between speaker and verb; a capital makes it a name (``Theresa May said``)."""
    adverb = token.text.islower() and token.text.endswith(("ly", "n't", "n’t"))
    return token.text in tongue.helpers or (tongue is ENGLISH and adverb)


def _is_participle(clause: Clause, verb: int) -> bool:
    """``adding``, ``calling``: what the subject of the whole sentence does besides."""
    return clause.tokens[verb].text.endswith("ing") and not (verb and clause.tokens[verb - 1].low in PASSIVE)


def _tail(clause: Clause, last: int, tongue: Tongue) -> str | None:
    """The name that ends right before the verb."""
    tokens = clause.tokens
    first = last
    while first and last - first < _LONGEST_NAME and _belongs(tokens[first - 1], tongue):
        first -= 1
        if tokens[first].low in PRONOUNS:
            break
        determined = tokens[first].text in DETERMINERS  # not ``Los Angeles``
        if determined and (not first or tokens[first - 1].low not in _POSSESSIVE):
            break
    while first < last and tokens[first].low in _POSSESSIVE:
        first += 1
    if first == last or not _can_begin_name(tokens[first], tongue):
        first = next((i for i in range(first, last) if _can_begin_name(tokens[i], tongue)), last)
    return clause.says(first, last)


def _belongs(token: _Token, tongue: Tongue) -> bool:
    if token.low in _POSSESSIVE:
        return True
    stops = token.low in CONJUNCTIONS or token.low in PREPOSITIONS or token.low in tongue.stops - DETERMINERS
    return not stops and token.text not in _BREAKS and (token.text[0].isalnum() or token.text in "'’")


def _head(clause: Clause, limit: int, tongue: Tongue) -> str | None:
    """The name with which the sentence begins, behind what introduces it."""
    tokens = clause.tokens
    first = 0
    while first < limit and tokens[first].text in _BREAKS:
        first += 1
    if first < limit and (tokens[first].low in PREPOSITIONS or tokens[first].low in CONJUNCTIONS):
        first = 1 + next((i for i in range(first, limit) if tokens[i].text == ","), limit)
    last = first
    named = False
    while last < limit and last - first < _LONGEST_NAME:
        token = tokens[last]
        low = token.low
        if named and token.text[0].islower() and low not in _POSSESSIVE and low not in DETERMINERS:
            break
        if token.text in _BREAKS or (low in PRONOUNS and last > first) or low in CONJUNCTIONS:
            break
        if last > first and (low in tongue.stops or low in tongue.helpers) and low not in _POSSESSIVE:
            break
        named = named or (token.text[0].isupper() and (last > first or low not in DETERMINERS)) or low in PRONOUNS
        last += 1
    while last > first and (tokens[last - 1].low in _POSSESSIVE or tokens[last - 1].low in DETERMINERS):
        last -= 1
    return clause.says(first, last) if first < last and _can_begin_name(tokens[first], tongue) else None
