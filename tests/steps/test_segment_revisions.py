"""Articles that are edited after people were asked about them: what became of paragraphs, and which labels stand."""

import json
import subprocess
import sys
from pathlib import Path

import pyarrow.parquet
import pytest

from toolkit.articles.reading.reader import read_articles
from toolkit.campaigns.label_transfer import TransferCounts, carried_items
from toolkit.errors import ConfigError, DataError
from toolkit.files import append_jsonl, read_json, read_jsonl, write_json
from toolkit.records import Annotation, Outdated, Paragraph, Revision
from toolkit.runs import silent
from toolkit.segmentation.lengths import Limits
from toolkit.steps.aggregate import aggregate_campaign
from toolkit.steps.build import build_campaign, read_records
from toolkit.steps.card import card_campaign
from toolkit.steps.plan import plan_campaign
from toolkit.steps.push import shown_of
from toolkit.steps.report import report_campaign
from toolkit.steps.segment import segment_campaign, segment_inputs, segment_outputs
from toolkit.store import Store
from toolkit.workspace import read_campaign

STANCE = Path(sys.executable).with_name("stance")
CAMPAIGN = """
name = "edited"
title = "Edited articles"
articles = ["../data/raw/articles.jsonl"]
codebook = "minimal.toml"
targets = ["government-xs"]
seed = 5
{paragraphs}
[sample]
stratify = []
[plan]
votes = 2
test_share = 0.4
"""
SENTENCES = (
    "The ferry number {n} sailed at noon on Friday with forty people and a goat on board.",
    "Nobody had stopped waiting for boat {n}, said the harbour master at the bell.",
    "Nine winters ago the pier of boat {n} sank, and the company and the timetable with it.",
)


def article(n, texts=None):
    texts = texts or [sentence.format(n=n) for sentence in SENTENCES]
    return {"id": f"a{n}", "text": "\n\n".join(texts), "outlet": "chronicle", "published": "2024-02-01"}


class Edited:
    """A campaign of ten articles with three paragraphs each, to all of which two people have answered."""

    def __init__(self, root):
        self.root, self.path = root, root / "schemas" / "edited.toml"
        self.configure("")
        self.write([article(n) for n in range(10)])
        segment_campaign(self.campaign, silent)
        plan_campaign(self.campaign)
        self.answer()

    def configure(self, paragraphs):
        self.path.write_text(CAMPAIGN.format(paragraphs=paragraphs))

    @property
    def campaign(self):
        return read_campaign(self.path)

    def at(self, name):
        return self.campaign.at(name)

    def write(self, rows):
        lines = "".join(json.dumps(row) + "\n" for row in rows)
        (self.root / "data/raw/articles.jsonl").write_text(lines)

    def answer(self):
        moment = dict.fromkeys(("created", "updated", "observed"), "2026-01-01T00:00:00Z")
        rows = [
            Annotation(
                id=f"{item}-{who}",
                item_id=item,
                annotator=who,
                state="submitted",
                answers={"stance": ("pro_government", "opposition")[number % 2]},
                codebook=self.campaign.codebook.ref,
                **moment,
            )
            for number, item in enumerate(Store(self.campaign).items)
            for who in ("r1", "r2")
        ]
        append_jsonl(self.at("annotations.jsonl"), rows)
        self.at("annotators.jsonl").touch()
        ref = self.campaign.codebook.ref
        write_json(self.at("studio.json"), {"server": "x", "campaign": "x", "codebook": ref, "projects": []})
        aggregate_campaign(self.campaign)
        build_campaign(self.campaign)

    def edit(self):
        """A word changed in a0, a paragraph left out of a1, one put before those of a2, a4 turned round, no a3 more."""
        texts = {n: [sentence.format(n=n) for sentence in SENTENCES] for n in range(10)}
        texts[0][1] = texts[0][1].replace("master", "mistress")
        del texts[1][2]
        texts[2].insert(0, "Correction: an earlier version named the wrong yard, and was put right at night.")
        texts[4] = [texts[4][2], *texts[4][:2]]
        self.write([article(n, texts[n]) for n in range(10) if n != 3])
        return segment_campaign(self.campaign, silent)

    def rows(self, config="gold"):
        folder = self.at("dataset") / "data" / config
        tables = [pyarrow.parquet.read_table(path).to_pylist() for path in sorted(folder.glob("*.parquet"))]
        return [row for table in tables for row in table]


@pytest.fixture
def edited(tmp_path):
    subprocess.run([STANCE, "init", tmp_path / "w", "-q"], check=True)
    return Edited(tmp_path / "w")


def test_segmenting_again_says_what_became_of_paragraphs_and_labels(edited):
    outcome = edited.edit()
    assert outcome.facts()["versions"] == {
        "articles": {"same": 5, "changed": 4, "new": 0, "gone": 1},
        "paragraphs": {"same": 24, "moved": 1, "changed": 1, "new": 1, "gone": 4},
    }
    assert outcome.facts()["items"] == {"kept": 25, "followed": 0, "changed": 1, "gone": 4}
    assert "since the last segmentation 24 same, 1 moved, 1 changed, 1 new, 4 gone" in outcome.line()
    assert "25 of 30 items keep their labels; 1 changed: labels do not follow unless" in outcome.line()


def test_the_history_has_what_is_not_the_same_with_both_places_and_the_words_that_were_asked_about(edited):
    edited.edit()
    history = read_jsonl(edited.at("versions.jsonl"), Revision)
    assert sorted(row.kind for row in history) == ["changed", "gone", "gone", "gone", "gone", "moved", "new"]
    changed = next(row for row in history if row.kind == "changed")
    assert (changed.article_id, "master" in changed.before_text, "mistress" in changed.after_text) == ("a0", True, True)
    assert changed.before_start == changed.after_start == len(SENTENCES[0].format(n=0)) + 2
    assert changed.before_version != changed.after_version
    assert all(row.observed for row in history)


def test_rows_follow_to_their_new_place_and_nothing_is_left_out_uncounted(edited):
    before = {row["id"]: row for row in edited.rows()}
    edited.edit()
    outcome = build_campaign(edited.campaign)
    after = {row["id"]: row for row in edited.rows()}
    articles = {row.id: row for row in read_articles(edited.campaign.article_files)}
    for row in after.values():
        assert articles[row["article_id"]].text[row["start"] : row["end"]] == row["text"] == before[row["id"]]["text"]
        assert row["article_version"] == articles[row["article_id"]].version
        assert row["stance"] == before[row["id"]]["stance"]
    shifted = [row for row in after.values() if row["article_id"] == "a2"]
    assert all(row["start"] > before[row["id"]]["start"] for row in shifted)
    outdated = read_jsonl(edited.at("outdated.jsonl"), Outdated)
    assert len(shifted) == 3
    assert before.keys() - after.keys() == {row.item_id for row in outdated}
    assert sorted(row.kind for row in outdated) == ["changed", "gone", "gone", "gone", "gone"]
    assert outcome.items == TransferCounts(kept=25, followed=0, changed=1, gone=4)
    assert (outcome.rows, outcome.annotations) == (25, 50)
    assert "1 changed: labels do not follow" in outcome.line()
    assert "4 gone; each is in outdated.jsonl" in outcome.line()


def test_no_row_changes_its_split_because_others_are_gone(edited):
    before = {example.id: example.split for example in read_records(Store(edited.campaign)).examples}
    edited.edit()
    assert {example.id: before[example.id] for example in read_records(Store(edited.campaign)).examples} == {
        example.id: example.split for example in read_records(Store(edited.campaign)).examples
    }


def test_card_and_report_are_written_and_the_card_counts_what_has_no_row(edited):
    edited.edit()
    build_campaign(edited.campaign)
    card_campaign(edited.campaign)
    report_campaign(edited.campaign)
    card = (edited.at("dataset") / "README.md").read_text()
    assert "edited after annotation: 5 (1 changed, 4 gone). `changed` and `gone` have no row" in card
    assert "earlier wording" not in card
    assert sum(read_json(edited.at("dataset") / "certificate.json")["sizes"].values()) == 25


def test_labels_follow_a_change_where_the_campaign_says_from_what_share_of_words(edited):
    edited.edit()
    edited.configure("[paragraphs]\nfollow_changed = 0.9")
    outcome = build_campaign(edited.campaign)
    assert outcome.items == TransferCounts(kept=25, followed=1, changed=0, gone=4)
    assert "1 changed and labels follow" in outcome.line()
    row = next(row for row in edited.rows() if "mistress" in row["text"])
    assert row["stance"] is not None
    assert "their labels were given to the earlier wording" in (edited.at("dataset") / "README.md").read_text()
    edited.configure("[paragraphs]\nfollow_changed = 0.99")
    assert build_campaign(edited.campaign).items.changed == 1


def test_what_follows_is_measured_against_the_words_that_were_asked_about_not_step_by_step(edited):
    texts = [sentence.format(n=0) for sentence in SENTENCES]
    words = texts[0].split()
    edited.configure("[paragraphs]\nfollow_changed = 0.8")
    for step in range(1, 5):  # each step changes one word of seventeen
        words[step * 2] = f"other{step}"
        edited.write([article(0, [" ".join(words), *texts[1:]]), *(article(n) for n in range(1, 10))])
        counts = segment_campaign(edited.campaign, silent).items
        followed = step <= 3
        assert (counts.followed, counts.changed) == (followed, not followed), step


def test_an_edit_that_is_taken_back_gives_the_label_back(edited):
    before = edited.rows()
    edited.edit()
    edited.write([article(n) for n in range(10)])
    assert segment_campaign(edited.campaign, silent).items.kept == 30
    build_campaign(edited.campaign)
    assert edited.rows() == before


def test_a_plan_that_people_have_answered_is_kept_through_edits_and_refused_when_asked_otherwise(edited):
    items, splits = edited.at("items.jsonl").read_bytes(), edited.at("splits.jsonl").read_bytes()
    edited.edit()
    outcome = plan_campaign(edited.campaign)
    assert "30 items, pushed already and kept" in outcome.line()
    assert outcome.facts()["placed"]["gone"] == 4
    edited.path.write_text(edited.path.read_text().replace("votes = 2", "votes = 3"))
    with pytest.raises(ConfigError, match="pushed already"):
        plan_campaign(edited.campaign)
    assert (edited.at("items.jsonl").read_bytes(), edited.at("splits.jsonl").read_bytes()) == (items, splits)


def test_a_push_shows_the_items_whose_paragraph_is_there(edited):
    edited.edit()
    carried = carried_items(Store(edited.campaign))
    shown = shown_of(edited.campaign, carried.items, Store(edited.campaign).paragraphs)
    assert len(shown) == 25
    assert next(each.shown for each in shown if each.item.article_id == "a2").next


def test_the_paragraphs_come_back_byte_for_byte_and_the_history_stays(edited):
    edited.edit()
    paragraphs, history = edited.at("paragraphs.jsonl").read_bytes(), edited.at("versions.jsonl").read_bytes()
    edited.at("paragraphs.jsonl").unlink()
    outcome = segment_campaign(edited.campaign, silent)
    assert edited.at("paragraphs.jsonl").read_bytes() == paragraphs
    assert edited.at("versions.jsonl").read_bytes() == history
    assert "versions" not in outcome.facts()
    assert outcome.facts()["items"] == {"kept": 25, "followed": 0, "changed": 1, "gone": 4}


def test_a_history_that_was_written_twice_because_of_an_interruption_says_the_same(edited):
    edited.edit()
    history = edited.at("versions.jsonl")
    history.write_bytes(history.read_bytes() * 2)
    edited.configure("[paragraphs]\nfollow_changed = 0.9")
    assert segment_campaign(edited.campaign, silent).items == TransferCounts(kept=25, followed=1, changed=0, gone=4)


def test_where_no_paragraph_is_left_the_dataset_is_not_overwritten(edited):
    edited.write([article(99)])
    segment_campaign(edited.campaign, silent)
    with pytest.raises(DataError, match="the paragraphs of all 30 items are missing"):
        build_campaign(edited.campaign)
    assert len(edited.rows()) == 30


# --- limits of length ------------------------------------------------------------------------------------------------


def test_limits_of_the_campaign_take_effect_until_people_were_asked(edited):
    for name in ("studio.json", "annotations.jsonl"):
        edited.at(name).unlink()
    edited.configure("[paragraphs]\nlongest = 40\nshortest = 0")
    two = SENTENCES[0] + " " + SENTENCES[1]
    edited.write([article(0, [two])])
    assert segment_campaign(edited.campaign, silent).limits == Limits(longest=40, shortest=0)
    texts = [row.text for row in read_jsonl(edited.at("paragraphs.jsonl"), Paragraph)]
    assert texts == list(SENTENCES[:2])


def test_other_limits_are_refused_once_people_were_asked_and_nothing_is_touched(edited):
    before = edited.at("paragraphs.jsonl").read_bytes()
    edited.configure("[paragraphs]\nreadable = true")
    with pytest.raises(ConfigError, match=r"\[paragraphs\].*cut with other limits \(none, as printed\)"):
        segment_campaign(edited.campaign, silent)
    assert edited.at("paragraphs.jsonl").read_bytes() == before


def test_limits_that_are_changed_make_the_step_stale(edited):
    files = segment_inputs(edited.campaign), segment_outputs(edited.campaign)
    assert Store(edited.campaign).is_current("segment", *files)
    edited.configure("[paragraphs]\nlongest = 400")
    assert not Store(edited.campaign).is_current("segment", *files)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ("longest = 10\nshortest = 11", r"shortest \(11\) is more than longest \(10\)"),
        ("longest = 0", "longest"),
        ('longest = "many"', "longest"),
        ("follow_changed = true", "follow_changed"),
        ("follow_changed = 1.5", "follow_changed"),
        ("tiny = 3", "unknown field 'tiny' in paragraphs"),
    ],
)
def test_limits_that_cannot_be_meant_are_refused(edited, options, message):
    edited.configure(f"[paragraphs]\n{options}")
    with pytest.raises(ConfigError, match=message):
        _ = edited.campaign


def test_a_null_title_is_no_title(edited):
    edited.write([article(0) | {"title": None, "meta": None}])
    assert {row.id: row for row in read_articles(edited.campaign.article_files)}["a0"].title == ""
