import msgspec
from hypothesis import given
from hypothesis import strategies as st

from toolkit.records import Article, Item, Target
from toolkit.segmentation.context import Context
from toolkit.studio.masking import Around, masked, shown_texts
from toolkit.workspace import StudioOptions

TARGET = Target(id="gov", title="the government", note="Governing: the Union")
ITEM = Item(id="i1", unit_id="p1", article_id="a1", target=TARGET, votes=1, selection="all", propensity=1)
AROUND = Around(
    article=Article(id="a1", text="x", outlet="lantern", published="2024-03-01", author="Tess Arkwright"),
    context=Context(headline="The Lantern asks", previous="Before.", next="By Tess Arkwright"),
    outlet_names=("lantern", "The Lantern", "The People’s Lantern"),
)
TEXT = "“Ask the People’s Lantern,” said Tess Arkwright \N{SPEEDBOAT}, lanterns lit."


def test_only_what_the_campaign_shows_leaves_this_machine():
    bare = shown_texts(ITEM, TEXT, AROUND, StudioOptions(show=()))
    assert msgspec.structs.astuple(bare) == ("", "", "", "", TEXT, "")
    usual = shown_texts(ITEM, TEXT, AROUND, StudioOptions())
    assert (usual.headline, usual.previous, usual.next) == ("The Lantern asks", "Before.", "By Tess Arkwright")
    assert (usual.note, usual.source) == ("Governing: the Union", "")
    full = shown_texts(ITEM, TEXT, AROUND, StudioOptions(show=("byline", "outlet", "date")))
    assert (full.source, full.note) == ("lantern · 2024-03-01 · Tess Arkwright", "")


def test_names_in_the_texts_are_blotted_out_and_offsets_stay():
    shown = shown_texts(ITEM, TEXT, AROUND, StudioOptions(mask=("outlet", "byline")))
    assert shown.text == f"“Ask {20 * '█'},” said {14 * '█'} \N{SPEEDBOAT}, lanterns lit."
    assert shown.headline == f"{11 * '█'} asks"
    assert shown.next == f"By {14 * '█'}"
    assert len(shown.text) == len(TEXT)


@given(st.text(), st.lists(st.text(max_size=4), max_size=4))
def test_blotting_out_never_moves_an_offset(text, names):
    shown = masked(text, names)
    assert len(shown) == len(text)
    assert all(a == b or b == "█" for a, b in zip(text, shown, strict=True))
