import os
import subprocess
import sys
import zipfile
from pathlib import Path

import msgspec
import pytest
import skops.io
from sklearn.base import BaseEstimator

from toolkit.baselines.models import learn_text, predict
from toolkit.baselines.persistence import describe, load_model, save_model
from toolkit.baselines.rows import TextRow
from toolkit.baselines.training import train_baseline
from toolkit.errors import DataError, MissingFileError

LABELS = ("pro_government", "neutral", "opposition")


class Stranger(BaseEstimator):
    """A type that the toolkit does not know."""


@pytest.fixture(scope="module")
def trained(selmara):
    return train_baseline(selmara, LABELS, None, seed=0)


@pytest.fixture(scope="module")
def metadata(trained):
    return describe(trained, "stance", simulated=True)


@pytest.fixture
def saved(tmp_path, trained, metadata):
    path = tmp_path / "baseline" / "model.skops"
    save_model(path, trained.model, metadata)
    return path


def test_a_saved_model_predicts_what_it_predicted_before(saved, trained, selmara):
    texts = {row.id: row.text for row in selmara}
    assert predict(load_model(saved).model, texts) == predict(trained.model, texts)


def test_a_model_can_be_saved_again_after_it_has_been_loaded(saved, tmp_path):
    loaded = load_model(saved)
    save_model(tmp_path / "again.skops", loaded.model, loaded.metadata)
    assert load_model(tmp_path / "again.skops").metadata == loaded.metadata


def test_a_model_remembers_what_it_was_made_of(saved, trained):
    metadata = load_model(saved).metadata
    assert metadata.question == "stance"
    assert metadata.labels == LABELS
    assert metadata.simulated is True
    assert metadata.training_hash == trained.training_hash
    assert metadata.learnt_from == {"train": 60, "validation": 20}
    assert metadata.signature == trained.facts.signature
    assert {"python", "stance-toolkit", "scikit-learn"} <= set(metadata.versions)


def test_nothing_in_a_saved_model_could_run_code(saved):
    assert skops.io.get_untrusted_types(file=saved) == []


def test_skops_alone_reads_the_pipeline(saved, selmara):
    pipeline = skops.io.load(saved)
    assert set(pipeline.predict([selmara[0].text])) <= set(LABELS)


def test_the_same_model_makes_the_same_bytes(saved, tmp_path, selmara, metadata):
    again = train_baseline(selmara, LABELS, None, seed=0)
    save_model(tmp_path / "again.skops", again.model, metadata)
    assert (tmp_path / "again.skops").read_bytes() == saved.read_bytes()


@pytest.mark.slow
def test_another_process_makes_the_same_bytes(saved, tmp_path):
    code = (
        "import sys; sys.path.insert(0, sys.argv[1])\n"
        "from pathlib import Path\n"
        "from conftest import LABELS, make_rows\n"
        "from toolkit.baselines.persistence import describe, save_model\n"
        "from toolkit.baselines.training import train_baseline\n"
        "trained = train_baseline(make_rows(), LABELS, None, seed=0)\n"
        "save_model(Path(sys.argv[2]), trained.model, describe(trained, 'stance', simulated=True))\n"
    )
    command = [sys.executable, "-c", code, str(Path(__file__).parent), str(tmp_path / "other.skops")]
    subprocess.run(command, check=True, env={**os.environ, "PYTHONHASHSEED": "17"})
    assert (tmp_path / "other.skops").read_bytes() == saved.read_bytes()


def test_words_that_are_names_in_the_file_format_are_words(tmp_path, metadata):
    words = ("file", "__id__", "content", "_stop_words_id")
    rows = [
        TextRow(id=str(n), text=f"{word} of Selmara", label=LABELS[n % 2], cluster=str(n), group=str(n))
        for n, word in enumerate(words)
    ]
    model = learn_text(rows, LABELS)
    save_model(tmp_path / "model.skops", model, metadata)
    texts = dict(zip(words, words, strict=True))
    assert predict(load_model(tmp_path / "model.skops").model, texts) == predict(model, texts)


def test_a_file_with_an_unknown_type_is_refused(tmp_path):
    path = tmp_path / "model.skops"
    skops.io.dump(Stranger(), path)
    with pytest.raises(DataError, match=r"not loaded, for it holds types that could run code: .*Stranger"):
        load_model(path)


def test_an_unknown_type_is_refused_although_metadata_stand_beside_it(tmp_path, saved):
    path = tmp_path / "model.skops"
    skops.io.dump({"pipeline": Stranger()}, path)
    with zipfile.ZipFile(saved) as good, zipfile.ZipFile(path, "a") as bad:
        bad.writestr("metadata.json", good.read("metadata.json"))
    with pytest.raises(DataError, match="could run code"):
        load_model(path)


def test_a_file_that_is_no_archive_is_refused(tmp_path):
    path = tmp_path / "model.skops"
    path.write_text("item,label\n")
    with pytest.raises(DataError, match="not a model of the toolkit"):
        load_model(path)


def test_an_archive_of_something_else_is_refused(tmp_path):
    path = tmp_path / "model.skops"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("articles.jsonl", "{}")
    with pytest.raises(DataError, match="not a model of the toolkit"):
        load_model(path)


@pytest.mark.parametrize("share", [0.3, 0.9, 0.999])
def test_a_torn_file_is_refused(tmp_path, saved, share):
    raw = saved.read_bytes()
    path = tmp_path / "torn.skops"
    path.write_bytes(raw[: int(share * len(raw))])
    with pytest.raises(DataError, match="not a model of the toolkit"):
        load_model(path)


def test_a_file_of_skops_without_our_metadata_is_refused(tmp_path, trained):
    path = tmp_path / "model.skops"
    skops.io.dump(trained.model.pipeline, path)
    with pytest.raises(DataError, match="not a model of the toolkit"):
        load_model(path)


def test_a_file_whose_content_is_no_classifier_is_refused(tmp_path, saved):
    path = tmp_path / "model.skops"
    skops.io.dump({"mills": 3}, path)
    with zipfile.ZipFile(saved) as good, zipfile.ZipFile(path, "a") as bad:
        bad.writestr("metadata.json", good.read("metadata.json"))
    with pytest.raises(DataError, match="not a model of the toolkit"):
        load_model(path)


def test_a_model_that_predicts_other_labels_than_its_metadata_name_is_refused(tmp_path, trained, metadata):
    path = tmp_path / "model.skops"
    save_model(path, trained.model, msgspec.structs.replace(metadata, labels=("neutral", "opposition")))
    with pytest.raises(DataError, match="predicts pro_government, which its metadata does not name"):
        load_model(path)


def test_a_missing_file_says_what_makes_it(tmp_path):
    with pytest.raises(MissingFileError, match="run `stance train` first"):
        load_model(tmp_path / "model.skops")
