import pytest

from toolkit.exchange.results import (
    answers_in,
    bare_labels,
    is_about_region,
    label_text,
    values_in,
    values_in_cell,
)


@pytest.mark.parametrize(
    ("written", "label"),
    [
        ({"choices": ["for"]}, "for"),
        ({"choices": ["tax", "fish", "tax"]}, "fish | tax"),
        ({"choices": [["Party", "Rural League"]]}, "Party > Rural League"),
        ([{"rating": 3}], "3"),
        ({"text": ["one", "two"]}, "one | two"),
        ({"text": "one"}, "one"),
        ({"number": 4.5}, "4.5"),
        ({"datetime": "2024-07-03"}, "2024-07-03"),
        ({"taxonomy": [["b"], ["a", "c"]]}, "a > c | b"),
        ({"selected": "left"}, "left"),
        ({"start": 0, "end": 3, "choices": ["for"]}, '{"choices": ["for"], "end": 3, "start": 0}'),
        ({"end": 3, "start": 0, "labels": ["W"]}, '{"end": 3, "labels": ["W"], "start": 0}'),
        ({}, "{}"),
        (None, None),
        ("", None),
        ([], None),
    ],
)  # fmt: skip
def test_every_kind_of_answer_becomes_a_text(written, label):
    assert label_text(values_in(written)) == label


def test_a_cell_that_only_looks_like_json_is_a_text():
    for cell in ("[sic]", '{"', "{}x", '{"broken', "[{]"):
        assert values_in_cell(cell) == [cell]


def part(name, value, kind="choices"):
    return {"from_name": name, "to_name": "t", "type": kind, "value": value}


def test_spans_are_sorted_by_their_place_whatever_the_order_of_drawing():
    spans = [part("ner", {"start": start, "end": start + 4, "text": "Anna", "labels": ["PER"]}) for start in (8, 0, 20)]
    assert answers_in(spans) == answers_in(spans[::-1])
    assert [value["start"] for value in answers_in(spans)["ner"]] == [0, 8, 20]


def test_spans_read_alike_from_a_result_a_list_and_a_cell():
    spans = [{"end": 4, "labels": ["PER"], "start": start, "text": "Anna"} for start in (8, 0)]
    from_result = answers_in([part("ner", {**span, "globalOffsets": {"start": 1}}) for span in spans])["ner"]
    from_cell = values_in_cell('[{"start":8,"end":4,"text":"Anna","labels":["PER"]},{"start":0,"end":4,'
                                 '"text":"Anna","labels":["PER"]}]')  # fmt: skip
    assert label_text(from_result) == label_text(values_in_cell(spans)) == label_text(from_cell)


def test_an_answer_about_a_region_is_told_from_one_about_the_item():
    about = values_in({"start": 0, "end": 4, "text": "Anna", "choices": ["pos"]})
    assert all(map(is_about_region, about))
    assert all(map(is_about_region, bare_labels(["neg", "pos"])))  # a flat export has lost the regions
    assert not bare_labels(["neg"])
    assert all(map(is_about_region, values_in({"start": 0, "end": 4, "text": ["a note"]})))
    assert not any(map(is_about_region, values_in({"start": 0, "end": 4, "labels": ["PER"]})))
    assert not any(map(is_about_region, values_in_cell('{"choices":["neg","pos"]}')))


def test_one_label_with_a_bar_differs_from_two_labels():
    assert label_text(["a | b"]) != label_text(["a", "b"]) == "a | b"
