"""The table of all measurements: every figure by its path, and what is absent is named."""

import importlib.util
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]


@pytest.fixture(scope="module")
def run():
    spec = importlib.util.spec_from_file_location("benchmark_run", ROOT / "benchmarks/run.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_an_estimate_stands_with_its_interval_and_n(run):
    figures = {"recall": {"value": 0.9, "low": 0.8, "high": 0.95, "n": 40}, "speed": {"ours": 12.5, "runs": 3}}
    assert list(run.rows(figures)) == [
        ("recall", "0.900 [0.800, 0.950] (n 40)"),
        ("speed.ours", "12.5"),
        ("speed.runs", "3"),
    ]


def test_points_and_paired_differences_have_their_intervals(run):
    page = {"point": 0.97, "interval": [0.96, 0.98], "difference": 0.01, "difference_interval": [0.0, 0.02]}
    assert list(run.rows({"peer": page}))[:2] == [
        ("peer", "0.970 [0.960, 0.980]"),
        ("peer difference", "0.010 [0.000, 0.020]"),
    ]


def test_lines_that_end_with_a_figure_are_taken_where_a_script_writes_none(run):
    printed = "220 paragraphs\nverb                 precision 0.967 [0.929, 0.994] (147 of 152)\nnone here\n"
    assert run.printed_figures(printed) == {"verb precision": "0.967 [0.929, 0.994] (147 of 152)"}


def test_what_is_absent_is_named(run, tmp_path):
    benchmark = next(benchmark for benchmark in run.BENCHMARKS if benchmark.name == "pages")
    facts = {"pages": {"figures": {}, "skipped": ["peers of pages: none"], "seconds": 1, "lines": []}}
    assert any("skipped: peers of pages" in line for line in run.table(facts))
    assert benchmark.peers == "pages"
    done = subprocess.run(
        [sys.executable, ROOT / "benchmarks/run.py", "--json", tmp_path / "r.json"],
        capture_output=True,
        text=True,
        env={"STANCE_DATA": str(tmp_path / "nowhere")},
    )
    assert done.returncode == 1
    assert "set STANCE_DATA" in done.stderr


def test_every_script_is_there(run):
    assert all((ROOT / "benchmarks" / benchmark.script).exists() for benchmark in run.BENCHMARKS)


def test_an_earlier_measurement_keeps_its_own_date(run, tmp_path):
    path = tmp_path / "results.json"
    assert run.earlier_measurements(path) == {}
    measurements = {"ingest": {"figures": {}}, "pages": {"date": "later", "figures": {}}}
    path.write_text(run.json.dumps({"date": "first", "measurements": measurements}))
    assert {name: fact["date"] for name, fact in run.earlier_measurements(path).items()} == {
        "ingest": "first",
        "pages": "later",
    }


def test_the_page_of_results_is_what_the_figures_and_the_notes_make(run):
    results = run.json.loads(run.RESULTS.read_text(encoding="utf-8"))
    assert run.PAGE.read_text(encoding="utf-8") == run.page(results, run.NOTES.read_text(encoding="utf-8")), (
        "`make results`"
    )


def test_notes_stand_below_the_figures_of_their_measurement_or_alone(run):
    facts = {"date": "2026-11-24T00:00", "seconds": 3.0, "skipped": [], "figures": {"speed": {"ours": 2.5}}}
    results = {"python": "3.11", "cores": 2, "date": "2026-11-24", "measurements": {"pages": facts}}
    text = run.page(results, "# Notes\n\n## push\n\nBy hand.\n\n## pages\n\nSlow pages first.\n")
    assert text.index("| figure | value |") < text.index("Slow pages first.") < text.index("## push\n\nBy hand.")
