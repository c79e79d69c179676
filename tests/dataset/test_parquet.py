import os
import subprocess
import sys
import textwrap

import msgspec
import pyarrow.parquet

from toolkit.codebook import Label, Question
from toolkit.dataset.build import gold_rows
from toolkit.dataset.parquet import annotation_features, build_digest, gold_features, write_config
from toolkit.files import digest_of_file, write_text
from toolkit.schema import ANNOTATION_COLUMNS, GOLD_COLUMNS, question_columns


def write(directory, examples, book):
    write_config(directory / "data" / "gold", {"train": gold_rows(examples, book)}, gold_features(book))
    config = {"description": f"build {build_digest(directory)}"}
    card = f"""\
        ---
        configs:
        - config_name: gold
          description: {config["description"]}
          data_files:
          - split: train
            path: data/gold/train.parquet
        ---
        """
    write_text(directory / "README.md", textwrap.dedent(card))


def loaded(directory, cache):
    """What a new process without a network reads."""
    program = (
        "import sys, datasets; rows = datasets.load_dataset(sys.argv[1], 'gold')['train'];"
        "f = rows.features['stance']; print([v if v is None else f.int2str(v) for v in rows['stance']], f.names)"
    )
    offline = {"HF_HUB_OFFLINE": "1", "HF_HOME": str(cache), "PATH": os.environ["PATH"]}
    done = subprocess.run([sys.executable, "-c", program, str(directory)], env=offline, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


def test_labels_come_back_in_codebook_order_and_null_where_unresolved(tmp_path, book, example):
    write(tmp_path / "set", [example(0, "against"), example(1, None)], book)
    assert loaded(tmp_path / "set", tmp_path / "hf") == "['against', None] ['pro', 'neutral', 'against']"


def test_a_rebuilt_directory_shows_its_new_rows_where_the_old_ones_were_loaded(tmp_path, book, example):
    write(tmp_path / "set", [example(0, "against")], book)
    assert loaded(tmp_path / "set", tmp_path / "hf").startswith("['against']")
    write(tmp_path / "set", [example(0, "pro")], book)
    assert loaded(tmp_path / "set", tmp_path / "hf").startswith("['pro']")


def test_the_same_rows_give_the_same_bytes(tmp_path, book, example):
    for name in ("one", "two"):
        write(tmp_path / name, [example(n) for n in range(5)], book)
    files = [tmp_path / name / "data" / "gold" / "train.parquet" for name in ("one", "two")]
    assert digest_of_file(files[0]) == digest_of_file(files[1])


def test_a_split_without_rows_has_no_file(tmp_path, book, example):
    rows = {"train": gold_rows([example(0)], book), "test": []}
    assert write_config(tmp_path, rows, gold_features(book)) == {"train": 1}
    assert [path.name for path in tmp_path.iterdir()] == ["train.parquet"]


def test_the_columns_are_those_of_the_schema(book):
    added = question_columns("stance", "choice")
    assert [*gold_features(book)] == [*GOLD_COLUMNS, *added["gold"]]
    assert [*annotation_features(book)] == [*ANNOTATION_COLUMNS, *added["annotations"]]


def test_a_question_of_no_answer_labels_alone_has_votes_and_no_gold(tmp_path, book, example):
    labels = tuple(Label(name=name, title={}, no_answer=True) for name in ("unclear", "torn"))
    spoilt = Question(name="spoilt", text={"en": "Spoilt?"}, labels=labels)
    both = msgspec.structs.replace(book, questions=(*book.questions, spoilt))
    answer = msgspec.structs.replace(example(0).answers["stance"], label=None, votes={"torn": 2}, soft={})
    row = msgspec.structs.replace(example(0), answers={**example(0).answers, "spoilt": answer})
    assert write_config(tmp_path, {"train": gold_rows([row], both)}, gold_features(both)) == {"train": 1}
    names = [name for name in gold_features(both) if name.startswith("spoilt")]
    assert names == ["spoilt_status", "spoilt_votes"]


def test_lists_are_named_as_every_version_of_datasets_reads_them(tmp_path, book):
    chosen = Question(name="devices", text={"en": "Which?"}, kind="choices", labels=book.questions[0].labels)
    features = annotation_features(msgspec.structs.replace(book, questions=(*book.questions, chosen)))
    write_config(tmp_path, {"train": [dict.fromkeys(features)]}, features)
    metadata = pyarrow.parquet.read_schema(tmp_path / "train.parquet").metadata[b"huggingface"]
    assert b'"List"' not in metadata
    assert metadata.count(b'"Sequence"') == 2
