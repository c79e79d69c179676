from pathlib import Path

import pytest

from toolkit.articles.reading.journal import delete_journal, dropped_path, open_journal
from toolkit.errors import DataError
from toolkit.files import read_jsonl
from toolkit.records import Article, Dropped


def fill(output, source, request="r"):
    with open_journal(output, request) as journal:
        if journal.done_of(source) is not None:
            journal.keep(Article(id="a", version="1", text="The dyke held.", language="en"))
            journal.drop(Dropped(id="b", reason="empty"))
            journal.finish(source)
        return journal.counts.articles


@pytest.fixture
def source(tmp_path):
    path = tmp_path / "in.txt"
    path.write_text("x")
    return path


@pytest.mark.parametrize("place", ["articles.jsonl", "dropped.jsonl"])
def test_a_kill_between_the_last_two_moves_loses_nothing(place, source, tmp_path, monkeypatch):
    output = tmp_path / "out.jsonl"
    replace = Path.replace

    def broken(self, target):  # a fault that cannot be provoked otherwise
        if self.name == place:
            raise KeyboardInterrupt
        return replace(self, target)

    with monkeypatch.context() as patched:
        patched.setattr(Path, "replace", broken)
        with pytest.raises(KeyboardInterrupt):
            fill(output, source)
    assert not output.exists()
    assert fill(output, source) == 1
    assert len(read_jsonl(output, Article)) == len(read_jsonl(dropped_path(output), Dropped)) == 1
    assert sorted(path.name for path in tmp_path.iterdir()) == ["in.txt", "out.dropped.jsonl", "out.jsonl"]


def write_and_stop(output):
    with open_journal(output, "r") as journal:
        journal.keep(Article(id="a", version="1", text="The dyke held."))
        raise KeyboardInterrupt


def test_what_came_after_the_last_checkpoint_is_forgotten_and_read_again(source, tmp_path):
    output = tmp_path / "out.jsonl"
    with pytest.raises(KeyboardInterrupt):
        write_and_stop(output)
    with open_journal(output, "r") as journal:
        assert journal.version_of("a") is None
        assert journal.counts.articles == 0
        journal.keep(Article(id="a", version="1", text="The dyke held."))
        journal.finish(source)
    assert len(read_jsonl(output, Article)) == 1


def test_an_error_before_anything_is_safe_leaves_nothing(tmp_path):
    with pytest.raises(DataError), open_journal(tmp_path / "out.jsonl", "r"):
        raise DataError("no such column")
    assert list(tmp_path.iterdir()) == []


def test_a_journal_that_is_broken_says_how_to_begin_anew(source, tmp_path):
    output = tmp_path / "out.jsonl"
    with pytest.raises(KeyboardInterrupt), open_journal(output, "r"):
        raise KeyboardInterrupt
    (tmp_path / ".out.jsonl.part" / "journal.sqlite").write_bytes(b"nonsense" * 1000)
    with pytest.raises(DataError, match="--restart"):
        fill(output, source)
    delete_journal(output)
    assert fill(output, source) == 1
