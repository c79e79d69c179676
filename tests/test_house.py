"""The rules of the house that a tool can hold."""

import subprocess
import sys
from pathlib import Path

import pytest

from toolkit.steps.schemas import write_schemas

ROOT = Path(__file__).parents[1]
SLOW = (
    "datasets",
    "sklearn",
    "label_studio_sdk",
    "matplotlib",
    "pandas",
    "pyarrow",
    "scipy",
    "skops",
    "rensa",
    "trafilatura",
    "py3langid",
    "warcio",
    "openpyxl",
)


def test_the_schemas_are_those_of_the_records(tmp_path):
    for path in write_schemas(tmp_path):
        kept = ROOT / "schemas" / path.name
        assert kept.read_text() == path.read_text(), f"{path.name} has changed: `make schemas`"
    assert {p.name for p in (ROOT / "schemas").glob("*.schema.json")} == {p.name for p in tmp_path.iterdir()}


@pytest.mark.parametrize("program", ["import toolkit", "import toolkit.cli"])
def test_importing_loads_no_slow_library(program):
    listing = f"{program}; import sys; print([m for m in {SLOW!r} if m in sys.modules])"
    done = subprocess.run([sys.executable, "-c", listing], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_help_loads_no_slow_library():
    program = (
        "import sys, toolkit.cli; sys.argv = ['stance', '--help']\n"
        "try: toolkit.cli.main()\nexcept SystemExit: pass\n"
        f"print([m for m in {SLOW!r} if m in sys.modules], file=sys.stderr)"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stderr.strip() == "[]"
    assert "push" in done.stdout


def test_every_public_name_is_there_and_documented():
    import toolkit

    for name in toolkit.__all__:
        assert getattr(toolkit, name).__doc__, name
    assert dir(toolkit) == toolkit.__all__


def test_an_unknown_name_lists_the_public_ones():
    import toolkit

    with pytest.raises(AttributeError, match=r"no attribute 'segment'; public are .*segment_text"):
        _ = toolkit.segment
