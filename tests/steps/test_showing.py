from toolkit.files import write_jsonl, write_text
from toolkit.records import Article, Item, Paragraph, Target
from toolkit.steps.push import shown_of
from toolkit.workspace import CampaignConfig, CampaignFile, StudioOptions

TEXT = "The Lantern asked.\n\nA quay \x00 cost more, the LANTERN said \N{SPEEDBOAT}."


def campaign_in(root, options):
    file = CampaignFile(
        name="c", title="C", articles=("../a.jsonl",), codebook="c.toml", targets=("t",), studio=options
    )
    campaign = CampaignConfig(path=root / "schemas" / "c.toml", file=file)
    names = "id,aliases\nlantern,The Lantern;Lantern\n"
    write_text(root / "schemas" / "outlets.csv", names)
    article = Article(id="a", version="1", text=TEXT, title="Dues", outlet="Lantern", published="2024-03-01")
    write_jsonl(root / "a.jsonl", [article])
    starts = [0, TEXT.index("A quay")]
    ends = [TEXT.index("\n"), len(TEXT)]
    rows = [
        Paragraph(
            id=f"p{n}", article_id="a", article_version="1", index=n, start=start, end=end, text=TEXT[start:end],
            role="body",
        )
        for n, (start, end) in enumerate(zip(starts, ends, strict=True))
    ]  # fmt: skip
    return campaign, rows


def item():
    target = Target(id="t", title="the government", note="Governing: the Union")
    return Item(id="i", unit_id="p1", article_id="a", target=target, votes=1, selection="all", propensity=1)


def test_all_names_of_the_outlet_are_blotted_out_where_the_campaign_says_so(tmp_path):
    campaign, rows = campaign_in(tmp_path, StudioOptions(mask=("outlet",)))
    (masked,) = shown_of(campaign, [item()], rows)
    assert masked.shown.text == f"A quay \x00 cost more, {11 * '█'} said \N{SPEEDBOAT}."
    assert masked.shown.previous == f"{11 * '█'} asked."
    assert masked.shown.note == "Governing: the Union"
