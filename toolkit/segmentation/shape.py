"""The shape of a text, independent of its context: long, a heading, a sentence, names."""

import re
import unicodedata

_LONGEST_HEADING = 35  # words of a headline or of the standfirst under it
_LONGEST_QUESTION = 7  # words; a longer question is asked by a person in the text
_CHARACTERS = 8  # maximum average length of a word with its space; also bounds lines without spaces

_SENTENCE_ENDS = ".!?…。！？؟।"
_ENDS = frozenset("." + _SENTENCE_ENDS + "۔｡")
_GOES_ON = ",;:—–-"
_CLOSERS = "\"'”’»›)]}*"
_OPENERS = "\"'“‘«‹„([{"
_AROUND_NAMES = _OPENERS + _CLOSERS + ".,;:/|"
_PARTICLES = frozenset((
    "a", "an", "and", "at", "by", "da", "de", "del", "di", "du", "for", "from", "in", "la", "le", "near", "of", "on",
    "the", "und", "van", "via", "von", "with", "y", "&",
))  # fmt: skip
_SIGNED_SENTENCE = re.compile(r"[.!?…][”’\"')]*\s+(?:[—–-]{1,2}\s?[^—–.!?]{2,50}|[(\[][^()\[\]]{2,40}[)\]])$")
_ITEM = re.compile(r"[•‣▪●◦∙■►➤*]\s*\S|[·–—-]\s+\S|\(?(?:\d{1,2}|[a-z])[.)]\s+\S")
_ENTRY = re.compile(r"\[?(?:[01]?\d|2[0-3])[:.h][0-5]\d\b(?!\.\d)")
_CELL = re.compile(r"\||\t+| {3,}")

_WORD = re.compile(r"\w+")
_TYPOGRAPHIC = "“”‘’–—…\u00a0"  # characters of English prose beyond ASCII
_ASCII_WORDS = bytes(ord(chr(i).lower()) if chr(i).isalnum() or chr(i) == "_" else ord(" ") for i in range(128)).ljust(
    256
)
INVISIBLE = "".join(map(chr, (0xAD, *range(0x200B, 0x2010), *range(0x202A, 0x202F), *range(0x2060, 0x206A), 0xFEFF)))
_INVISIBLE = re.compile(f"[{INVISIBLE}]")
_ABBREVIATION = re.compile(r"(?:\b\w\.\w|\b[JS]r|\bInc|\bCo|\bLtd)\.$")
_ABBREVIATED = ("Jr.", "Sr.", "Inc.", "Co.", "Ltd.")
_SPEECH = re.compile(r"(?:[QA]|[A-Z][A-Z .'’-]{1,30})\s?[:.]\s")
_DATELINE = re.compile(r"[^\W\d_a-z][^\Wa-z]+(?:[ .,'’-][^\n—–:]{0,40}?)?\s?[—–-]\s")
_SIGNED = re.compile(r"\s[—–-]{1,2}\s?([^—–.!?]{2,60})$")


def normalised(text: str) -> str:
    """Return the words of a text, composed, without case and invisible marks, separated by one space.

    >>> normalised("“Nobody’s  Trailer”: Part 2")
    'nobody s trailer part 2'
    """
    if not text.isascii():
        for mark in _TYPOGRAPHIC:
            text = text.replace(mark, " ")
    if text.isascii():
        return b" ".join(text.encode().translate(_ASCII_WORDS).split()).decode()
    visible = _INVISIBLE.sub("", text)
    return " ".join(_WORD.findall(unicodedata.normalize("NFC", visible).casefold()))


def has_at_most(text: str, words: int) -> bool:
    """Whether a text has at most that many words; a long text is not read."""
    return len(text) <= _CHARACTERS * words + 20 and len(text.split()) <= words


def last_mark(text: str) -> str:
    """Return the last character of a text, ignoring closing quotes and brackets.

    >>> last_mark("“You’re a rat!”")
    '!'
    """
    bare = text[-20:].rstrip(_CLOSERS)
    return bare[-1:]


def ends_with_abbreviation(text: str) -> bool:
    """Whether the last full stop belongs to an abbreviation: ``U.S.``, ``a.m.``, ``Jr.``."""
    bare = text[-20:].rstrip(_CLOSERS)
    may_be = bare[-3:-2] == "." or bare.endswith(_ABBREVIATED)  # avoids the pattern, which takes ten times as long
    return may_be and _ABBREVIATION.search(bare) is not None


def ends_sentence(line: str) -> bool:
    """Whether a line ends with sentence punctuation, with or without quotes and brackets after it."""
    return line[-20:].rstrip(_CLOSERS)[-1:] in _ENDS


def reads_as_sentence(text: str) -> bool:
    """Whether a line ends as a sentence does, with or without the name of an agency after it."""
    ended = last_mark(text) in _SENTENCE_ENDS and not ends_with_abbreviation(text)
    return ended or _SIGNED_SENTENCE.search(text[-80:]) is not None


def reads_as_headline(text: str) -> bool:
    """Whether a line could be a headline: short, without a final full stop; ``?`` and ``!`` are allowed."""
    mark = last_mark(text)
    asks_or_shouts = mark != "" and mark in "?!"
    if reads_as_sentence(text) and not asks_or_shouts:
        return False
    return mark not in _GOES_ON and has_at_most(text, _LONGEST_HEADING)


def reads_as_heading(text: str) -> bool:
    """Whether a line could be a headline, standfirst or crosshead rather than prose.

    A question counts if it is short and names nobody as asking it.
    """
    if len(text) > _CHARACTERS * _LONGEST_HEADING + 20:
        return False
    mark = last_mark(text)
    if mark == "?":
        return has_at_most(text, _LONGEST_QUESTION) and not is_speech(text)
    return mark != "!" and reads_as_headline(text) and not is_speech(text)


def is_speech(text: str) -> bool:
    """Whether a line is a turn of an interview: ``Q: …``, ``VENN: …``."""
    return _SPEECH.match(text) is not None


def is_item(line: str) -> bool:
    """Whether a line begins as a list item does: with a bullet, a dash, a number or a letter.

    >>> is_item("• one"), is_item("2) two"), is_item("2 too")
    (True, True, False)
    """
    return _ITEM.match(line) is not None


def is_entry(line: str) -> bool:
    """Whether a line begins with a time of day, as an entry of a live blog does.

    >>> is_entry("10:45 am – The session opens"), is_entry("[14.05]"), is_entry("10 people")
    (True, True, False)
    """
    return _ENTRY.match(line) is not None


def is_table_row(line: str) -> bool:
    """Whether a line holds cells, separated by bars, tabs or wide gaps.

    >>> is_table_row("Renn   1,204   51 %"), is_table_row("| a | b |"), is_table_row("so  it was")
    (True, True, False)
    """
    if "\t" in line:
        return True
    return ("|" in line or "   " in line) and len(_CELL.findall(line)) > 1


def is_names(text: str) -> bool:
    """Whether a text holds only names, roles and connecting words.

    >>> is_names("Ida Renn/SNA"), is_names("Rembrandt in his last years")
    (True, False)
    """
    words = [word.strip(_AROUND_NAMES) for word in text.split()]
    names = [word for word in words if word and word not in _PARTICLES]
    return any(word[0].isupper() for word in names) and not any(word[0].islower() for word in names)


def ends_with_a_name(text: str, besides: tuple[str, ...]) -> bool:
    """Whether the last word could end a list of names: not in lower case, unless a particle or in ``besides``.

    >>> ends_with_a_name("said Ida Renn.", ("pic",)), ends_with_a_name("she said.", ("pic",))
    (True, False)
    """
    word = text[-40:].rsplit(maxsplit=1)[-1].strip(_AROUND_NAMES)
    return not word[:1].islower() or word in _PARTICLES or word.lower().startswith(besides)


def has_dateline(text: str) -> bool:
    """Whether a text begins with a place in capitals and a dash: ``ARDENPORT, Jan 24 — …``."""
    return _DATELINE.match(text) is not None


def is_signed(text: str) -> bool:
    """Whether a text ends with a dash and a name: ``… on Monday. — SNA``."""
    signed = _SIGNED.search(text[-80:])
    return signed is not None and is_names(signed[1])
