"""The role of each paragraph of an article: headline, subhead, byline, caption, body, quote, list, credit, boilerplate.

Named rules in two ordered tables decide a role. The first rule that holds decides, and its name is kept so that
``--explain`` can show it. The first table holds the rules that need only the paragraph and its neighbours
(`forms.FORM_RULES`). The paragraphs that these rules leave open determine where the headline and the prose stand.
The second table holds the rules that need this position (`PLACE_RULES`). No rule contains the name of a person, an
agency or an outlet.
"""

import itertools
import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Literal

from msgspec import Struct

from toolkit.records import Role
from toolkit.segmentation.forms import FORM_RULES as FORM_RULES
from toolkit.segmentation.forms import LONGEST_CAPTION, ParagraphInContext, rules_for
from toolkit.segmentation.shape import (
    INVISIBLE,
    has_at_most,
    has_dateline,
    is_names,
    is_signed,
    normalised,
    reads_as_heading,
    reads_as_headline,
)

Region = Literal["above", "headline", "deck", "story", "foot"]

_LONGEST_CROSSHEAD = 14  # words; see below
_PICTURES = 2  # maximum number of sentences without a credit above a known title


class RoleDecision(Struct, frozen=True, kw_only=True, gc=False):
    """The role of a paragraph and the name of the rule that assigned it."""

    role: Role
    rule: str


PlaceRule = Callable[[ParagraphInContext, Region], bool]


def decide_roles(texts: Sequence[str], title: str = "") -> list[RoleDecision]:
    """Return the role of each paragraph, with the rule that assigned it, in order.

    Args:
        texts: the paragraphs of one article, without white space around them.
        title: the article's title if it is known; it helps to find the headline but is not needed.
    """
    texts = [text.strip(INVISIBLE) or text for text in texts]
    places = _places(texts)
    by_form = [_decision_by_form(place) for place in places]
    regions = _regions(texts, by_form, title)
    return [
        form if form and region != "headline" else _decision_by_place(place, region)
        for place, form, region in zip(places, by_form, regions, strict=True)
    ]


def _places(texts: Sequence[str]) -> list[ParagraphInContext]:
    rows = zip(["", *texts], texts, [*texts[1:], ""], range(len(texts) - 1, -1, -1), strict=False)
    return [ParagraphInContext(before=before, text=text, after=after, left=left) for before, text, after, left in rows]


def _decision_by_form(place: ParagraphInContext) -> RoleDecision | None:
    for role, rule in rules_for(place.text):
        if rule(place):
            return RoleDecision(role=role, rule=rule.__name__)
    return None


def _decision_by_place(place: ParagraphInContext, region: Region) -> RoleDecision:
    if region == "story":  # nearly every paragraph; a test ensures that no other rule is for it
        return _CROSSHEAD if crosshead(place, region) else _PROSE
    role, rule = next(entry for entry in PLACE_RULES if entry[1](place, region))
    return RoleDecision(role=role, rule=rule.__name__)


# --- position of the headline and the prose --------------------------------------------------------------------------


def _regions(texts: Sequence[str], by_form: Sequence[RoleDecision | None], title: str) -> list[Region]:
    def prose_from(indexes: Iterable[int]) -> Iterator[int]:
        """Yield the indexes of prose lazily: only the few at either end are needed."""
        return (i for i in indexes if by_form[i] is None and not reads_as_heading(texts[i]))

    count = len(texts)
    last = next(prose_from(range(count - 1, -1, -1)), -1)
    until = next(itertools.islice(prose_from(range(count)), _PICTURES, None), count) if title else 0
    headline = _title_index(texts[:until], title)
    if headline is None:
        headline = _headline_index(texts, by_form, last)
    above = -1 if headline is None else headline
    return _regions_around(above, next(prose_from(range(above + 1, last + 1)), count), last, count)


def _regions_around(headline: int, first: int, last: int, count: int) -> list[Region]:
    above = headline + 1
    deck = first - above if headline >= 0 else 0
    story = max(0, (last + 1 if last >= 0 else count) - above - deck)
    lengths: tuple[tuple[Region, int], ...] = (
        ("above", headline),
        ("headline", above - max(0, headline)),
        ("deck", deck),
        ("story", story),
        ("foot", count - above - deck - story),
    )
    return [region for region, length in lengths for _ in range(length)]


def _title_index(texts: Sequence[str], title: str) -> int | None:
    plain_title = normalised(title)
    if not plain_title:
        return None
    longest = 2 * len(title) + 20  # avoids normalising long paragraphs that cannot match
    return next((i for i, text in enumerate(texts) if len(text) <= longest and normalised(text) == plain_title), None)


def _headline_index(texts: Sequence[str], by_form: Sequence[RoleDecision | None], last_prose: int) -> int | None:
    """Return the index of the first heading with prose below it, unless prose precedes it; a picture's text may."""
    for index in range(last_prose):
        if by_form[index] is None:
            if reads_as_headline(texts[index]):
                return index
            if not has_at_most(texts[index], LONGEST_CAPTION):
                return None
            if not (is_signed(texts[index]) or _stands_above_a_story(texts, by_form, index)):
                return None
    return None


def _stands_above_a_story(texts: Sequence[str], by_form: Sequence[RoleDecision | None], index: int) -> bool:
    """Whether a heading and then a byline or a dateline follow: the article begins only there."""
    if index + 2 >= len(texts):
        return False
    after = by_form[index + 2]
    begins = after.role == "byline" if after else has_dateline(texts[index + 2])
    return begins and by_form[index + 1] is None and reads_as_headline(texts[index + 1])


# --- rules of place --------------------------------------------------------------------------------------------------

_DESK = re.compile(
    r"(?P<who>[^,]{3,50}), (?:[\w-]+ ){0,4}(?:correspondent|reporter|editor|writer|columnist|analyst)$", re.IGNORECASE
)


def title_line(_place: ParagraphInContext, region: Region) -> bool:
    """The paragraph is the article's title, or the first short line without a full stop that has prose below it."""
    return region == "headline"


def sentence_above_the_headline(place: ParagraphInContext, region: Region) -> bool:
    """The paragraph is a sentence above the headline, which belongs to a picture."""
    return region == "above" and not reads_as_heading(place.text)


def reporter_under_the_headline(place: ParagraphInContext, region: Region) -> bool:
    """The paragraph is ``A. Name, Political Correspondent`` before the story begins."""
    match = _DESK.match(place.text) if region == "deck" else None
    return match is not None and is_names(match["who"])


def around_the_headline(_place: ParagraphInContext, region: Region) -> bool:
    """The paragraph is a short line above the headline, or between it and the story."""
    return region in ("above", "deck")


def crosshead(place: ParagraphInContext, region: Region) -> bool:
    """The paragraph is a short line without a full stop, with a longer paragraph below it."""
    if region != "story" or len(place.after) <= len(place.text):
        return False
    return has_at_most(place.text, _LONGEST_CROSSHEAD) and reads_as_heading(place.text)


def name_at_the_foot(place: ParagraphInContext, region: Region) -> bool:
    """The paragraph holds only names and stands below the story."""
    return region == "foot" and has_at_most(place.text, 6) and is_names(place.text)


def line_at_the_foot(place: ParagraphInContext, region: Region) -> bool:
    """The paragraph is a short line without a full stop below the story, such as a link to another story."""
    return region == "foot" and has_at_most(place.text, _LONGEST_CROSSHEAD)


def plain_prose(_place: ParagraphInContext, _region: Region) -> bool:
    """Any other paragraph."""
    return True


PLACE_RULES: tuple[tuple[Role, PlaceRule], ...] = (
    ("headline", title_line),
    ("caption", sentence_above_the_headline),
    ("byline", reporter_under_the_headline),
    ("subhead", around_the_headline),
    ("subhead", crosshead),
    ("credit", name_at_the_foot),
    ("boilerplate", line_at_the_foot),
    ("body", plain_prose),
)
_CROSSHEAD = RoleDecision(role="subhead", rule=crosshead.__name__)
_PROSE = RoleDecision(role="body", rule=plain_prose.__name__)
