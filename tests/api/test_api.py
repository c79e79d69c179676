"""The functions as a stranger calls them: ids that are numbers, missing labels, Series, lists, paths, empty frames."""

import subprocess
import sys

import pandas as pd
import pytest

import toolkit

VOTES = pd.DataFrame(
    {"item": [1, 1, 2, 2, 10, 10], "annotator": [7, 8] * 3, "label": ["for", "for", "for", "against", None, "against"]}
)
FUNCTIONS = [
    toolkit.segment, toolkit.duplicates, toolkit.agreement, toolkit.aggregate, toolkit.audit_annotators,
    toolkit.audit_sentiment, toolkit.audit_labels, toolkit.certify, toolkit.train,
    lambda table: toolkit.evaluate(table, table), toolkit.load_gold, toolkit.load_model, toolkit.Campaign,
]  # fmt: skip
NO_TABLES = [
    [], [None], [1], 5, "nothing.csv", pd.DataFrame(), pd.DataFrame({"other": [1]}), pd.Series(dtype=str),
    pd.DataFrame({"text": ["a", None]}), pd.DataFrame({"text": ["a", float("nan")]}),
]  # fmt: skip


@pytest.mark.parametrize("function", FUNCTIONS)
@pytest.mark.parametrize("number", range(len(NO_TABLES)))
def test_what_holds_no_table_is_an_error_of_the_toolkit(function, number, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    if number == 2 and function is FUNCTIONS[9]:
        pytest.skip("a list of labels")
    with pytest.raises(toolkit.ToolkitError):
        function(NO_TABLES[number])


def test_votes_with_numbers_as_ids_and_a_missing_label(tmp_path):
    gold = toolkit.aggregate(VOTES)
    assert dict(zip(gold["item"], gold["status"], strict=True)) == {1: "unanimous", 2: "unresolved", 10: "single"}
    assert gold["label"].isna().tolist() == [False, True, False] or gold["label"].tolist()[0] in ("for", "against")
    VOTES.to_csv(tmp_path / "votes.csv", index=False)
    of_file = toolkit.aggregate(str(tmp_path / "votes.csv"))
    assert of_file["item"].tolist() == [str(item) for item in gold["item"]]
    assert of_file["status"].tolist() == gold["status"].tolist()


def test_agreement_has_typed_fields_prints_well_and_becomes_a_dictionary(tmp_path):
    result = toolkit.agreement(VOTES)
    assert result.n_votes == 5
    assert repr(result) == str(result)
    assert str(result).startswith("alpha ")
    assert result.to_dict()["alpha"]["value"] == result.alpha.value
    VOTES.to_parquet(tmp_path / "votes.parquet")
    assert toolkit.agreement(tmp_path / "votes.parquet").to_dict() == result.to_dict()


def test_undefined_agreement_has_a_reason_and_no_value():
    alpha = toolkit.agreement(VOTES.assign(label="for")).alpha
    assert alpha.value is None
    assert "all votes are equal" in alpha.reason


def test_texts_as_a_list_a_series_a_frame_and_a_file_have_the_same_paragraphs(tmp_path):
    text = "One paragraph.\n\nAnother paragraph."
    (tmp_path / "a.txt").write_text(text)
    frames = [
        toolkit.segment([text]),
        toolkit.segment(pd.Series([text], index=[9])),
        toolkit.segment(pd.DataFrame({"body": [text]}), text="body"),
        toolkit.segment(tmp_path / "a.txt"),
        toolkit.segment(str(tmp_path / "a.txt")),
    ]
    for frame in frames:
        assert frame[["start", "end", "text"]].to_numpy().tolist() == [
            [0, 14, "One paragraph."],
            [16, 34, "Another paragraph."],
        ]


def test_ids_keep_their_type():
    frame = pd.DataFrame({"id": [4, 7], "text": ["One paragraph.", "Another paragraph."]})
    assert toolkit.segment(frame)["article_id"].tolist() == [4, 7]


def test_a_model_is_saved_and_read_back_with_the_same_predictions(tmp_path):
    frame = pd.DataFrame(
        {"text": [f"{'good' if n % 2 else 'bad'} day {n}" for n in range(40)], "label": [n % 2 for n in range(40)]}
    )
    model = toolkit.train(frame)
    assert model.labels == ("0", "1")
    assert model.scores is not None
    model.save(tmp_path / "model.skops")
    again = toolkit.load_model(str(tmp_path / "model.skops"))
    assert again.scores is None
    expected = model.predict(frame.head(3))
    assert again.predict(frame["text"].head(3)).equals(expected)
    assert expected["label"].tolist() == ["0", "1", "0"]


def test_predictions_without_their_gold_are_refused():
    with pytest.raises(toolkit.ToolkitError, match="2 predictions and 1 gold labels"):
        toolkit.evaluate(["a", "b"], ["a"])
    assert toolkit.evaluate(pd.Series([1, 2]), [1.0, 2.0]).accuracy.value == 1


def test_a_split_that_shares_a_group_is_seen():
    frame = pd.DataFrame({"text": ["a", "b", "c"], "split": ["train", "test", None], "group": [1, 1, 2]})
    certificate = toolkit.certify(frame, group="group")
    assert certificate.shared["cluster"] == 1
    assert certificate.sizes == {"none": 1, "test": 1, "train": 1}
    with pytest.raises(toolkit.ToolkitError, match="allowed: train, validation, test"):
        toolkit.certify(frame.assign(split="dev"))


def test_the_version_is_that_of_the_package():
    done = subprocess.run([sys.executable, "-m", "toolkit", "--version"], capture_output=True, text=True)
    assert toolkit.__version__ == done.stdout.strip()


def test_an_unknown_level_or_method_is_answered_with_the_allowed_ones():
    votes = pd.DataFrame({"item": [1, 1], "annotator": ["a", "b"], "label": ["x", "y"]})
    with pytest.raises(toolkit.ToolkitError, match="level 'nom': allowed: nominal, ordinal, interval, ratio"):
        toolkit.agreement(votes, level="nom")
    with pytest.raises(toolkit.ToolkitError, match="method 'vote': allowed: majority, dawid-skene, mace, glad"):
        toolkit.aggregate(votes, method="vote")
