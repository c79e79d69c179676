import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from toolkit.cli.app import VERBS, load_verb

ROOT = Path(__file__).parents[2]


def verbs(commands=None, before=""):
    """All verbs, with those of a group by all their words."""
    for name, verb in sorted((commands or {name: load_verb(name) for name in VERBS}).items()):
        if hasattr(verb, "commands"):
            yield from verbs(verb.commands, f"{before}{name} ")
        else:
            yield f"{before}{name}", verb


@pytest.mark.parametrize(("name", "verb"), list(verbs()))
def test_every_verbs_help_ends_with_an_example_that_the_verb_takes(name, verb, stance):
    help_text = stance(*name.split(), "--help").out.strip()
    last = help_text.splitlines()[-1].strip()
    assert last.startswith(f"Example: stance {name}")
    words = last.removeprefix(f"Example: stance {name}").split()
    verb.make_context(name, words)  # fails where an option or an argument is unknown or missing


@pytest.mark.parametrize("name", VERBS)
def test_the_list_of_verbs_has_the_first_sentence_of_each_verbs_help(name):
    first_paragraph = load_verb(name).help.split("\n\n")[0]
    assert " ".join(first_paragraph.split()) == VERBS[name]


def test_the_version_is_said(stance):
    assert stance("--version").out.strip() == "0.1.0"


def test_an_unknown_verb_is_wrong_usage(stance):
    said = stance("nonsense")
    assert (said.code, said.out) == (2, "")
    assert "nonsense" in said.err


def test_a_missing_argument_is_wrong_usage(stance):
    assert stance("plan").code == 2


def test_a_table_where_a_campaign_is_needed_is_wrong_usage(stance):
    said = stance("plan", "x.csv")
    assert said.code == 2
    assert "a campaign file (.toml) is needed here" in said.err


def test_an_error_is_one_line_without_a_traceback(stance, tmp_path):
    said = stance("segment", tmp_path / "no.txt")
    assert said.code == 1
    assert said.err == f"stance: {tmp_path / 'no.txt'}: no such file\n"


def test_the_module_is_the_command():
    done = subprocess.run([Path(sys.executable).with_name("stance"), "--version"], capture_output=True, text=True)
    assert (done.returncode, done.stdout) == (0, "0.1.0\n")


def test_an_interruption_is_said_and_has_its_exit_code(tmp_path):
    os.mkfifo(tmp_path / "a.txt")  # nobody writes: the command waits until it is interrupted
    command = [Path(sys.executable).with_name("stance"), "segment", tmp_path / "a.txt"]
    # A test run in the background ignores SIGINT, and what it starts would too.
    heeding = {"preexec_fn": lambda: signal.signal(signal.SIGINT, signal.SIG_DFL)}
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, **heeding)
    descriptor = os.open(tmp_path / "a.txt", os.O_WRONLY)  # returns when the command has opened its end
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=60)
    os.close(descriptor)
    assert (process.returncode, out) == (130, "")
    assert err == "stance: interrupted; run the same command again to go on\n"


def test_a_reader_that_goes_away_is_no_error(tmp_path):
    (tmp_path / "a.txt").write_text("\n\n".join(f"Paragraph {n} of many, with some words in it." for n in range(5000)))
    line = f"{Path(sys.executable).with_name('stance')} segment {tmp_path / 'a.txt'} | head -n 1"
    done = subprocess.run(["sh", "-c", line], capture_output=True, text=True)
    assert done.stderr == ""
    assert done.stdout.count("\n") == 1
