"""The built wheel in environments of its own, under the tested versions, and the lines of the README as written.

An environment is kept under the prefix of the Python that runs the tests, by a key of all that decides what is in it
(constraints, dependencies, Python, the commands); the wheel itself is built and installed anew in each run.
"""

import hashlib
import os
import re
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
CONSTRAINTS = ROOT / "constraints.txt"
OLD_PIP = "pip==23.0.1"  # Debian 12's
UV = shutil.which("uv", path=os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]]))
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]

pytestmark = pytest.mark.install


def run(*command, cwd, code=0):
    """The output of a command; what this Python was told by its environment does not reach it."""
    environment = {name: value for name, value in os.environ.items() if name not in ("PYTHONPATH", "VIRTUAL_ENV")}
    environment |= {"PIP_DISABLE_PIP_VERSION_CHECK": "1", "PIP_NO_COMPILE": "1"}
    shell = len(command) == 1
    done = subprocess.run(
        command[0] if shell else [str(word) for word in command],
        cwd=cwd, env=environment, capture_output=True, text=True, shell=shell, check=False,
    )  # fmt: skip
    assert done.returncode == code, f"{command}: {done.returncode}\n{done.stdout[-3000:]}\n{done.stderr[-3000:]}"
    return done.stdout + done.stderr


@pytest.fixture(scope="session")
def wheel(tmp_path_factory):
    """The wheel of this tree."""
    folder = tmp_path_factory.mktemp("wheel")
    fetched = subprocess.run(
        [sys.executable, "-m", "pip", "download", "-q", "--no-deps", "-d", folder / "index", OLD_PIP],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    if fetched.returncode:
        pytest.skip(f"no package index can be reached: {fetched.stderr.strip().splitlines()[-1:]}")
    run(sys.executable, "-m", "pip", "wheel", "-q", "--no-deps", "-w", folder, ROOT, cwd=folder)
    return next(folder.glob("*.whl"))


def environment(name, commands, make):
    """A directory with an environment, made by ``make`` unless one of the same key is there."""
    decisive = [CONSTRAINTS.read_text(), repr(PROJECT["dependencies"]), repr(PROJECT["optional-dependencies"])]
    key = hashlib.sha256("\n".join([*decisive, *commands, sys.version]).encode()).hexdigest()[:12]
    folder = Path(sys.prefix) / "installed" / f"{name}-{key}"
    if not (folder / ".complete").exists():
        for old in folder.parent.glob(f"{name}-*"):
            shutil.rmtree(old)
        make(folder)
        (folder / ".complete").touch()
    return folder / "bin" / "python"


def readme_lines():
    """The lines with which the README installs the toolkit."""
    section = (ROOT / "README.md").read_text().split("\n## Install", 1)[1].split("\n## ")[0]
    return [line.partition("#")[0].strip() for line in re.findall(r"^\$ (python -m pip .*)", section, re.MULTILINE)]


@pytest.fixture(scope="session")
def by_pip(wheel):
    """The Python of an environment into which pip 23.0 has brought the core, and nothing else."""

    def make(folder):
        run(sys.executable, "-m", "venv", folder, cwd=ROOT)
        python = folder / "bin" / "python"
        run(python, "-m", "pip", "install", "-q", OLD_PIP, cwd=ROOT)
        run(python, "-m", "pip", "install", "-q", "-c", CONSTRAINTS, wheel, cwd=ROOT)

    if sys.version_info >= (3, 12):
        pytest.skip("pip 23.0 does not run on Python 3.12")
    python = environment("pip", [OLD_PIP], make)
    run(python, "-m", "pip", "install", "-q", "--no-deps", "--force-reinstall", wheel, cwd=ROOT)
    return python


@pytest.fixture(scope="session")
def by_uv(wheel):
    """The Python of an environment into which uv has brought the extra with the server."""

    def make(folder):
        run(UV, "venv", "-q", "--python", sys.executable, folder, cwd=ROOT)
        run(
            UV,
            "pip",
            "install",
            "-q",
            "--python",
            folder / "bin/python",
            "-c",
            CONSTRAINTS,
            f"{wheel}[server]",
            cwd=ROOT,
        )

    if UV is None:
        pytest.skip("uv is not installed")
    python = environment("uv", ["[server]"], make)
    run(UV, "pip", "install", "-q", "--python", python, "--no-deps", "--reinstall", wheel, cwd=ROOT)
    return python


def check_that_it_works(python, folder):
    """Ask the installed package for its version, its help and a workspace."""
    stance = python.with_name("stance")
    assert PROJECT["version"] in run(stance, "--version", cwd=folder)
    assert "ingest" in run(python, "-m", "toolkit", "--help", cwd=folder)
    assert run(python, "-c", "import toolkit; print(toolkit.__version__)", cwd=folder).strip() == PROJECT["version"]
    assert "site-packages" in run(python, "-c", "import toolkit; print(toolkit.__file__)", cwd=folder)
    run(stance, "init", "campaign", cwd=folder)
    assert (folder / "campaign/schemas/demo.toml").read_bytes() == (ROOT / "schemas/demo.toml").read_bytes()
    assert "66 articles" in run(stance, "segment", "campaign/schemas/demo.toml", cwd=folder)


def check_that_the_server_is_there(python, folder):
    """Find the program; starting it is what other tests do at length."""
    command = "from toolkit.studio.server.program import installed; print(*installed())"
    assert run(python, "-c", command, cwd=folder).split()[0] == str(python.with_name("label-studio"))


def test_pip_23_installs_the_core_under_the_constraints(by_pip, tmp_path):
    assert "pip 23.0.1" in run(by_pip, "-m", "pip", "--version", cwd=tmp_path)
    run(by_pip, "-m", "pip", "check", cwd=tmp_path)
    check_that_it_works(by_pip, tmp_path)


def test_uv_installs_the_server_under_the_constraints(by_uv, tmp_path):
    check_that_it_works(by_uv, tmp_path)
    check_that_the_server_is_there(by_uv, tmp_path)


def test_what_is_installed_are_the_tested_versions(by_pip, by_uv, tmp_path):
    tested = {canonical(line) for line in CONSTRAINTS.read_text().splitlines() if "==" in line}
    core = run(by_pip, "-m", "pip", "freeze", cwd=tmp_path).splitlines()
    server = run(UV, "pip", "freeze", "--python", by_uv, cwd=tmp_path).splitlines()
    pinned = {canonical(line) for line in core + server if "==" in line}
    assert {line for line in pinned - tested if not line.startswith("stance-toolkit")} == set()


def canonical(line):
    """A line of a freeze with the name as an index spells it."""
    name, _, version = line.partition("==")
    return f"{re.sub(r'[-_.]+', '-', name).lower()}=={version}"


def test_without_the_extra_the_server_says_what_to_type_and_that_works(by_pip, tmp_path):
    said = run(by_pip.with_name("stance"), "studio", "start", cwd=tmp_path, code=1)
    command = said.partition("type: ")[2].strip().splitlines()[0]
    assert command.startswith(f"{by_pip} -m pip install -U pip && {by_pip} -m pip install -c ")
    assert "label-studio" in run(f"{command} --dry-run", cwd=tmp_path)


def test_the_lines_of_the_readme_install_the_toolkit(tmp_path):
    lines = readme_lines()
    assert lines[0] == "python -m pip install -U pip"

    def make(folder):
        run(sys.executable, "-m", "venv", folder, cwd=ROOT)
        for line in lines:
            run(line.replace("python", str(folder / "bin/python"), 1), cwd=ROOT)

    python = environment("readme", lines, make)
    run(python, "-m", "pip", "install", "-q", "--no-deps", "--force-reinstall", ROOT, cwd=ROOT)
    check_that_it_works(python, tmp_path)
    check_that_the_server_is_there(python, tmp_path)
