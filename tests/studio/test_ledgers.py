import msgspec
import pytest

from toolkit.errors import DataError
from toolkit.records import Annotation, Origin
from toolkit.studio.pull.ledger_index import LedgerFile, LedgerIndex


def annotation(number, **changes):
    base = Annotation(
        id=f"a{number}", item_id="i", annotator="r1", state="submitted", answers={"comment": "Möwe ⛵"},
        created="2026-01-01T00:00:00Z", updated="2026-01-01T00:00:00Z", observed="2026-01-01T00:00:00Z",
        codebook="b@1#0", origin=Origin(server="s", project=1, task=1, annotation=number),
    )  # fmt: skip
    return msgspec.structs.replace(base, **changes)


def test_each_line_is_found_again_at_its_place(tmp_path):
    ledger = LedgerFile(tmp_path / "annotations.jsonl", batch=2)
    assert (list(ledger.lines()), ledger.size) == ([], 0)
    lines = [annotation(number) for number in range(5)]
    places = ledger.append(lines[:3]) + ledger.append(lines[3:])
    assert [ledger.at(place) for place in places] == lines
    assert list(LedgerFile(tmp_path / "annotations.jsonl").lines()) == list(zip(places, lines, strict=True))


def test_what_must_be_on_the_disk_first_is(tmp_path):
    path = tmp_path / "annotations.jsonl"
    seen = []
    ledger = LedgerFile(path, batch=2, before_append=lambda: seen.append(ledger.size))
    ledger.append([annotation(number) for number in range(5)])
    assert len(seen) == 3
    assert seen[0] == 0
    assert seen == sorted(seen)


def test_a_torn_last_line_is_cut_off_and_a_broken_one_is_named(tmp_path):
    path = tmp_path / "annotations.jsonl"
    LedgerFile(path).append([annotation(1), annotation(2)])
    path.write_bytes(path.read_bytes()[:-30])
    assert [line.id for _, line in LedgerFile(path).lines()] == ["a1"]
    path.write_bytes(path.read_bytes() + b'{"id": 3}\n')
    with pytest.raises(DataError, match=r"annotations\.jsonl:2: "):
        list(LedgerFile(path).lines())


def test_the_latest_line_stands_for_an_annotation_and_the_dead_are_not_counted():
    lines = [annotation(1), annotation(2), annotation(1, state="deleted"), annotation(3, origin=None)]
    index = LedgerIndex(enumerate(lines), "s")
    assert index.count_alive(1) == 1
    assert [each.number for each in index.alive(1)] == [2]
    assert sorted((each.number, each.state) for each in index.of_item("i")) == [(1, "deleted"), (2, "submitted")]
    assert LedgerIndex(enumerate(lines), "another").count_alive(1) == 0


def test_an_annotation_whose_task_shows_another_item_now_is_that_items():
    index = LedgerIndex(enumerate([annotation(1), annotation(1, item_id="j")]), "s")
    assert (index.of_item("i"), len(index.of_item("j")), index.count_alive(1)) == ([], 1, 1)
