import re
import sys
import xml.etree.ElementTree as ET

import pytest

from toolkit.baselines.evaluation import Confusion
from toolkit.report.figures import FigureRow, ReferenceLine, bars, confusion, forest

MARKS = (
    FigureRow(name="all labels", value=0.5, low=0.25, high=0.75),
    FigureRow(name="favour", value=-0.2, main=False),
    FigureRow(name="against", value=None),
)
MATRIX = Confusion(gold=("favour", "against"), predicted=("favour", "against", "other"), counts=((7, 0, 1), (0, 0, 0)))


def texts(svg):
    """The texts of a figure; that it parses shows that it is well-formed."""
    root = ET.fromstring(svg.replace("xlink:href", "href"))  # noqa: S314 - our own figure
    return [element.text for element in root.iter("text")]


@pytest.fixture(params=["bars", "forest", "confusion"])
def svg(request):
    return {
        "bars": lambda: bars("k", MARKS, "share"),
        "forest": lambda: forest("k", MARKS, [ReferenceLine(at=0.8, name="mark")], "alpha"),
        "confusion": lambda: confusion("k", MATRIX),
    }[request.param]()


def test_a_figure_is_one_bare_element_with_ids_of_its_own(svg):
    assert re.match(r'<svg viewBox="0 0 420 [\d.]+" aria-hidden="true">', svg)
    assert svg.endswith("</svg>")
    assert "<style" not in svg
    assert "http" not in svg
    assert all(name.startswith("k-") for name in re.findall(r'\bid="(.*?)"', svg))
    assert set(re.findall(r'url\(#(.*?)\)|href="#(.*?)"', svg)) != {("", "")}


def test_names_lines_and_undefined_values_are_written(svg):
    assert {"favour", "against"} <= set(texts(svg))


def test_an_undefined_value_is_written_instead_of_drawn():
    assert texts(forest("k", MARKS, [], "alpha")).count("undefined") == 1
    assert texts(bars("k", MARKS, "share")).count("undefined") == 1


def test_a_line_to_compare_with_bears_its_name():
    assert "majority" in texts(forest("k", MARKS, [ReferenceLine(at=0.3, name="majority")], "macro-F1"))


def test_the_matrix_shows_each_count():
    assert sorted(text for text in texts(confusion("k", MATRIX)) if text.isdigit()) == ["0", "0", "0", "0", "1", "7"]


def test_names_of_any_kind_are_shown_as_they_are_and_shortened_where_long():
    names = ("$x$ <b>&", "中立", "a-very-long-name-of-a-label-indeed")
    found = texts(bars("k", [FigureRow(name=name, value=0.1) for name in names], "share"))
    assert {"$x$ <b>&", "中立", "a-very-long-name-of-a-l…"} <= set(found)


def test_figures_of_nothing_can_be_drawn():
    for svg, axis in ((bars("k", [], "share"), "share"), (forest("k", [], [], "alpha"), "alpha")):
        assert axis in texts(svg)


def test_no_figure_stays_open_and_no_window_system_is_loaded():
    before = "matplotlib.pyplot" in sys.modules  # another test may have loaded it
    bars("k", MARKS, "share")
    assert ("matplotlib.pyplot" in sys.modules) == before
