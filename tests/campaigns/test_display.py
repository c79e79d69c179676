import msgspec
from hypothesis import given
from hypothesis import strategies as st

from toolkit.campaigns.display import (
    DisplayRules,
    ParagraphContext,
    Shown,
    ShownItem,
    Surroundings,
    masked,
    outlet_names,
    printable,
    replaced_characters,
    shown_items,
    shown_texts,
)
from toolkit.records import Article, Item, Paragraph, Target
from toolkit.workspace import StudioOptions

TARGET = Target(id="gov", title="the government", note="Governing: the Union")
ITEM = Item(id="i1", unit_id="p1", article_id="a1", target=TARGET, votes=1, selection="all", propensity=1)
SURROUNDINGS = Surroundings(
    article=Article(id="a1", text="x", outlet="lantern", published="2024-03-01", author="Tess Arkwright"),
    context=ParagraphContext(headline="The Lantern asks", previous="Before.", next="By Tess Arkwright"),
    outlet_names=("lantern", "The Lantern", "The People’s Lantern"),
)
TEXT = "“Ask the People’s Lantern,” said Tess Arkwright \N{SPEEDBOAT}, lanterns lit."


def test_only_what_the_campaign_shows_leaves_this_machine():
    bare = shown_texts(ITEM, TEXT, SURROUNDINGS, StudioOptions(show=()))
    assert msgspec.structs.astuple(bare) == ("", "", "", "", TEXT, "")
    usual = shown_texts(ITEM, TEXT, SURROUNDINGS, StudioOptions())
    assert (usual.headline, usual.previous, usual.next) == ("The Lantern asks", "Before.", "By Tess Arkwright")
    assert (usual.note, usual.source) == ("Governing: the Union", "")
    full = shown_texts(ITEM, TEXT, SURROUNDINGS, StudioOptions(show=("byline", "outlet", "date")))
    assert (full.source, full.note) == ("lantern · 2024-03-01 · Tess Arkwright", "")


def test_names_in_the_texts_are_blotted_out_and_offsets_stay():
    shown = shown_texts(ITEM, TEXT, SURROUNDINGS, StudioOptions(mask=("outlet", "byline")))
    assert shown.text == f"“Ask {20 * '█'},” said {14 * '█'} \N{SPEEDBOAT}, lanterns lit."
    assert shown.headline == f"{11 * '█'} asks"
    assert shown.next == f"By {14 * '█'}"
    assert len(shown.text) == len(TEXT)


@given(st.text(), st.lists(st.text(max_size=4), max_size=4))
def test_blotting_out_never_moves_an_offset(text, names):
    shown = masked(text, names)
    assert len(shown) == len(text)
    assert all(a == b or b == "█" for a, b in zip(text, shown, strict=True))


@given(st.text())
def test_offsets_survive_characters_that_cannot_be_shown(text):
    shown = printable(text)
    assert len(shown) == len(text)
    assert all(a == b or b == "\ufffd" for a, b in zip(text, shown, strict=True))
    assert printable(shown) == shown
    replaced = sum(a != b for a, b in zip(text, shown, strict=True))
    assert replaced_characters([ShownItem(item=ITEM, shown=Shown(text=text))]) == replaced
    msgspec.json.encode(shown)


# --- items of an article ---------------------------------------------------------------------------------------------

STORY = "The Lantern asked.\n\nA quay \x00 cost more, the LANTERN said \N{SPEEDBOAT}."
QUAY = STORY.index("A quay")
ARTICLE = Article(id="a", version="1", text=STORY, title="Dues", outlet="Lantern", published="2024-03-01")
OUTLETS = outlet_names([{"id": "lantern", "aliases": "The Lantern;Lantern"}])


def shown_item(options):
    places = [(0, STORY.index("\n")), (QUAY, len(STORY))]
    rows = [
        Paragraph(
            id=f"p{n}", article_id="a", article_version="1", index=n, start=start, end=end, text=STORY[start:end],
            role="body",
        )
        for n, (start, end) in enumerate(places)
    ]  # fmt: skip
    item = msgspec.structs.replace(ITEM, id="i", article_id="a")
    (shown,) = shown_items(
        [item], rows, {"a": ARTICLE}, DisplayRules(options=options, roles=("body",), outlets=OUTLETS)
    )
    return shown


def test_all_names_of_the_outlet_are_blotted_out_where_the_campaign_says_so():
    shown = shown_item(StudioOptions(mask=("outlet",))).shown
    assert shown.text == f"A quay \x00 cost more, {11 * '█'} said \N{SPEEDBOAT}."
    assert shown.previous == f"{11 * '█'} asked."
    assert shown.note == "Governing: the Union"


def test_nothing_is_blotted_out_unasked_and_hidden_parts_are_gone():
    plain = shown_item(StudioOptions(show=("date",)))
    assert msgspec.structs.astuple(plain.shown) == ("", "2024-03-01", "", "", STORY[QUAY:], "")
    assert replaced_characters([plain]) == 1
