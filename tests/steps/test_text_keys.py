"""Short texts as numbers: in the order of the texts, and back."""

import numpy as np
import pyarrow
import pytest
from hypothesis import given
from hypothesis import strategies as st

from toolkit.steps.text_keys import keys_of, texts_of
from toolkit.steps.vote_columns import read_columns

SHORT = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=8).filter(
    lambda text: len(text.encode()) <= 8
)


@given(st.lists(SHORT, min_size=1))
def test_the_greater_text_has_the_greater_number_and_each_its_own(texts):
    keys = keys_of(pyarrow.array(texts, pyarrow.string()))
    assert [texts[place] for place in np.argsort(keys, kind="stable")] == sorted(texts)
    assert texts_of(keys).to_pylist() == texts


def test_a_part_of_a_column_has_its_own_numbers():
    whole = pyarrow.array(["one", "", "three", "four"], pyarrow.string())
    assert texts_of(keys_of(whole[1:3])).to_pylist() == ["", "three"]


@pytest.mark.parametrize("texts", [["ninechars"], ["a", "ääääÄ"], ["a\0"]])
def test_texts_that_are_too_long_or_hold_a_nul_have_none(texts):
    assert keys_of(pyarrow.array(texts, pyarrow.string())) is None


@pytest.mark.parametrize("names", [["b", "", "a", "ä", "b"], ["a longer name", "b", "", "a longer name", "ä"]])
@pytest.mark.parametrize("often", [1, 3])
def test_columns_of_short_and_of_long_texts_are_read_alike(tmp_path, names, often):
    path = tmp_path / "table.csv"
    rows = [name for name in names for _ in range(often)]
    path.write_text("name,other\n" + "".join(f"{name},x\n" for name in rows))
    column = read_columns(path, ["name"])["name"]
    assert list(column.names) == sorted(set(names))
    assert [column.names[code] for code in column.codes] == rows
