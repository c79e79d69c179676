"""The facts of a small campaign about the invented country Selmara, small enough to check by hand."""

import pytest

from toolkit.baselines.rows import TextRow
from toolkit.baselines.training import train_baseline
from toolkit.campaigns.simulation import SimulationExtent
from toolkit.codebook import Codebook, Label, Question
from toolkit.labels.agreement.headline import agreement
from toolkit.records import Gold, Vote
from toolkit.report.facts import (
    AnnotatorRow,
    CorpusFacts,
    OutletCount,
    QuestionFacts,
    ReportFacts,
    TargetRow,
    UnresolvedItem,
    WorkFacts,
    label_shares,
    unresolved_share,
)
from toolkit.splitting.certificate import Certificate

LABELS = ("favour", "neutral", "against")
VOTES = {  # item -> the labels that three annotators gave
    "a1": ("favour", "favour", "favour"),
    "a2": ("favour", "favour", "neutral"),
    "b1": ("against", "against", "against"),
    "b2": ("neutral", "neutral", "unclear"),
    "c1": ("favour", "neutral", "against"),
    "c2": ("against", "against", "neutral"),
}
WORDINGS = {"favour": "the ferry runs on time at last", "against": "the ferry is late again", "neutral": "the ferry"}


def gold(item, label, status):
    return Gold(
        item_id=item, question="stance", label=label, status=status, method="majority", n_votes=3, votes={}, soft={}
    )


def stance_facts():
    votes = [
        Vote(question="stance", item_id=item, annotator=f"r{number}", label=label, cluster=item[0])
        for item, labels in VOTES.items()
        for number, label in enumerate(labels)
    ]
    rows = [
        gold("a1", "favour", "unanimous"),
        gold("a2", "favour", "majority"),
        gold("b1", "against", "unanimous"),
        gold("b2", "neutral", "majority"),
        gold("c1", None, "unresolved"),
        gold("c2", "against", "majority"),
    ]
    clusters, chances = {item: item[0] for item in VOTES}, dict.fromkeys(VOTES, 0.5)
    return QuestionFacts(
        name="stance",
        agreement=agreement(votes, LABELS, ("unclear",), seed=1),
        labels={"favour": 2, "neutral": 1, "against": 2},
        statuses={"majority": 3, "unanimous": 2, "unresolved": 1},
        shares=label_shares(rows, LABELS, clusters, chances, seed=1),
        unresolved=unresolved_share(rows, clusters, chances, seed=1),
    )


def one_sided_facts():
    votes = [
        Vote(question="tone", item_id=item, annotator=annotator, label="calm", cluster=item)
        for item in ("a1", "b1")
        for annotator in ("r0", "r1")
    ]
    return QuestionFacts(
        name="tone",
        agreement=agreement(votes, ("calm", "loud"), (), seed=1),
        labels={"calm": 2, "loud": 0},
        statuses={"unanimous": 2},
    )


def trained():
    rows = [
        TextRow(id=f"{n:02}", text=f"{WORDINGS[label]}, {n}", label=label, cluster=f"{n // 2}", group=f"{n // 2}",
            split="test" if n % 5 == 0 else "train")
        for n, label in enumerate(LABELS * 8)
    ]  # fmt: skip
    return train_baseline(rows, LABELS, ("favour", "against"), seed=1).facts


def codebook():
    labels = (
        Label(name="favour", title={"en": "Favour"}, definition={"en": "Speaks for the target."}, scale=1),
        Label(name="neutral", title={"en": "Neutral"}, scale=0),
        Label(name="against", title={"en": "Against"}, scale=-1),
        Label(name="unclear", title={"en": "Unclear"}, no_answer=True),
    )
    tones = (Label(name="calm", title={"en": "Calm"}), Label(name="loud", title={"en": "Loud"}))
    return Codebook(
        name="small",
        version="2.0",
        title={"en": "A small codebook"},
        questions=(
            Question(name="stance", text={"en": "Where does it stand towards {target}?"}, required=True, labels=labels),
            Question(name="tone", text={"en": "How loud is it?"}, when={"stance": ("favour",)}, labels=tones),
        ),
    )


def make_facts():
    return ReportFacts(
        name="ferry",
        title="The ferry of Port Ilva",
        description="Six paragraphs of three articles.",
        language="en",
        seed=1,
        codebook=codebook(),
        versions={"python": "3.11.9", "stance-toolkit": "0.1.0"},
        simulation=SimulationExtent(extent="none"),
        corpus=CorpusFacts(
            articles=3,
            period=("2024-02-01", "2024-03-05"),
            outlets=(OutletCount(name="The Lantern", articles=3, paragraphs=1234, items=6),),
            roles={"body": 1230, "headline": 4},
            asked_roles=("body", "quote"),
            dropped={"too short": 7},
            clusters=1,
            clustered_articles=2,
        ),
        work=WorkFacts(
            items=6,
            selection="stratified",
            votes_asked={3: 5, 4: 1},
            annotations=18,
            left_out={"skipped": 2, "superseded": 1},
            short_items=1,
            annotators=(
                AnnotatorRow(pseudonym="r0", kind="human", answered=6, skipped=2, median_seconds=17.25),
                AnnotatorRow(pseudonym="r1", kind="human", answered=6, skipped=0, median_seconds=None),
                AnnotatorRow(pseudonym="r2", kind="human", answered=6, skipped=0, median_seconds=12.0),
            ),
        ),
        targets=(TargetRow(title="the ferry company", note="owned by the town since January", items=6),),
        questions=(stance_facts(), one_sided_facts()),
        certificate=Certificate(
            sizes={"test": 2, "train": 4},
            articles={"test": 1, "train": 2},
            shared={"article_id": 0, "cluster": 0, "text": 0},
            label_shares={"stance": {"test": {"against": 1.0}, "train": {"favour": 0.5, "against": 0.5}}},
            label_drift={"stance": 0.5},
        ),
        scores=trained(),
        scored_question="stance",
        unresolved=(
            UnresolvedItem(
                question="stance",
                headline="Ferry row goes on",
                text="“It comes when it comes,” said the pilot.",
                target="the ferry company",
                votes={"favour": 1, "neutral": 1, "against": 1},
            ),
        ),
        unresolved_total=1,
    )


@pytest.fixture(scope="session")
def facts():
    return make_facts()
