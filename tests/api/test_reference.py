"""Every example of the reference and of the notebook runs, and the types of a small program are known."""

import json
import re
import subprocess
import sys
from pathlib import Path

import toolkit

DOCS = Path(__file__).parents[2] / "docs"
PAGE = (DOCS / "reference/python.md").read_text()

PROGRAM = """
import pandas as pd

import toolkit

votes = pd.DataFrame({"item": [1], "annotator": ["a"], "label": ["x"]})
result = toolkit.agreement(votes)
reveal_type(result.alpha.value)
reveal_type(result.alpha.new_annotators)
reveal_type(toolkit.segment(["A text."]))
reveal_type(toolkit.train(votes).predict(["A text."]))
reveal_type(toolkit.evaluate(["x"], ["x"]).accuracy.value)
reveal_type(toolkit.Campaign("c.toml").plan().line)
reveal_type(toolkit.Campaign("c.toml").gold())
reveal_type(toolkit.__version__)
toolkit.agreement(votes, level="ordered")
toolkit.no_such_name
"""


def test_the_examples_of_the_reference_run_in_order():
    names = {}
    blocks = re.findall(r"```python\n(.*?)```", PAGE, re.DOTALL)
    assert len(blocks) == 11
    for block in blocks:
        exec(compile(block, "python.md", "exec"), names)  # noqa: S102 - our own page


def test_the_reference_lists_every_public_function():
    for name in toolkit.__all__:
        if name[0].islower():
            assert f"`{name}(" in PAGE, name
    assert "`Campaign(path)`" in PAGE


def test_the_cells_of_the_notebook_run_in_order():
    cells = json.loads((DOCS / "example.ipynb").read_text())["cells"]
    names = {}
    for cell in cells:
        if cell["cell_type"] == "code":
            exec(compile("".join(cell["source"]), "example.ipynb", "exec"), names)  # noqa: S102 - our own page
    assert names["agreement"].alpha.value > 0.5


def test_a_type_checker_knows_every_type(tmp_path):
    (tmp_path / "program.py").write_text(PROGRAM)
    command = [sys.executable, "-m", "mypy", "--strict", "--cache-dir", tmp_path / "cache", tmp_path / "program.py"]
    out = subprocess.run(command, capture_output=True, text=True, cwd=tmp_path).stdout
    revealed = re.findall(r'Revealed type is "(.*)"', out)
    assert [name.rsplit(".", 1)[-1].replace("builtins.", "") for name in revealed] == [
        "float | None", "Interval | None", "DataFrame", "DataFrame", "float | None", "str", "DataFrame", "str",
    ]  # fmt: skip
    errors = re.findall(r"error: (.*)", out)
    assert len(errors) == 2, out
    assert "level" in errors[0]
    assert "no_such_name" in errors[1]
