import pytest

from toolkit.codebook import Codebook, Label, Question
from toolkit.records import Answered, Example

STANCE = Question(
    name="stance",
    text={"en": "Towards {target}?"},
    required=True,
    labels=(
        Label(name="pro", title={}, scale=1),
        Label(name="neutral", title={}, scale=0),
        Label(name="against", title={}, scale=-1),
        Label(name="unclear", title={}, no_answer=True),
    ),
)


@pytest.fixture
def book():
    return Codebook(name="b", version="1", title={}, questions=(STANCE,))


@pytest.fixture
def example():
    def make(number, label="pro", split="train"):
        return Example(
            id=f"i{number}",
            article_id=f"a{number // 2}",
            article_version="v",
            unit="paragraph",
            start=0,
            end=1,
            target="the government",
            outlet="chronicle",
            origin=None,
            published="2024-01-01",
            language="en",
            country="XS",
            role="body",
            text=f"Paragraph {number}.",
            headline="Headline",
            previous="",
            next="",
            stratum="",
            propensity=0.5,
            split=split,
            cluster=f"a{number // 2}",
            answers={
                "stance": Answered(
                    label=label,
                    status="unresolved" if label is None else "majority",
                    votes={"pro": 2, "unclear": 1},
                    soft={"pro": 1.0},
                )
            },
        )

    return make
