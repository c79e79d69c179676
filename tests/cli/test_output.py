"""Tables for a person: whole cells off a terminal, and what a terminal shows."""

import io
import os
import pty
import subprocess
import sys
from pathlib import Path

from toolkit.cli._options import Common
from toolkit.cli._output import emit, print_table
from toolkit.runs import Result, ResultTable
from toolkit.tables import write_table

LONG = "x" * 200
TABLE = ResultTable(columns=("label", "votes"), rows=((LONG, "7"), ("[red]short", "12")))

PROGRAM = """
from toolkit.cli._output import print_table
from toolkit.runs import ResultTable
print_table(ResultTable(columns=("label", "votes"), rows=(("long" * 4, "7"),)))
"""


class Counted(Result, frozen=True, kw_only=True):
    votes: int = 19

    def line(self):
        return "19 votes"

    def tables(self):
        return (TABLE,)


def test_off_a_terminal_each_cell_is_whole_without_box_or_colour(capsys):
    print_table(TABLE)
    assert capsys.readouterr().out.splitlines() == [
        "label" + " " * 197 + "votes",
        LONG + "      7",
        "[red]short" + " " * 195 + "12",
    ]


def test_a_label_of_200_characters_goes_through_a_pipe_whole(tmp_path):
    rows = [{"item": n, "annotator": a, "label": LONG if n % 2 else "other"} for n in range(6) for a in "ab"]
    write_table(tmp_path / "votes.csv", rows)
    command = [sys.executable, "-m", "toolkit", "agreement", tmp_path / "votes.csv", "--all"]
    out = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    assert any(LONG in line for line in out.splitlines())
    assert "\x1b" not in out


def test_a_result_prints_its_line_and_its_tables_and_with_json_only_its_facts(capsys):
    emit(Counted(), Common())
    assert capsys.readouterr().out.startswith(f"19 votes\nlabel{' ' * 197}votes\n")
    emit(Counted(), Common(as_json=True))
    assert capsys.readouterr().out == '{"schema": 2, "votes": 19}\n'
    emit(Counted(), Common(quiet=True))
    assert capsys.readouterr().out == ""


def test_on_a_terminal_a_table_is_drawn():
    parent, child = pty.openpty()
    environment = os.environ | {"TERM": "xterm", "COLUMNS": "80"}
    process = subprocess.Popen([sys.executable, "-c", PROGRAM], stdout=child, env=environment, cwd=Path.cwd())
    process.wait(timeout=60)
    os.close(child)
    out = io.BytesIO()
    try:
        while chunk := os.read(parent, 4096):
            out.write(chunk)
    except OSError:
        pass  # the other end is closed
    finally:
        os.close(parent)
    assert out.getvalue().decode().startswith("┏━")
