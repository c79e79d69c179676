import pytest

from toolkit.errors import DataError
from toolkit.exchange.label_config import read_label_config
from toolkit.studio.config import label_config

VIEW = """<View>
<Header value="$title"/>
<Text name="doc" value="$body"/>
<Choices name="stance" toName="doc"><Choice value="For"/></Choices>
<Labels name="words" toName="doc"><Label value="Praise"/></Labels>
<Filter name="search" toName="words"/>
<Text name="a" value="$left"/><Text name="b" value="$right"/>
<Pairwise name="better" toName="a,b"/>
</View>"""


def test_filters_and_shown_texts_ask_nothing():
    found = [(each.name, each.kind, each.columns) for each in read_label_config(VIEW, "here")]
    assert found == [
        ("stance", "choices", ("body",)), ("words", "labels", ("body",)), ("better", "pairwise", ("left", "right")),
    ]  # fmt: skip


def test_what_our_own_screens_carry_unseen_asks_nothing(book):
    names = [each.name for each in read_label_config(label_config(book, "en"), "here")]
    assert names == [question.name for question in book.questions]


def test_an_interface_that_is_no_xml_is_refused():
    with pytest.raises(DataError, match="here: the labelling interface is not XML"):
        read_label_config("<View>", "here")
