"""Bad invocations of every verb, through `main` in this process: no traceback, nothing half-written, no input lost.

`make test` tries 300 of them, drawn by a seed; `make sweep` tries every verb with every kind of bad file.
"""

import gzip
import itertools
import os
import random
import shutil

import pytest
from support.campaigns import answered_campaign
from support.command import stance

from toolkit.files import digest_of_file

VOTES = b"item,annotator,label,text,id,stance,sentiment\n" + b"".join(
    f"i{n},r{m},{'ab'[(n + m) % 2]},The quay was shut for day {n}.,i{n}-{m},{'ab'[m % 2]},{'cd'[n % 2]}\n".encode()
    for n in range(9)
    for m in range(3)
)
LINES = b"".join(
    f'{{"id": "a{n}", "text": "The quay was shut for day {n}.\\n\\nNobody came.", "label": "{"ab"[n % 2]}"}}\n'.encode()
    for n in range(9)
)


def parquet(path):
    import pyarrow
    import pyarrow.parquet

    pyarrow.parquet.write_table(pyarrow.table({"item": [1, 2], "label": [["a"], None], "text": [b"\xff", None]}), path)
    return path.read_bytes()


# Each makes one bad file (or none) in a directory and returns its path.
def write(name, data):
    def make(directory):
        path = directory / name
        path.write_bytes(data)
        return path

    return make


def half_parquet(directory):
    path = directory / "half.parquet"
    data = parquet(path)
    path.write_bytes(data[: len(data) // 2])
    return path


def flipped_parquet(directory):
    path = directory / "flip.parquet"
    data = bytearray(parquet(path))
    data[len(data) // 3] ^= 0xFF
    path.write_bytes(data)
    return path


def wrong_parquet(directory):
    path = directory / "types.parquet"
    parquet(path)
    return path


def loop(directory):
    path = directory / "loop.csv"
    path.symlink_to(path)
    return path


def folder(directory):
    path = directory / "folder.csv"
    path.mkdir()
    return path


def pipe_to_nowhere(directory):
    path = directory / "gone.jsonl"
    path.symlink_to(directory / "nowhere.jsonl")
    return path


packed = gzip.compress(VOTES)
FILES = {
    "missing": lambda directory: directory / "missing.csv",
    "long name": lambda directory: directory / ("n" * 300 + ".csv"),
    "nul in name": lambda directory: directory / "a\nb.csv",
    "empty csv": write("empty.csv", b""),
    "empty jsonl": write("empty.jsonl", b""),
    "header only": write("head.csv", b"item,annotator,label,text\n"),
    "doubled columns": write("twice.csv", b"item,label,label\n1,a,b\n"),
    "binary csv": write("bytes.csv", bytes(range(256)) * 4),
    "nul csv": write("nul.csv", b"item,annotator,label\n1,\x00,a\n"),
    "control": write("control.csv", b"item,annotator,label\n1,\x1b[2Jx,a\n1,\x1b[2Jx,b\n"),
    "open quote": write("quote.csv", b'item,annotator,label\n1,"a,b\n2,c,d\n'),
    "json deep": write("deep.json", b"[" * 20_000),
    "jsonl deep": write("deep.jsonl", b'{"text": ' + b"[" * 20_000 + b"\n"),
    "json null": write("null.json", b"null"),
    "jsonl null": write("null.jsonl", b"null\nnull\n"),
    "jsonl number": write("number.jsonl", b"1\n"),
    "jsonl torn": write("torn.jsonl", LINES[:-20]),
    "jsonl big number": write("big.jsonl", b'{"text": "a", "item": 1' + b"0" * 5000 + b"}\n"),
    "toml deep": write("deep.toml", b"a = " + b"[" * 20_000),
    "toml broken": write("broken.toml", b"name = \n"),
    "toml empty": write("empty.toml", b""),
    "toml binary": write("bytes.toml", b"\xff\xfe\x00"),
    "gzip cut": write("cut.csv.gz", packed[: len(packed) // 2]),
    "gzip broken": write("crc.csv.gz", packed[:-8] + b"\x00" * 8),
    "gzip not": write("not.csv.gz", VOTES),
    "xlsx not": write("not.xlsx", b"PK\x03\x04rest"),
    "parquet not": write("not.parquet", b"PAR1rest"),
    "parquet half": half_parquet,
    "parquet flipped": flipped_parquet,
    "parquet types": wrong_parquet,
    "loop": loop,
    "folder": folder,
    "dangling": pipe_to_nowhere,
    "votes": write("votes.csv", VOTES),
    "texts": write("texts.jsonl", LINES),
    "html": write("page.html", b"<p>" * 3000),
    "skops not": write("model.skops", b"PK\x05\x06" + b"\x00" * 18),
    "no suffix": write("table", VOTES),
    "utf16 odd": write("odd.csv", b"\xff\xfe" + VOTES[:51]),
}
OUTPUTS = {
    "none": None,
    "fine": "out.jsonl",
    "folder": "outdir.jsonl",
    "long": "o" * 300 + ".csv",
    "under a file": "file.txt/out.csv",
    "no suffix": "out",
    "unwritable": "locked/out.csv",
    "full": "/dev/full",
    "loop": "oloop.csv",
}
CALLS = [
    ["agreement", "FILE"], ["agreement", "FILE", "--wide", "r1,r2"], ["agreement", "FILE", "--level", "ratio"],
    ["aggregate", "FILE", "OUT"], ["aggregate", "FILE", "--method", "dawid-skene"],
    ["aggregate", "FILE", "--sensitivity"],
    ["audit", "annotators", "FILE"], ["audit", "sentiment", "FILE", "OUT"],
    ["audit", "labels", "CAMPAIGN", "--predictions", "FILE", "OUT"],
    ["audit", "labels", "CAMPAIGN", "--review", "FILE"],
    ["duplicates", "FILE", "OUT"], ["segment", "FILE", "OUT"], ["segment", "FILE", "--previous", "FILE", "OUT"],
    ["ingest", "FILE", "OUT"], ["pull", "--from", "FILE", "OUT"], ["pull", "CAMPAIGN", "--from", "FILE"],
    ["train", "FILE", "--text", "text", "--label", "label", "OUT"], ["predict", "FILE", "FILE", "OUT"],
    ["evaluate", "FILE", "--gold", "FILE"], ["forget", "FILE", "r1"], ["disagreements", "CAMPAIGN", "OUT"],
    ["adjudicate", "export", "CAMPAIGN", "--by", "eva", "OUT"], ["adjudicate", "import", "CAMPAIGN", "--from", "FILE"],
    ["check", "FILE"], ["status", "FILE"], ["plan", "FILE"], ["build", "FILE"], ["card", "FILE"], ["report", "FILE"],
    ["run", "FILE"], ["aggregate", "FILE", "--map", "FILE"], ["init", "FILE"],
]  # fmt: skip


@pytest.fixture(scope="module")
def campaign(tmp_path_factory):
    return answered_campaign(stance, tmp_path_factory.mktemp("sweep") / "w")


def outputs_in(directory):
    (directory / "outdir.jsonl").mkdir()
    (directory / "file.txt").write_text("a file")
    (directory / "locked").mkdir(mode=0o500)
    (directory / "oloop.csv").symlink_to(directory / "oloop.csv")


def all_calls():
    for words, kind, output in itertools.product(CALLS, FILES, OUTPUTS):
        if "OUT" in words or output == "none":
            yield words, kind, output


def tried(words, kind, output, campaign, tmp_path):
    directory = tmp_path / "try"
    directory.mkdir()
    outputs_in(directory)
    file = FILES[kind](directory)
    before = digest_of_file(file) if os.path.isfile(file) and words[0] != "forget" else None  # noqa: PTH113 - no error for any name
    target = OUTPUTS[output]
    out = [] if target is None else ["-o", target if target.startswith("/") else directory / target]
    line = []
    for word in words:
        line += out if word == "OUT" else [{"FILE": file, "CAMPAIGN": campaign.path}.get(word, word)]
    try:
        result = stance(*line)
        problems = []
        if "Traceback" in result.err or "fault of the toolkit" in result.err or "most recent call" in result.err:
            problems.append("traceback")
        if result.code not in (0, 1, 2):
            problems.append(f"exit code {result.code}")
        if (
            result.code in (1, 2)
            and words[0] != "check"
            and len(result.err.strip().splitlines()) > 3
            and not result.err.startswith("Usage:")  # the framework's own, for an option that is missing
            and not kind.startswith("toml")  # a line for each mistake
        ):
            problems.append("more than three lines")
        if any(not char.isprintable() and char not in "\n\t" for char in result.err):
            problems.append("control characters")
        if before is not None and (not os.path.isfile(file) or digest_of_file(file) != before):  # noqa: PTH113
            problems.append("input changed")
        left = [path.name for path in directory.rglob("*.part")]
        if left:
            problems.append(f"half-written {left}")
        return [(" ".join(map(str, words)), kind, output, problem, result.err[:300]) for problem in problems]
    finally:
        (directory / "locked").chmod(0o700)
        shutil.rmtree(directory)


def test_no_bad_invocation_ends_in_a_traceback(campaign, tmp_path):
    calls = list(all_calls())
    if not os.environ.get("STANCE_SWEEP"):
        calls = random.Random(20261201).sample(calls, 300)  # noqa: S311 - a sample of cases, no secret
    problems = [problem for call in calls for problem in tried(*call, campaign, tmp_path)]
    assert (len(calls) if problems else 0, problems) == (0, [])
