"""Both configs of a dataset open in every version of `datasets` from 2.19 on; `make test-datasets` runs this."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from toolkit.codebook import Codebook, Label, Question
from toolkit.dataset.parquet import annotation_features, gold_features, write_config
from toolkit.files import write_text

# The oldest release needs what was current with it: it imports neither the newer NumPy nor the newer pyarrow.
VERSIONS = {
    "2.19": ("datasets==2.19.0", "numpy<2", "pyarrow<16", "pandas<2.3", "fsspec<=2024.3.1", "setuptools<80"),
    "3": ("datasets>=3,<4",),
    "4": ("datasets>=4,<5",),
    "newest": ("datasets",),
}
PROGRAM = """
import json, sys, datasets
rows = {name: datasets.load_dataset(sys.argv[1], name)["train"] for name in ("gold", "annotations")}
row = rows["annotations"][0]
label = rows["gold"].features["stance"].int2str(rows["gold"][0]["stance"])
print(json.dumps([datasets.__version__, label, row["flags"], row["devices"], rows["gold"][0]["stance_votes"]]))
"""
pytestmark = pytest.mark.skipif(
    "STANCE_DATASETS" not in os.environ, reason="`make test-datasets` installs the versions"
)


@pytest.fixture(scope="module")
def dataset(tmp_path_factory):
    directory = tmp_path_factory.mktemp("datasets") / "set"
    labels = tuple(Label(name=name, title={}) for name in ("for", "against"))
    questions = (
        Question(name="stance", text={"en": "Stance?"}, labels=labels),
        Question(name="devices", text={"en": "Which?"}, kind="choices", labels=labels),
    )
    book = Codebook(name="b", version="1", title={}, questions=questions)
    features = {"gold": gold_features(book), "annotations": annotation_features(book)}
    rows = {name: dict.fromkeys(columns) for name, columns in features.items()}
    rows["gold"] |= {"stance": "against", "stance_votes": {"for": 1, "against": 2}, "stance_soft": {"for": 1 / 3}}
    rows["annotations"] |= {"flags": ["surplus", "not_blind"], "devices": ["for", "against"]}
    for name, columns in features.items():
        write_config(directory / "data" / name, {"train": [rows[name]]}, columns)
    configs = "".join(f"- config_name: {name}\n  data_files: data/{name}/train.parquet\n" for name in features)
    write_text(directory / "README.md", f"---\nconfigs:\n{configs}---\n")
    return directory


@pytest.mark.parametrize("version", VERSIONS)
def test_both_configs_open(dataset, tmp_path, version):
    venv = Path(os.environ["STANCE_DATASETS"]) / version
    uv = Path(sys.executable).with_name("uv")
    subprocess.run([uv, "venv", "--quiet", "--clear", "--python", "3.11", venv], check=True)
    command = [uv, "pip", "install", "--quiet", "--python", venv / "bin" / "python", *VERSIONS[version]]
    subprocess.run(command, check=True)
    offline = {"HF_HUB_OFFLINE": "1", "HF_DATASETS_OFFLINE": "1", "HF_HOME": str(tmp_path), "PATH": os.environ["PATH"]}
    done = subprocess.run(
        [venv / "bin" / "python", "-W", "ignore", "-c", PROGRAM, dataset], env=offline, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    found, *facts = json.loads(done.stdout)
    print(f"datasets {found}: both configs open")  # noqa: T201 - what `make test-datasets` is for
    assert facts == ["against", ["surplus", "not_blind"], [0, 1], {"for": 1, "against": 2}]
