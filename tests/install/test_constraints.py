"""The file of tested versions, and what the distributions carry."""

import itertools
import os
import re
import shutil
import subprocess
import sys
import tarfile
import tomllib
import zipfile
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).parents[2]
PINS = [line for line in (ROOT / "constraints.txt").read_text().splitlines() if not line.startswith("#")]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
NAMED = [*PROJECT["dependencies"], *itertools.chain.from_iterable(PROJECT["optional-dependencies"].values())]
REQUIREMENTS = [requirement for requirement in map(Requirement, NAMED) if requirement.name != PROJECT["name"]]


def test_every_constraint_is_one_exact_version_and_names_no_host():
    assert [line for line in PINS if not re.fullmatch(r"[A-Za-z0-9._-]+==[A-Za-z0-9.+!]+", line)] == []


def test_every_dependency_has_a_tested_version_inside_its_bounds():
    tested = {canonicalize_name(name): version for name, _, version in (line.partition("==") for line in PINS)}
    outside = [
        str(requirement)
        for requirement in REQUIREMENTS
        if not requirement.specifier.contains(tested.get(canonicalize_name(requirement.name), "0"), prereleases=True)
    ]
    assert outside == [], "`make test-newest`, then `make constraints`"


def test_every_dependency_has_a_lower_and_an_upper_bound():
    bounds = {str(r): {s.operator for s in r.specifier} for r in REQUIREMENTS}
    assert {text: found for text, found in bounds.items() if not {">=", "<"} <= found} == {}


@pytest.mark.install
def test_the_distributions_carry_the_constraints(tmp_path):
    uv = shutil.which("uv", path=os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]]))
    if uv is None:
        pytest.skip("uv is not installed")
    done = subprocess.run([uv, "build", "-q", "-o", tmp_path, ROOT], capture_output=True, text=True, check=False)
    if done.returncode:
        pytest.skip(f"hatchling cannot be fetched: {done.stderr.strip().splitlines()[-1:]}")
    constraints = (ROOT / "constraints.txt").read_bytes()
    with zipfile.ZipFile(next(tmp_path.glob("*.whl"))) as wheel:
        assert wheel.read("toolkit/constraints.txt") == constraints
    with tarfile.open(next(tmp_path.glob("*.tar.gz"))) as sdist:
        names = {name.partition("/")[2]: name for name in sdist.getnames()}
        assert sdist.extractfile(names["constraints.txt"]).read() == constraints
        assert {"Makefile", ".ci/newest", "tests/conftest.py", "benchmarks/run.py", "docs/labels.md"} <= names.keys()
