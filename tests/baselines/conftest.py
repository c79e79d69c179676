"""Short texts about the invented country Selmara, whose wording gives their label away most of the time."""

import numpy as np
import pytest

from toolkit.baselines.rows import TextRow

LABELS = ("pro_government", "neutral", "opposition")
_OPENINGS = ("In Selmara", "On Monday", "By the harbour of Port Ilva", "After the vote", "In the northern valleys")
_WORDINGS = {
    "pro_government": ("the cabinet's wise reform saved the ferry line", "ministers kept their promise to the mills"),
    "neutral": ("the cabinet meets again in the third week of May", "ministers published the timetable of the ferry"),
    "opposition": ("the cabinet's reckless reform ruined the ferry line", "ministers broke their promise to the mills"),
}


def make_rows(articles=24, paragraphs=4, seed=0):
    """Rows of articles, six of ten in train, two in validation, two in test; one label in five is noise."""
    generator = np.random.default_rng(seed)
    rows = []
    for article in range(articles):
        split = ("train", "train", "train", "validation", "test")[article % 5]
        for paragraph in range(paragraphs):
            meant = LABELS[generator.integers(3)]
            label = meant if generator.random() < 0.8 else LABELS[generator.integers(3)]
            text = f"{_OPENINGS[generator.integers(5)]} {_WORDINGS[label][generator.integers(2)]}."
            name = f"article-{article:02}"
            rows.append(
                TextRow(id=f"{name}/{paragraph}", text=text, label=meant, cluster=name, group=name, split=split)
            )
    return rows


@pytest.fixture(scope="session")
def selmara():
    return tuple(make_rows())
