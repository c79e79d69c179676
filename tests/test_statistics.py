import numpy as np
import pytest

from toolkit.statistics import by_cluster, cluster_bootstrap, percentile_interval, resized_interval


def mean(sums):
    return sums[:, 0] / sums[:, 1]


def rows(values):
    return np.stack([values, np.ones_like(values)], axis=1)


def test_rows_are_summed_within_clusters_in_sorted_order():
    sums = by_cluster(["b", "a", "b"], np.array([[1.0], [2.0], [4.0]]))
    assert sums.tolist() == [[2.0], [5.0]]


def test_the_interval_of_a_mean_is_that_of_theory():
    values = np.random.default_rng(0).normal(size=400)
    estimate = cluster_bootstrap(rows(values), mean, 400, seed=1)
    half = 1.96 * values.std() / 20
    assert estimate.value == pytest.approx(values.mean())
    assert estimate.high - estimate.low == pytest.approx(2 * half, rel=0.08)


def test_rows_that_repeat_within_a_cluster_do_not_shrink_the_interval():
    values = np.random.default_rng(0).normal(size=50)
    once = cluster_bootstrap(by_cluster([str(i) for i in range(50)], rows(values)), mean, 50, seed=1)
    repeated, names = np.repeat(values, 10), [str(i // 10) for i in range(500)]
    ten_times = cluster_bootstrap(by_cluster(names, rows(repeated)), mean, 500, seed=1)
    as_if_independent = cluster_bootstrap(rows(repeated), mean, 500, seed=1)
    # clusters sort by name, so the draws pair with others: equal in law, not to the digit
    assert ten_times.high - ten_times.low == pytest.approx(once.high - once.low, rel=0.1)
    assert as_if_independent.high - as_if_independent.low < 0.5 * (ten_times.high - ten_times.low)


def test_one_cluster_has_a_value_and_no_interval():
    estimate = cluster_bootstrap(np.array([[3.0, 4.0]]), mean, 4, seed=0)
    assert (estimate.value, estimate.low, estimate.high) == (3 / 4, None, None)
    assert estimate.reason == "one cluster has no interval"


def test_what_is_undefined_on_the_data_says_why():
    estimate = cluster_bootstrap(np.zeros((3, 2)), lambda s: s[:, 0] * np.nan, 0, seed=0, reason="nothing there")
    assert (estimate.value, estimate.reason) == (None, "nothing there")


def test_too_many_undefined_draws_give_no_interval():
    draws = np.arange(100.0)
    draws[:6] = np.nan
    assert percentile_interval(draws) == (None, None)


def test_the_order_of_rows_changes_nothing():
    values, names = np.random.default_rng(3).normal(size=60), [str(i % 12) for i in range(60)]
    order = np.random.default_rng(4).permutation(60)
    a = cluster_bootstrap(by_cluster(names, rows(values)), mean, 60, seed=1)
    b = cluster_bootstrap(by_cluster([names[i] for i in order], rows(values[order])), mean, 60, seed=1)
    assert (a.low, a.high) == pytest.approx((b.low, b.high))


def test_an_interval_is_resized_around_the_value_and_keeps_its_lean():
    draws = 5.0 + np.array([*np.linspace(-1, 0, 500), *np.linspace(0, 3, 501)[1:]])
    low, high = resized_interval(5.0, draws, 0.2)
    assert high - low == pytest.approx(0.4)
    assert (high - 5.0) / (5.0 - low) == pytest.approx(3, rel=0.02)


def test_a_value_outside_of_its_draws_is_the_end_of_its_interval():
    low, high = resized_interval(9.0, np.linspace(0, 5, 100), 1.0)
    assert (low, high) == (7.0, 9.0)


def test_draws_that_are_all_equal_stay_an_interval_without_width():
    assert resized_interval(1.0, np.ones(100), 0.3) == (1.0, 1.0)
    assert resized_interval(1.0, np.full(100, np.nan), 0.3) == (None, None)
