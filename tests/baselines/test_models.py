import re
import subprocess
import sys

import pytest

from toolkit.baselines.models import learn_majority, learn_text, predict, text_features, word_pattern
from toolkit.baselines.rows import TextRow
from toolkit.errors import DataError

LABELS = ("pro_government", "neutral", "opposition")


def _rows(*pairs):
    return [
        TextRow(id=str(n), text=text, label=label, cluster=str(n), group=str(n))
        for n, (text, label) in enumerate(pairs)
    ]


def test_the_majority_rule_gives_the_commonest_label():
    rows = _rows(("x", "opposition"), ("y", "neutral"), ("z", "opposition"))
    model = learn_majority(rows, LABELS)
    assert model.label == "opposition"
    assert model.shares == {"pro_government": 0, "neutral": 1 / 3, "opposition": 2 / 3}
    assert [found.label for found in model.predict(rows)] == ["opposition"] * 3


def test_of_two_common_labels_the_first_in_the_order_of_the_labels_wins_whatever_the_order_of_the_rows():
    rows = _rows(("x", "opposition"), ("y", "neutral"))
    assert learn_majority(rows, LABELS).label == learn_majority(rows[::-1], LABELS).label == "neutral"


def test_the_text_model_learns_what_words_tell():
    rows = _rows(("the reckless cabinet", "opposition"), ("the wise cabinet", "pro_government")) * 3
    model = learn_text(rows, LABELS)
    found = predict(model, {"p": "a reckless plan", "q": "a wise plan"})
    assert [(prediction.id, prediction.label) for prediction in found] == [("p", "opposition"), ("q", "pro_government")]
    assert found[0].fold is None


def test_scores_are_probabilities_of_all_labels_in_their_order():
    rows = _rows(("the reckless cabinet", "opposition"), ("the wise cabinet", "pro_government"))
    scores = predict(learn_text(rows, LABELS), {"p": "the cabinet"})[0].scores
    assert tuple(scores) == LABELS
    assert scores["neutral"] == 0  # never met
    assert sum(scores.values()) == pytest.approx(1)


def test_a_rare_label_is_not_swamped():
    ruined = [("the ruined timetable", "neutral")] * 6 + [("the ruined timetable", "opposition")] * 4
    other = [("the timetable", "neutral")] * 30 + [("the timetable", "opposition")] * 2
    model = learn_text(_rows(*ruined, *other), LABELS)  # 4 in 10 are opposition, twice its share overall
    assert predict(model, {"p": "the ruined timetable"})[0].label == "opposition"


def test_a_text_without_a_known_word_is_labelled_all_the_same():
    rows = _rows(("the reckless cabinet", "opposition"), ("the wise cabinet", "pro_government"))
    assert predict(learn_text(rows, LABELS), {"p": "", "q": "12 %"})[0].label in LABELS


def test_nothing_to_predict_is_nothing_predicted():
    rows = _rows(("the reckless cabinet", "opposition"), ("the wise cabinet", "pro_government"))
    assert predict(learn_text(rows, LABELS), {}) == []


def test_texts_without_words_are_refused():
    with pytest.raises(DataError, match="no word to learn from in 2 texts"):
        learn_text(_rows(("...", "neutral"), ("!", "opposition")), LABELS)


def test_with_few_texts_a_word_counts_that_stands_in_one_of_them():
    few = text_features(["mills", "ferries"]).fit(["mills", "ferries"])
    assert "words__mills" in few.get_feature_names_out()
    many = ["harbour"] * 30 + ["mills"]
    assert "words__mills" not in text_features(many).fit(many).get_feature_names_out()


def test_importing_the_baselines_loads_no_slow_library():
    code = (
        "import sys, toolkit.baselines.training, toolkit.baselines.persistence; "
        "print([name for name in ('sklearn', 'skops', 'pandas', 'scipy') if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_words_keep_their_marks_and_undivided_scripts_are_read_by_character():
    features = text_features(["मीना मना", "ไปได้", "港口开放", "e\u0301tage"]).fit(
        ["मीना मना", "ไปได้", "港口开放", "e\u0301tage"]
    )
    names = [name.removeprefix("words__") for name in features.get_feature_names_out() if name.startswith("words__")]
    assert {"मीना", "मना", "ไปได้", "港", "港 口", "e\u0301tage"} <= set(names)


def test_words_of_plain_letters_are_those_of_scikit_learn():
    text = "In Selmara, Port_Ilva's 12 mills (re-opened) a b co-op; über naïve Straße 3rd."
    assert re.findall(word_pattern(), text) == re.findall(r"(?u)\b\w\w+\b", text)


def test_features_without_a_term_are_dropped():
    rows = _rows(*((f"港{chr(0x4E00 + n)}{'开放' if n % 2 else '关闭'}", LABELS[n % 2]) for n in range(30)))
    assert predict(learn_text(rows, LABELS), {"p": "开放"})[0].label == "neutral"
    unique = _rows(*((f"wise{n:02}" if n % 2 else f"{n:02}reckless", LABELS[n % 2]) for n in range(30)))
    model = learn_text(unique, LABELS)  # no word occurs twice
    assert [name for name, _ in model.pipeline.named_steps["features"].transformer_list] == ["letters"]
    assert predict(model, {"p": "wise"})[0].label == "neutral"
