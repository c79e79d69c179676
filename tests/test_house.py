"""The rules of the house that a tool can hold."""

import ast
import re
import subprocess
import sys
from collections import defaultdict
from pathlib import Path

import pytest
from msgspec import Struct

from toolkit.records import write_schemas

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
        assert name == "__version__" or getattr(toolkit, name).__doc__, name
    assert dir(toolkit) == toolkit.__all__


def test_an_unknown_name_lists_the_public_ones():
    import toolkit

    with pytest.raises(AttributeError, match=r"no attribute 'segments'; public are .*segment"):
        _ = toolkit.segments


# --- names, sizes, and what stands where -----------------------------------------------------------------------------

MOST_LINES = 500
MOST_LINES_OF_A_STEP = 150
FEWEST_LINES_FOR_ONE_IMPORTER = 60
NO_VERB = {"__init__", "common", "app"}  # what several verbs share, and the list of all verbs

# What is not yet so; each line goes when it is, and none is added.
NAMES_TWICE: set[str] = set()
LONG_STEPS: set[str] = set()
TESTED_WITH_OTHERS = {"build", "card", "disagreements", "evaluate", "init", "predict", "report", "run", "simulate"}


class Module(Struct, frozen=True):
    """A module of the package, parsed."""

    path: Path  # relative to the repository
    source: str
    tree: ast.Module

    @property
    def name(self):
        parts = self.path.with_suffix("").parts
        return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)

    @property
    def room(self):
        return self.path.parts[1]

    @property
    def lines(self):
        return self.source.count("\n")


def parsed(path):
    source = path.read_text(encoding="utf-8")
    return Module(path.relative_to(ROOT), source, ast.parse(source))


MODULES = [parsed(path) for path in sorted((ROOT / "toolkit").rglob("*.py"))]
STEPS = [module for module in MODULES if module.room == "steps" and module.path.stem != "__init__"]


def imports_of(tree):
    """The names of modules and objects that a module imports, with their modules."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield node.module
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


IMPORTS = {module.name: set(imports_of(module.tree)) for module in MODULES}


def test_no_class_name_stands_twice():
    places = defaultdict(list)
    for module in MODULES:
        for node in ast.walk(module.tree):
            if isinstance(node, ast.ClassDef):
                places[node.name.lstrip("_")].append(f"{module.path}:{node.lineno}")
    assert {name: where for name, where in places.items() if len(where) > 1 and name not in NAMES_TWICE} == {}


def test_no_module_and_package_of_one_stem_stand_in_one_folder():
    twins = [str(module.path) for module in MODULES if (ROOT / module.path.with_suffix("")).is_dir()]
    assert twins == []


def test_no_module_is_longer_than_it_can_be_read():
    assert {str(module.path): module.lines for module in MODULES if module.lines > MOST_LINES} == {}


def test_a_step_is_short():
    long = {module.path.stem: module.lines for module in STEPS if module.lines > MOST_LINES_OF_A_STEP}
    assert {name: lines for name, lines in long.items() if name not in LONG_STEPS} == {}


def test_a_step_computes_parses_and_reads_tables_nowhere():
    foreign = {str(module.path): sorted({"numpy", "re", "csv"} & IMPORTS[module.name]) for module in STEPS}
    assert {path: names for path, names in foreign.items() if names} == {}


def test_a_small_module_with_one_importer_stands_in_that_importer():
    importers = defaultdict(set)
    for module in MODULES:
        for name in IMPORTS[module.name]:
            importers[name].add(module.name)
    small = {
        module.name: (module.lines, *importers[module.name])
        for module in MODULES
        if module.room not in ("steps", "cli")
        and module.path.stem not in ("__init__", "__main__")
        and module.lines < FEWEST_LINES_FOR_ONE_IMPORTER
        and len(importers[module.name]) == 1
    }
    assert small == {}


@pytest.mark.parametrize("module", STEPS, ids=lambda module: module.path.stem)
def test_a_step_bears_the_name_of_its_verb(module):
    verb = module.path.stem
    if verb in NO_VERB:
        return
    assert (ROOT / "toolkit/cli" / f"{verb}.py").exists()
    tests = [ROOT / "tests" / room / f"test_{verb}.py" for room in ("steps", "cli")]
    assert any(path.exists() for path in tests) or verb in TESTED_WITH_OTHERS


def test_every_verb_of_the_command_line_has_its_step():
    steps = {module.path.stem for module in STEPS}
    verbs = {module.path.stem for module in MODULES if module.room == "cli" and not module.path.stem.startswith("_")}
    assert verbs - steps - NO_VERB == set()


def test_only_the_table_module_reads_csv():
    readers = [str(m.path) for m in MODULES if m.room != "tables" and "csv" in IMPORTS[m.name]]
    assert readers == []


def test_modules_are_named_in_the_words_of_the_glossary():
    loose = re.compile(r"^(outside|elsewhere|beside|asked|told|said|wanted|heard|thing|why|line|hearing_.*|asking_.*)$")
    assert [str(module.path) for module in MODULES if loose.match(module.path.stem)] == []
