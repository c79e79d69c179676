"""The speaker and the reporting word of a quotation, from the clause after it or the clause before it."""

import re

from msgspec import Struct

from toolkit.segmentation.quotes.marks import Clause
from toolkit.segmentation.quotes.reporting_words import (
    ACCORDING,
    ACCORDING_WORDS,
    CONJUNCTIONS,
    DETERMINERS,
    ENGLISH,
    IMPERSONAL,
    INSIDE,
    PASSIVE,
    PREPOSITIONS,
    PRONOUNS,
    REPORTING_LANGUAGES,
    RUSSIAN,
    ReportingLanguage,
    is_time,
)

_LONGEST_NAME = 14  # words
_FARTHEST_VERB = 16  # words from a quotation to the verb after it
_BREAKS = frozenset(',;:—–-()[]"“”«»„|')
_INVERTED = re.compile(r"(?P<verb>\w+?)(?:-t)?-(?P<who>ils?|elles?|on|je)$")
_LINKS = frozenset(("that", "it", "as", "a", "an", "the", "что", "што", "що", "que", "bahawa", "dass"))
_POSSESSIVE = frozenset(("of", "for", "'s", "’s", "de", "del", "della", "du", "von", "van", "des", "da"))


class Attribution(Struct, frozen=True, kw_only=True):
    """The speaker and the reporting word of a quotation; None where the text states none."""

    speaker: str | None
    verb: str | None
    distance: int = 0  # words between the quotation and the verb; also 0 for an attribution by form


def attributed_behind(clause: Clause) -> Attribution | None:
    """Return the attribution in the clause after a quotation: ``said Col Hennig``, ``she says``, ``— сказал он``."""
    words = clause.words
    first = next((i for i, word in enumerate(words) if word not in _BREAKS), len(words))
    attribution = _according(clause, first)
    if attribution:
        return attribution
    for index, word in enumerate(words[first : first + _FARTHEST_VERB], first):
        inverted = _inverted(clause.low[index]) if "-" in word else None
        if inverted:
            return _from_inverted(clause, index, inverted)
        language = REPORTING_LANGUAGES.get(word)  # a capitalised word is a name or the beginning of a sentence
        if language is None:
            continue
        if index == first or all(_helps(lead, language) for lead in words[first:index]):
            return _verb_first(clause, index, language)
        speaker = _subject_behind(clause, first, index, language)
        if speaker:
            return Attribution(speaker=speaker, verb=word)
    return None


def attributed_before(clause: Clause) -> Attribution | None:
    """Return the attribution in the clause before a quotation: ``He told me it was``, ``the report calls it``."""
    words, low = clause.words, clause.low
    verbs = [index for index, word in enumerate(words) if word in REPORTING_LANGUAGES]
    for index in reversed(verbs):
        language = REPORTING_LANGUAGES[words[index]]
        last = low[index - 1] if index else ""
        if language is ENGLISH and last in DETERMINERS:
            continue
        if language is ENGLISH and last in PASSIVE:
            return None
        if language is ENGLISH and last == "who" and index > verbs[0]:
            continue
        return _verb_last(clause, index, language)
    return _according_before(clause)


def _verb_last(clause: Clause, index: int, language: ReportingLanguage) -> Attribution:
    speaker = None if clause.low[index] in language.personal else _subject_before(clause, index, language)
    if speaker is None and language is not ENGLISH:
        speaker = _verb_first(clause, index, language).speaker
    rest = zip(clause.words[index + 1 :], clause.low[index + 1 :], strict=True)
    between = sum(word not in _BREAKS and low not in _LINKS for word, low in rest)
    return Attribution(speaker=speaker, verb=clause.words[index], distance=between)


def _inverted(word: str) -> tuple[str, str] | None:
    match = _INVERTED.fullmatch(word)
    return (match["verb"], match["who"]) if match else None


def _from_inverted(clause: Clause, index: int, inverted: tuple[str, str]) -> Attribution | None:
    """Return the attribution of an inverted verb: ``dit-il``, ``a-t-elle ajouté``."""
    verb, who = inverted
    if verb in REPORTING_LANGUAGES:
        return Attribution(speaker=who, verb=verb)
    after = clause.words[index + 1] if index + 1 < len(clause.words) else ""
    return Attribution(speaker=who, verb=after) if after in REPORTING_LANGUAGES else None


# --- names after a verb ----------------------------------------------------------------------------------------------


def _verb_first(clause: Clause, index: int, language: ReportingLanguage) -> Attribution:
    low = clause.low
    first = index + 1
    while first < len(low) and (low[first] in language.helpers or is_time(low[first])):
        first += 1
    if first < len(low) and low[index] in IMPERSONAL and low[first] in INSIDE:
        first += 1
    speaker = None if low[index] in language.personal else _name(clause, first, language)
    return Attribution(speaker=speaker, verb=clause.words[index])


def _name(clause: Clause, first: int, language: ReportingLanguage) -> str | None:
    """Return the words from ``first`` up to the first that cannot belong to a name or a title."""
    last = first
    while last < min(len(clause.words), first + _LONGEST_NAME) and _goes_on(clause, first, last, language):
        last += 1
    if first == last or not _can_begin_name(clause.words[first], language):
        return None
    return clause.says(first, last)


def _goes_on(clause: Clause, first: int, last: int, language: ReportingLanguage) -> bool:
    word, low = clause.words[last], clause.low[last]
    if last > first and low in PRONOUNS:
        return False
    if low == "and" and last > first and last + 1 < len(clause.words):
        return clause.words[last + 1][0].isupper()
    if word == "-":
        return last > first and clause.is_joined(last)
    if low in language.stops or word in _BREAKS or not word[0].isalnum():
        return False
    return last == first or clause.low[last - 1] not in PRONOUNS


def _can_begin_name(word: str, language: ReportingLanguage) -> bool:
    if language is RUSSIAN or word[0].isupper():
        return True
    low = word.lower()
    return low in PRONOUNS or low in DETERMINERS


def _according(clause: Clause, first: int) -> Attribution | None:
    if ACCORDING_WORDS.isdisjoint(clause.low[first : first + 3]):
        return None
    match = ACCORDING.match(clause.text, clause.spans(first + 1)[first][0])
    return _named_after(clause, match) if match else None


def _according_before(clause: Clause) -> Attribution | None:
    if ACCORDING_WORDS.isdisjoint(clause.low):
        return None
    spans = clause.spans(len(clause.words))
    matches = list(ACCORDING.finditer(clause.text, spans[0][0], spans[-1][1]))
    return _named_after(clause, matches[-1]) if matches else None


def _named_after(clause: Clause, match: re.Match[str]) -> Attribution | None:
    spans = clause.spans(len(clause.words))
    first = next((i for i, (start, _) in enumerate(spans) if start >= match.end()), len(spans))
    language = ENGLISH if match[0].isascii() else RUSSIAN
    speaker = _name(clause, first, language)
    return Attribution(speaker=speaker, verb=None, distance=1) if speaker else None


# --- names before a verb ---------------------------------------------------------------------------------------------


def _subject_behind(clause: Clause, first: int, verb: int, language: ReportingLanguage) -> str | None:
    """Return the words between a quotation and the verb if they can be a name: ``Leopold Gant, 71, said``."""
    words, low = clause.words, clause.low
    head = low[first]
    if head in CONJUNCTIONS or head in PREPOSITIONS or not _can_begin_name(words[first], language):
        return None
    if language is RUSSIAN and not language.stops.isdisjoint(low[first:verb]):
        return None
    end = next((i for i in range(first, verb) if words[i] in _BREAKS), verb)
    while end > first and _helps(words[end - 1], language):
        end -= 1
    if _is_participle(clause, verb) or not CONJUNCTIONS.isdisjoint(low[first:end]):
        return None
    return clause.says(first, 1 + first if head in PRONOUNS else end)


def _subject_before(clause: Clause, verb: int, language: ReportingLanguage) -> str | None:
    last = verb
    while last and _helps(clause.words[last - 1], language):
        last -= 1
    if not last:
        return None
    joined = clause.words[last - 1]
    if _is_participle(clause, verb):
        return _head(clause, last, language)
    if joined in (",", "—", "–", ")") or clause.low[last - 1] in CONJUNCTIONS:
        return _head(clause, last - 1, language)
    return _tail(clause, last, language) or _head(clause, last, language)


def _helps(word: str, language: ReportingLanguage) -> bool:
    """Whether a word is a helper between speaker and verb; a capitalised word is a name (``Theresa May said``)."""
    if word in language.helpers:
        return True
    return language is ENGLISH and word.endswith(("ly", "n't", "n’t")) and word.islower()


def _is_participle(clause: Clause, verb: int) -> bool:
    """Whether the verb is a participle that adds to the main verb of the subject: ``adding``, ``calling``."""
    return clause.words[verb].endswith("ing") and not (verb and clause.low[verb - 1] in PASSIVE)


def _tail(clause: Clause, last: int, language: ReportingLanguage) -> str | None:
    """Return the name that ends right before the verb."""
    words, low = clause.words, clause.low
    first = last
    while first and last - first < _LONGEST_NAME and _belongs(words[first - 1], low[first - 1], language):
        first -= 1
        if low[first] in PRONOUNS:
            break
        determined = words[first] in DETERMINERS  # not ``Los Angeles``
        if determined and (not first or low[first - 1] not in _POSSESSIVE):
            break
    while first < last and low[first] in _POSSESSIVE:
        first += 1
    if first == last or not _can_begin_name(words[first], language):
        first = next((i for i in range(first, last) if _can_begin_name(words[i], language)), last)
    return clause.says(first, last)


def _belongs(word: str, low: str, language: ReportingLanguage) -> bool:
    if low in _POSSESSIVE:
        return True
    if low in CONJUNCTIONS or low in PREPOSITIONS or (low in language.stops and low not in DETERMINERS):
        return False
    return word not in _BREAKS and (word[0].isalnum() or word in "'’")


def _head(clause: Clause, limit: int, language: ReportingLanguage) -> str | None:
    """Return the name that begins the sentence, after any introduction."""
    words, low = clause.words, clause.low
    first = _behind_introduction(clause, limit)
    last = first
    named = False
    while last < limit and last - first < _LONGEST_NAME:
        word = low[last]
        if named and words[last][0].islower() and word not in _POSSESSIVE and word not in DETERMINERS:
            break
        if words[last] in _BREAKS or word in CONJUNCTIONS or (word in PRONOUNS and last > first):
            break
        if last > first and (word in language.stops or word in language.helpers) and word not in _POSSESSIVE:
            break
        named = named or (words[last][0].isupper() and (last > first or word not in DETERMINERS)) or word in PRONOUNS
        last += 1
    while last > first and (low[last - 1] in _POSSESSIVE or low[last - 1] in DETERMINERS):
        last -= 1
    return clause.says(first, last) if first < last and _can_begin_name(words[first], language) else None


def _behind_introduction(clause: Clause, limit: int) -> int:
    """Return where a sentence begins after marks and an introduction such as ``On Monday,``."""
    words, low = clause.words, clause.low
    first = next((i for i in range(limit) if words[i] not in _BREAKS), limit)
    if first < limit and (low[first] in PREPOSITIONS or low[first] in CONJUNCTIONS):
        return 1 + next((i for i in range(first, limit) if words[i] == ","), limit)
    return first
