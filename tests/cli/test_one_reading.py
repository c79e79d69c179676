"""What a cell of a table means is the same to every verb."""

from types import SimpleNamespace

import pandas as pd
import pytest
from support.command import stance as run

from toolkit.tables import write_table


def stance(*words):
    """Run the command; the lines of `aggregate` about its rows go to stderr."""
    result = run(*words)
    return SimpleNamespace(code=result.code, out=result.out + result.err, err=result.err)


LABELS = {"1": ("for", "for", "against"), "2": ("against", "against", "for"), "3": ("for", "for", "for")}


def table(path, label=lambda _item, _number, text: text, **columns):
    """Three votes on each of three items; columns are given as functions of the item."""
    rows = [
        {"item": item, "annotator": f"r{number}", "label": label(item, number, text)}
        | {name: value(item) for name, value in columns.items()}
        for item, texts in LABELS.items()
        for number, text in enumerate(texts)
    ]
    write_table(path, rows)
    return path


def answers(path, *words):
    """What the audit counts of each annotator, and its cautions."""
    out = stance("audit", "annotators", path, *words).out
    return [line.split(" answers")[0] for line in out.splitlines() if " answers," in line], out


@pytest.mark.parametrize("name", ["state", "State", "STATE"])
def test_a_draft_is_no_vote_to_any_verb(tmp_path, name):
    path = table(tmp_path / "v.csv", **{name: lambda item: "DRAFT" if item == "1" else "Submitted"})
    for verb in ("agreement", "aggregate"):
        assert "rows left out: 3 draft" in stance(verb, path).out
    counts, out = answers(path)
    assert counts == ["r0: 2", "r1: 2", "r2: 2"]
    assert "caution: rows left out: 3 draft" in out
    words = ("audit", "sentiment", path, "--stance", "label", "--sentiment", "label")
    assert stance(*words).out.startswith("6 rows")


def test_words_for_nothing_get_one_caution_with_a_remedy_that_works(tmp_path):
    words = {("1", 0): "NA", ("2", 1): " NA", ("3", 2): "n/a"}
    path = table(tmp_path / "v.csv", lambda item, number, text: words.get((item, number), text))
    remedy = "--no-answer ' NA,NA,n/a'"
    for verb in (("agreement",), ("aggregate",), ("audit", "annotators")):
        assert remedy in stance(*verb, path).out, verb
        named = stance(*verb, path, "--no-answer", " NA,NA,n/a")
        assert (named.code, "--no-answer" in named.out, "--map" in named.out) == (0, False, False), verb
    assert answers(path, "--no-answer", " NA,NA,n/a")[0] == ["r0: 2", "r1: 2", "r2: 2"]
    gold = stance("aggregate", path, "--no-answer", "NA,n/a").out
    assert '"soft_for"' in gold
    assert "NA" not in gold
    texts = [
        {"id": str(n), "text": f"The ferry is late {n}.", "label": ("for", "against", "NA")[n % 3]} for n in range(30)
    ]
    write_table(tmp_path / "t.csv", texts)
    assert (
        "may mean no answer: 'NA'; if so, --labels against,for"
        in stance("train", tmp_path / "t.csv", "-o", tmp_path).out
    )


@pytest.mark.parametrize("suffix", ["csv", "jsonl", "parquet", "xlsx"])
def test_one_and_one_point_nought_are_one_to_the_audit_too(tmp_path, suffix):
    frame = pd.DataFrame({"item": [1.0, 1.0, 2.0, 2.0], "annotator": [7.0, 8.0] * 2, "label": [1.0, 1.0, 2.0, 1.0]})
    path = tmp_path / f"v.{suffix}"
    writers = {
        "csv": lambda: frame.to_csv(path, index=False),
        "jsonl": lambda: path.write_text(frame.astype({"label": int}).to_json(orient="records", lines=True)),
        "parquet": lambda: frame.to_parquet(path),
        "xlsx": lambda: frame.to_excel(path, index=False),
    }
    writers[suffix]()
    counts, out = answers(path)
    assert counts == ["7: 2", "8: 2"]
    assert "agreement with others 0.500" in out
    assert "votes: 1 0.75, 2 0.25" in stance("agreement", path).out


@pytest.mark.parametrize("written", ['["tax","fish"]', '["fish", "tax", "tax"]'])
def test_a_list_in_json_is_a_set_from_every_format(tmp_path, written):
    path = table(tmp_path / "v.csv", lambda _item, number, _text: written if number else '["fish","tax"]')
    assert "9 votes: fish | tax 1.00" in stance("agreement", path).out


def test_sets_are_sets_where_the_user_says_so(tmp_path):
    path = table(tmp_path / "v.csv", lambda _item, number, _text: ("tax;fish", "fish; tax", "fish | tax")[number])
    assert "3 unresolved" in stance("aggregate", path).out
    for verb, figure in (("agreement", "9 votes: fish | tax 1.00"), ("aggregate", "3 of 3 items have gold")):
        assert figure in stance(verb, path, "--sets").out
    assert "agreement with others 1.000" in answers(path, "--sets")[1]


def test_a_column_with_a_comma_in_its_name_can_be_listed(tmp_path):
    path = tmp_path / "w.csv"
    path.write_text('item,"Renn, Ida","Okoro, Bo",r3\n1,x,x,y\n2,y,y,y\n3,x,y,x\n')
    for words in (("--wide", '"Renn, Ida","Okoro, Bo",r3'), ("--wide", '"Renn, Ida"', "--wide", '"Okoro, Bo",r3')):
        assert "3 annotators" in stance("agreement", path, *words).out
    refused = stance("agreement", path, "--wide", "Renn, Ida,r3")
    assert refused.code == 1
    assert """a name with a comma stands in quotation marks: '"Renn, Ida"'""" in refused.err


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-le", "utf-16-be"])
def test_utf_16_is_read_with_and_without_a_mark(tmp_path, encoding):
    path = tmp_path / "v.csv"
    path.write_bytes("item;annotator;label\n1;a;für\n1;b;für\n2;a;2\n2;b;2,0\n".encode(encoding))
    out = stance("agreement", path).out
    assert "4 votes" in out
    assert "'2,0' (1) for '2'" in out
    assert answers(path)[0] == ["a: 2", "b: 2"]
