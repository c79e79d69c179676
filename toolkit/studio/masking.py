"""What annotators may see of an article around an item, and what is blotted out of its texts.

What is hidden is taken away here, before anything is sent: it is neither on the screen nor in the task's data.
"""

import re
from collections.abc import Iterable, Sequence

from msgspec import Struct

from toolkit.records import Article, Item
from toolkit.segmentation.context import Context
from toolkit.studio.config import Shown
from toolkit.workspace import StudioOptions

_BLOT = "\N{FULL BLOCK}"


class Around(Struct, frozen=True, kw_only=True):
    """What there is around an item, before it is decided what of it is shown."""

    article: Article
    context: Context
    outlet_names: tuple[str, ...] = ()  # all names by which texts may call the outlet


def shown_texts(item: Item, text: str, around: Around, options: StudioOptions) -> Shown:
    """The texts of an item as its annotators see them."""
    show, article, context = options.show, around.article, around.context
    names = _masked_names(around, options)
    source = {"outlet": article.outlet, "date": (article.published or "")[:10], "byline": article.author}
    beside = "neighbours" in show
    return Shown(
        headline=masked(context.headline, names) if "headline" in show else "",
        source=" · ".join(value for part, value in source.items() if part in show and value),
        note=item.target.note if "note" in show else "",
        previous=masked(context.previous, names) if beside else "",
        text=masked(text, names),
        next=masked(context.next, names) if beside else "",
    )


def _masked_names(around: Around, options: StudioOptions) -> Sequence[str]:
    names: list[str] = []
    if "outlet" in options.mask:
        names += [around.article.outlet or "", *around.outlet_names]
    if "byline" in options.mask:
        names.append(around.article.author or "")
    return names


def masked(text: str, names: Iterable[str]) -> str:
    """A text with these names blotted out, each character by one, so that offsets stay.

    Names are found as whole words whatever their case; inflected forms are others.

    >>> masked("The Post, by post.", ["The Post"])
    '████████, by post.'
    """
    wanted = sorted({name.strip() for name in names if name.strip()}, key=lambda name: (-len(name), name))
    if not wanted:
        return text
    any_of = "|".join(map(re.escape, wanted))
    return re.sub(rf"(?<!\w)(?:{any_of})(?!\w)", lambda found: _BLOT * len(found[0]), text, flags=re.IGNORECASE)
