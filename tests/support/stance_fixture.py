"""The command line, run in the process of the test."""

import json
import sys

import pytest

from toolkit.cli import main


class CommandResult:
    """The exit code of a command and what it wrote."""

    def __init__(self, code, out, err):
        self.code, self.out, self.err = code, out, err

    @property
    def facts(self):
        return json.loads(self.out)

    @property
    def rows(self):
        return [json.loads(line) for line in self.out.splitlines()]


@pytest.fixture
def stance(monkeypatch, capsys):
    """Run the command in this process."""

    def run(*words):
        monkeypatch.setattr(sys, "argv", ["stance", *map(str, words)])
        capsys.readouterr()
        try:
            main()
            code = 0
        except SystemExit as left:
            code = left.code or 0
        captured = capsys.readouterr()
        return CommandResult(code, captured.out, captured.err)

    return run
