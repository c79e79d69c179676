from toolkit.statistics import Estimate, undefined
from toolkit.words import coded, coefficient, percent_span, scored, shared


def test_a_score_stands_with_its_interval():
    assert scored(Estimate(value=0.5, low=-0.1, high=1.0, n=4, clusters=2)) == "0.500 [−0.100, 1.000]"


def test_a_missing_interval_says_why():
    one = Estimate(value=0.5, low=None, high=None, n=4, clusters=1, reason="one cluster has no interval")
    assert scored(one) == "0.500 (no interval: one cluster has no interval)"
    assert shared(one) == "50.0 % (no interval: one cluster has no interval)"
    assert percent_span(Estimate(value=0.5, low=None, high=None, n=4, clusters=1)) == "(no interval)"


def test_an_undefined_number_says_why():
    nothing = undefined("no item has two votes", 0, 0)
    assert scored(nothing) == shared(nothing) == "undefined: no item has two votes"


def test_nought_has_no_sign():
    assert coefficient(-0.0001) == "0.000"


def test_an_odd_backtick_is_a_backtick():
    assert str(coded("a `b <c>")) == "a `b &lt;c&gt;"
