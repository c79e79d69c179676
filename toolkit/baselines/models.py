"""The baselines of the ladder: rules and models that are fitted on labelled rows and predict labels."""

import re
import unicodedata
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from functools import cache
from typing import Any, Generic, Protocol, TypeVar

from msgspec import Struct

from toolkit.baselines.rows import TextRow
from toolkit.errors import DataError
from toolkit.records import Prediction
from toolkit.words import plural

_C = 1.0  # 0.3 and 3 are within .015 of macro-F1 of it on each of four public sets, neither better on most
_FEATURES = "tfidf(word1-2+char_wb2-4,sublinear,min_df2)"
_FEW_TEXTS = 20  # with fewer texts hardly any word occurs in two of them, so all words are used


class FittedModel(Protocol):
    """A model or rule that predicts the label of rows."""

    def predict(self, rows: Sequence[TextRow]) -> list[Prediction]:
        """A prediction for each row, in the order of the rows."""
        ...


M_co = TypeVar("M_co", bound=FittedModel, covariant=True)


class Learner(Struct, Generic[M_co], frozen=True, kw_only=True):
    """A method that fits a model on labelled rows."""

    name: str
    reads_text: bool
    settings: str  # for the signature
    learn: Callable[[Sequence[TextRow], Sequence[str]], M_co]  # every row has one of the labels


class MajorityModel(Struct, frozen=True, kw_only=True):
    """The rule that gives every row the most frequent label."""

    label: str
    shares: dict[str, float]  # of each label among the rows that it was fitted on

    def predict(self, rows: Sequence[TextRow]) -> list[Prediction]:
        """The most frequent label for each row."""
        return [Prediction(id=row.id, label=self.label, scores=self.shares) for row in rows]


class TextModel(Struct, frozen=True, kw_only=True):
    """A linear model over TF-IDF features."""

    labels: tuple[str, ...]
    pipeline: Any  # a fitted pipeline of scikit-learn, from texts to probabilities

    def predict(self, rows: Sequence[TextRow]) -> list[Prediction]:
        """The most probable label of each row's text."""
        return predict(self, {row.id: row.text for row in rows})


def learn_majority(rows: Sequence[TextRow], labels: Sequence[str]) -> MajorityModel:
    """The rule of the most frequent label; of equally frequent ones the first in the order of the labels."""
    counts = Counter(row.label for row in rows)
    most_frequent = max(labels, key=lambda label: counts[label])
    return MajorityModel(label=most_frequent, shares={label: counts[label] / len(rows) for label in labels})


_UNDIVIDED = "\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003134f"  # kana and Han characters


@cache
def word_pattern() -> str:
    """The pattern of a word of two characters or more, in any script; a Han character or kana is a word by itself.

    Marks (vowel signs, accents, joiners) belong to the word that they stand in.

    >>> re.findall(word_pattern(), "a जीत the 中国")
    ['जीत', 'the', '中', '国']
    """
    marks = "".join(
        character
        for character in map(chr, range(0x300, 0x1E94B))
        if unicodedata.category(character) in ("Mn", "Mc") and not re.match(r"\w", character)
    )
    letter = rf"[^\W{_UNDIVIDED}]"
    return rf"[{_UNDIVIDED}]|{letter}(?:{letter}+|[{marks}\u200c\u200d]+)+"


def text_features(texts: Sequence[str]) -> Any:  # noqa: ANN401 - scikit-learn has no types
    """Unfitted TF-IDF features for texts: words, pairs of words, and sequences of 2 to 4 letters within words.

    Letters help in languages that inflect or compound words. They add .02 to .03 of macro-F1 on short English and
    Spanish texts and cost .01 on long ones.
    """
    from sklearn.feature_extraction.text import TfidfVectorizer
    from sklearn.pipeline import FeatureUnion

    least = 1 if len(texts) < _FEW_TEXTS else 2
    words = TfidfVectorizer(token_pattern=word_pattern(), ngram_range=(1, 2), sublinear_tf=True, min_df=least)
    letters = TfidfVectorizer(analyzer="char_wb", ngram_range=(2, 4), sublinear_tf=True, min_df=least)
    return FeatureUnion([("words", words), ("letters", letters)])


def learn_text(rows: Sequence[TextRow], labels: Sequence[str]) -> TextModel:
    """A logistic regression on TF-IDF features, labels weighted inversely to their frequency.

    The weights raised macro-F1 on each of four public sets, by .01 to .05.

    Raises:
        DataError: the rows have fewer than two labels, or no word in common.
    """
    from sklearn.linear_model import LogisticRegression
    from sklearn.pipeline import Pipeline

    present = {row.label for row in rows}
    if len(present) < 2:
        raise DataError(
            f"training rows: {plural(len(present), 'label')} in {plural(len(rows), 'row')}; a text model needs two"
        )
    texts = [row.text for row in rows]
    regression = LogisticRegression(C=_C, class_weight="balanced", max_iter=1000)
    features, answers = text_features(texts), [row.label for row in rows]
    try:
        pipeline = Pipeline([("features", features), ("regression", regression)]).fit(texts, answers)
    except ValueError as error:
        has_words = any(re.search(r"\w", text) for text in texts)
        kept = [pair for pair in features.transformer_list if has_words and _has_terms(pair[1], texts)]
        features.transformer_list = kept
        if not features.transformer_list:
            raise DataError(
                f"training rows: no word to learn from in {plural(len(rows), 'text')} ({error}); check the column with "
                "the texts, or label more rows"
            ) from error
        pipeline = Pipeline([("features", features), ("regression", regression)]).fit(texts, answers)
    return TextModel(labels=tuple(labels), pipeline=pipeline)


def _has_terms(vectorizer: Any, texts: Sequence[str]) -> bool:  # noqa: ANN401 - scikit-learn has no types
    try:
        vectorizer.fit(texts)
    except ValueError:
        return False
    return True


def predict(model: TextModel, texts: Mapping[str, str]) -> list[Prediction]:
    """The most probable label of each text, in the order of the texts; of equally probable ones the first label.

    Args:
        model: each of its labels gets a score; one that no training row had gets 0.
        texts: id -> text.
    """
    if not texts:
        return []
    classes = [str(label) for label in model.pipeline.classes_]
    predictions = []
    for text_id, row in zip(texts, model.pipeline.predict_proba(list(texts.values())), strict=True):
        by_label = dict(zip(classes, map(float, row), strict=True))
        scores = {label: by_label.get(label, 0.0) for label in model.labels}
        predictions.append(Prediction(id=text_id, label=max(scores, key=scores.__getitem__), scores=scores))
    return predictions


MAJORITY = Learner(name="majority", reads_text=False, settings="most-frequent", learn=learn_majority)
TFIDF = Learner(
    name="tfidf", reads_text=True, settings=f"{_FEATURES}+logistic-regression(C{_C:g},balanced)", learn=learn_text
)
