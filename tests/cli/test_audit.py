"""Annotators and labels, audited from tables and from a campaign."""

import numpy as np
import pytest
from support.campaigns import answered_campaign

from toolkit.tables import read_table, write_table


@pytest.fixture
def votes(tmp_path):
    rng = np.random.default_rng(0)
    rows = []
    for n in range(60):
        truth = rng.integers(3)
        for who in range(12):
            label = truth if rng.random() < 0.8 else rng.integers(3)
            label = 2 if who == 0 and rng.random() < 0.6 else label
            seconds = 1 if who == 1 else int(rng.integers(10, 40))
            rows.append(
                {
                    "item": f"i{n}",
                    "annotator": f"r{who}",
                    "label": ["against", "neutral", "pro"][label],
                    "seconds": seconds,
                    "created": f"2024-01-01T00:{n:02}:00",
                    "suggestion": "pro" if n < 20 else "",
                    "shown": "yes" if who % 2 else "no",
                }
            )
    write_table(tmp_path / "votes.csv", rows)
    return tmp_path / "votes.csv"


def test_annotators_of_a_table_with_flags_and_their_evidence(stance, votes):
    said = stance(
        "audit", "annotators", votes, "--order", "against,neutral,pro", "--seconds", "seconds", "--time", "created"
    )
    assert said.code == 0, said.err
    lines = {line.split(":")[0]: line for line in said.out.splitlines()}
    assert "LOOK: direction: +" in lines["r0"]
    assert "LOOK: speeding: median 1.0 s, the others' 2" in lines["r1"]
    assert "LOOK" not in lines["r5"]


def test_anchoring_where_suggestions_were_shown_to_some(stance, votes):
    facts = stance("audit", "annotators", votes, "--suggestion", "suggestion", "--shown", "shown", "--json").facts
    assert facts["anchoring"]["n"] == 240


def test_leaning_stays_in_its_own_file(stance, votes, tmp_path):
    rows = [{"annotator": f"r{n}", "leaning": n - 6, "consent": "yes" if n < 11 else "no"} for n in range(12)]
    write_table(tmp_path / "leaning.csv", rows)
    words = ["audit", "annotators", votes, "--order", "against,neutral,pro", "--leaning", tmp_path / "leaning.csv"]
    said = stance(*words)
    assert "leaning: 11 annotators who gave consent" in said.out
    assert "(permuted annotators)" in said.out
    facts = stance(*words, "--json").facts
    assert facts["leaning"]["people"] == 11
    assert not any("leaning" in one for one in facts["annotators"])
    assert stance("audit", "annotators", votes, "--leaning", tmp_path / "leaning.csv").code == 2


def test_stance_against_sentiment_of_a_table(stance, tmp_path):
    rows = [
        {"id": n, "text": f"t{n}", "stance": "ab"[n % 2], "sentiment": "ud"[(n // 3) % 2], "outlet": f"o{n % 5}"}
        for n in range(60)
    ]
    write_table(tmp_path / "t.csv", rows)
    words = ["audit", "sentiment", tmp_path / "t.csv", "--stance", "stance", "--sentiment", "sentiment", "--id", "id"]
    said = stance(*words, "--by", "outlet", "-o", tmp_path / "read.csv")
    assert "macro-F1 of a rule that only sees sentiment" in said.out
    assert "by outlet: o0 " in said.out
    read = read_table(tmp_path / "read.csv")
    assert read[0]["text"] == f"t{read[0]['id']}"
    assert "no column 'tone'" in stance("audit", "sentiment", tmp_path / "t.csv", "--sentiment", "tone").err


def test_a_campaign_and_its_doubtful_labels(stance, tmp_path):
    campaign = answered_campaign(stance, tmp_path / "w")
    said = stance("audit", "annotators", campaign.path)
    assert [line.split(":")[0] for line in said.out.splitlines()] == ["ann-1", "ann-2", "ann-3"]
    said = stance("audit", "sentiment", campaign.path, "--stance", "stance", "--sentiment", "voice")
    assert "by annotator: ann-" in said.out
    assert stance("build", campaign.path).code == 0
    train = read_table(campaign.at("dataset") / "data" / "gold" / "train.parquet")
    test = read_table(campaign.at("dataset") / "data" / "gold" / "test.parquet")
    rows = [{"id": row["id"], "fold": 0, "p_neutral": 0.5, "p_opposition": 0.4, "p_mixed": 0.1} for row in train + test]
    write_table(tmp_path / "p.csv", rows)
    out = tmp_path / "look.csv"
    words = ["--predictions", tmp_path / "p.csv", "-o", out]
    said = stance("audit", "labels", campaign.path, *words)
    assert said.code == 0, said.err
    sheet = read_table(out)
    assert {row["id"] for row in sheet} <= {row["id"] for row in train}
    assert "drawn" not in sheet[0]
    write_table(out, [row | {"wrong": "no"} for row in sheet])
    said = stance("audit", "labels", campaign.path, "--review", out)
    assert "random 0 of " in said.out
