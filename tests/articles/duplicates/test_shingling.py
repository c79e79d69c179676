import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from toolkit.articles.duplicates.shingling import quick_words, shingle_sets, shingles, words


def plain(word):
    return word if isinstance(word, str) else word.decode("cp1252")


@given(st.text(st.characters(codec="cp1252")) | st.text())
def test_the_quick_way_finds_the_same_words(text):
    assert [plain(word) for word in quick_words(text)] == words(text)


@given(st.lists(st.text(st.sampled_from("ab cé— дж渡กิ"), max_size=60), max_size=6))
def test_sets_as_numbers_are_as_large_and_share_as_much_as_sets_of_words(texts):
    numbers, plain_sets = shingle_sets(texts), [shingles(text) for text in texts]
    assert numbers.sizes.tolist() == list(map(len, plain_sets))
    for n in range(1, len(texts)):
        assert len(np.intersect1d(numbers.of(0), numbers.of(n))) == len(plain_sets[0] & plain_sets[n])


def test_an_accent_of_its_own_is_part_of_the_word():
    assert words("Cafe\u0301 हिन्दी") == ["caf\u00e9", "हिन्दी"]
