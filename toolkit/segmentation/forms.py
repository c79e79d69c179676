"""Rules that decide a paragraph's role by its form: from its text and its neighbours alone, in order."""

import re
from collections.abc import Callable, Sequence

from msgspec import Struct

from toolkit.records import Role
from toolkit.segmentation.shape import ends_with_a_name, has_at_most, is_names, is_table_row, reads_as_sentence

_LONGEST_LINE = 14  # words; see below
_LONGEST_NOTICE = 45
LONGEST_CAPTION = 90
_LONGEST_ROW = 160  # characters


class ParagraphInContext(Struct, frozen=True, kw_only=True, gc=False):
    """A paragraph and its neighbours; ``""`` for a missing neighbour."""

    before: str
    text: str
    after: str
    left: int  # number of paragraphs that follow


FormRule = Callable[[ParagraphInContext], bool]

_PHOTO = r"(?:file |staff |handout )?(?:photo(?:graph)?|picture|pic|image|illustration|graphic|screenshot)s?"
_PHOTO_BY = re.compile(
    rf"(?P<lead>^|[.!?…][”’\"')\]]*\s+|[—–|-]\s*|[(\[]\s*){_PHOTO}(?: credit| courtesy)?"
    r"(?:\s?[:/]| by| from| via| courtesy of)\s*(?P<who>[^!?:]{2,90}?)[.)\]]*$",
    re.IGNORECASE,
)
_DASH_CREDIT = re.compile(r"(?:^|\s)[—–-]{1,2}\s?(?P<who>[^—–.!?]{2,90})$")
_BRACKET_CREDIT = re.compile(r"[(\[](?P<who>[^()\[\]]{2,90})[)\]]\.?$")
_PAIR_AFTER_SENTENCE = re.compile(r"[.!?…][”’\"')\]]*\s+(?P<who>[^.!?]{2,60}/[^.!?]{2,60})$")
_OF_PHOTO = re.compile(r"\b(?:photo|picture|pic|image|handout|file)s?\b", re.IGNORECASE)
_PAIR = re.compile(r"\w\s?/\s?\w|\w via \w")
_PERSON_AND_AGENCY = re.compile(r"\w \w[^/]*/\s?\w")  # more than ``(AFP/Reuters)``, which can end a sentence of prose
_PICTURE_WORDS = ("photo", "pic", "image", "handout", "file", "illustration", "graphic", "screenshot")
_CAPTION_OPENING = re.compile(
    r"(?:file (?:photo|picture|image)|(?:photo|picture|image) caption|caption|pictured)\s?[:—–,]", re.IGNORECASE
)


def ornament(place: ParagraphInContext) -> bool:
    """The paragraph holds nothing readable: ``* * *``."""
    return not place.text[0].isalnum() and not any(map(str.isalnum, place.text))


def marked_quotation(place: ParagraphInContext) -> bool:
    """The publisher marks the paragraph with ``>``; a paragraph in quotation marks is body."""
    return place.text[0] == ">" and place.text[1:].strip() != ""


def _photo_by(text: str) -> re.Match[str] | None:
    match = _PHOTO_BY.search(text[-130:]) if _names_a_picture(text) else None
    return match if match and is_names(match["who"]) else None


def _names_a_picture(text: str) -> bool:
    return _holds(text[-130:], _PICTURE_WORDS)


def _holds(text: str, words: Sequence[str]) -> bool:
    """Whether a text contains one of some words; much cheaper than the pattern that the check can avoid."""
    folded = text.lower()
    return any([word in folded for word in words])  # noqa: C419 - a generator takes twice as long


def photo_credit_alone(place: ParagraphInContext) -> bool:
    """The paragraph is only ``Photo: A. Name/Agency``."""
    if len(place.text) > 120 or not ends_with_a_name(place.text, _PICTURE_WORDS):
        return False
    match = _photo_by(place.text)
    return match is not None and match.start() == 0


def photo_credit_at_the_end(place: ParagraphInContext) -> bool:
    """It ends with a photographer or an agency: ``Photo: A. Name``, ``— A. Name/Agency``, ``(Agency photo)``."""
    if not ends_with_a_name(place.text, _PICTURE_WORDS):
        return False
    tail = place.text[-130:]
    sourced = "/" in tail or " via " in tail or _names_a_picture(tail)
    if not sourced or not has_at_most(place.text, LONGEST_CAPTION):
        return False
    signs = ((_DASH_CREDIT, _PAIR), (_PAIR_AFTER_SENTENCE, _PAIR), (_BRACKET_CREDIT, _PERSON_AND_AGENCY))
    return _photo_by(place.text) is not None or any(_is_credited(place.text, *sign) for sign in signs)


def _is_credited(text: str, ending: re.Pattern[str], pair: re.Pattern[str]) -> bool:
    match = ending.search(text[-130:])
    if match is None:
        return False
    who, preposition_count = _OF_PHOTO.subn("", match["who"])
    return is_names(who) and (preposition_count > 0 or pair.search(who) is not None)


def caption_opening(place: ParagraphInContext) -> bool:
    """The paragraph declares itself a caption: ``File photo:``."""
    return _CAPTION_OPENING.match(place.text) is not None and has_at_most(place.text, LONGEST_CAPTION)


_CREDIT = re.compile(
    r"[(\[]?(?:(?:additional|further|extra|more) )?(?:reporting|research|editing|writing|photography|production"
    r"|compiled|edited|written|translated|translation)\b[\w ]{0,20}?\bby (?P<who>.{2,200})$",
    re.IGNORECASE | re.DOTALL,
)
_CREDIT_WORD = re.compile(
    r"\b(?:additional|reporting|research|editing|writing|compiled|edited|written)\b", re.IGNORECASE
)
_BYLINE = re.compile(
    r"(?:(?:story|text|words|report|interview|analysis|opinion|comment|commentary|review) )?by:?\s(?P<who>.{2,150})$",
    re.IGNORECASE | re.DOTALL,
)
_SIGN_OFF = re.compile(r"(?P<dash>[—–-]{1,2})\s?(?P<who>[^\W_a-z].{1,80})$")


def reporting_credit(place: ParagraphInContext) -> bool:
    """The paragraph only names who reported and who edited."""
    match = _CREDIT.match(place.text[:300])
    return match is not None and has_at_most(place.text, 40) and is_names(_CREDIT_WORD.sub("", match["who"]))


def by_somebody(place: ParagraphInContext) -> bool:
    """The paragraph is ``By A. Name``, with or without a place or role after it."""
    match = _BYLINE.match(place.text[:200])
    if match is None or not has_at_most(place.text, 18) or reads_as_sentence(place.text):
        return False
    who = re.split(r"[,|•·]| in ", match["who"])[0]
    return is_names(who) and has_at_most(who, 10) and not any(map(str.isdigit, who))


def sign_off(place: ParagraphInContext) -> bool:
    """The paragraph is a dash and a short name on a line of its own, not one of several list items."""
    match = _SIGN_OFF.match(place.text)
    if match is None or not has_at_most(place.text, 11) or reads_as_sentence(place.text):
        return False
    dash = match["dash"]
    alone = not place.before.startswith(dash) and not place.after.startswith(dash)
    return alone and (dash == "—" or is_names(match["who"]))


_BULLET = re.compile(r"[•‣▪●◦∙■►➤]\s*\S|[·*-]\s+\S")
_DASH_ITEM = re.compile(r"[—–]\s+\S")
_NUMBERED = re.compile(r"\(?(?:\d{1,2}|[a-z])[.)]\s+\S")
_TIME = re.compile(r"\[?\d{1,2}[:.h]\d{2}(?:\s?[ap]\.?m\.?)?(?:\s?[A-Z]{2,4})?\]?\s?:?$", re.IGNORECASE)


def bulleted(place: ParagraphInContext) -> bool:
    """The paragraph begins with a bullet, or with a dash as its neighbour does."""
    return _BULLET.match(place.text) is not None or _like_a_neighbour(_DASH_ITEM, place)


def numbered(place: ParagraphInContext) -> bool:
    """The paragraph begins with a number or a letter, as its neighbour does."""
    return _like_a_neighbour(_NUMBERED, place)


def _like_a_neighbour(form: re.Pattern[str], place: ParagraphInContext) -> bool:
    return form.match(place.text) is not None and bool(form.match(place.before) or form.match(place.after))


def row_of_a_table(place: ParagraphInContext) -> bool:
    """The paragraph and its neighbour hold cells."""
    return _is_row(place.text) and (_is_row(place.before) or _is_row(place.after))


def _is_row(text: str) -> bool:
    return len(text) < _LONGEST_ROW and is_table_row(text)


def time_of_an_entry(place: ParagraphInContext) -> bool:
    """The paragraph is a time of day alone, above an entry of a live blog."""
    return len(place.text) < 20 and _TIME.match(place.text) is not None


_NOTICE = re.compile(
    r"(?:read (?:more|also|next|on)|also read|see also|related(?: \w+)?|more (?:on this|from)|recommended"
    r"|watch|listen|video|tags?|topics?|next (?:week|issue|\w+day))\s?[:|»→]"
    r"|(?:read more|see also|related (?:stories|articles|news)|advertisement|sponsored|comments?|share)$"
    r"|(?:subscribe|sign up|follow us|click here|share this|log in|support our|download (?:our|the) app)\b"
    r"|©|\(c\)|copyright (?:©|\(c\)|\d{4})|all rights reserved"
    r"|\d+ min(?:ute)?s? read|this (?:article|story|column) (?:was )?(?:first|originally) (?:appeared|published)",
    re.IGNORECASE,
)
_DATE_LINE = re.compile(
    r"(?:first |last )?(?:published|updated|posted|modified)(?: on| at)?\s?:?\s"
    r"(?:(?:mon|tue|wed|thu|fri|sat|sun)\w*,?\s)?(?:\w{3,9}\.?\s)?\d",
    re.IGNORECASE,
)
_FOOT_NOTICE = re.compile(
    r"\bsubscribe (?:to|now|for)\b|\b(?:our|the) (?:[\w-]+ ){0,2}newsletter\b|\bsign up (?:for|to)\b"
    r"|\bviews? (?:and opinions? )?expressed\b|\bexpress(?:es)? the (?:views?|opinions?)\b"
    r"|\bnot necessarily (?:those|the views?|reflect|represent|endorse|shared)\b|\bguest contributors? (?:is|are)\b"
    r"|\bwrite to (?:us|the editor)\b|\bletters (?:may|can) be (?:shortened|edited)\b"
    r"|\bcontact (?:us|the (?:author|editor|reporter))\b|\b(?:first|originally) (?:appeared|published) (?:in|on|by)\b",
    re.IGNORECASE,
)
_FOOT_WORDS = (  # every notice contains one of them
    "subscribe", "newsletter", "sign up", "express", "necessarily", "guest", "write to", "letters", "contact",
    "appeared", "published",
)  # fmt: skip


def notice(place: ParagraphInContext) -> bool:
    """The paragraph begins as links, subscription prompts and copyright lines do."""
    return _NOTICE.match(place.text) is not None and has_at_most(place.text, _LONGEST_NOTICE)


def rights_reserved(place: ParagraphInContext) -> bool:
    """The paragraph reserves all rights."""
    if "eserved" not in place.text and "ESERVED" not in place.text:  # far cheaper than case-folding every text
        return False
    return has_at_most(place.text, _LONGEST_NOTICE) and "all rights reserved" in place.text.casefold()


def date_line(place: ParagraphInContext) -> bool:
    """The paragraph only states when the article was published."""
    if _DATE_LINE.match(place.text) is None:
        return False
    return has_at_most(place.text, _LONGEST_LINE) and not reads_as_sentence(place.text)


def notice_at_the_foot(place: ParagraphInContext) -> bool:
    """The paragraph is short, among the last, and about newsletters, letters to the editor or whose views these are."""
    if place.left > 2 or not place.before or not has_at_most(place.text, _LONGEST_NOTICE):
        return False
    return _holds(place.text, _FOOT_WORDS) and _FOOT_NOTICE.search(place.text) is not None


FORM_RULES: tuple[tuple[Role, FormRule], ...] = (
    ("boilerplate", ornament),
    ("quote", marked_quotation),
    ("boilerplate", notice),
    ("boilerplate", rights_reserved),
    ("boilerplate", date_line),
    ("credit", photo_credit_alone),
    ("caption", caption_opening),
    ("caption", photo_credit_at_the_end),
    ("credit", reporting_credit),
    ("byline", by_somebody),
    ("credit", sign_off),
    ("list", bulleted),
    ("list", numbered),
    ("list", row_of_a_table),
    ("subhead", time_of_an_entry),
    ("boilerplate", notice_at_the_foot),
)

# The possible beginnings of a paragraph for the rules that check the first words. Nine paragraphs in ten begin
# otherwise and skip these rules; a test ensures that none of these rules fires without a match.
_OPENING = re.compile(
    r"(?i:read|also|see|related|more|recommended|watch|listen|video|tag|topic|next|advert|spons|comment|share|subscribe"
    r"|sign up|follow|click|log in|support|download|©|\(c\)|copyright|all rights|\d|this|first|last|published|updated"
    r"|posted|modified|file|photo|pic|image|illustration|graphic|screenshot|staff|handout|caption|additional|further"
    r"|extra|report|research|edit|writing|production|compiled|written|transl|story|text|words|interview|analysis"
    r"|opinion|review|by|\w[.)])|[^\w\"“‘']"
)
RULES_OF_OPENING: frozenset[FormRule] = frozenset((
    marked_quotation, notice, date_line, photo_credit_alone, caption_opening, reporting_credit, by_somebody, sign_off,
    bulleted, numbered, time_of_an_entry,
))  # fmt: skip
_OTHER_RULES = tuple((role, rule) for role, rule in FORM_RULES if rule not in RULES_OF_OPENING)


def rules_for(text: str) -> tuple[tuple[Role, FormRule], ...]:
    """Return the rules that could hold for a text, by its beginning."""
    return FORM_RULES if _OPENING.match(text) else _OTHER_RULES
