import importlib.metadata
import os
import resource
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from toolkit.cli.app import GROUPS, VERBS, load_verb

ROOT = Path(__file__).parents[2]
VERSION = importlib.metadata.version("stance-toolkit")
LABELS = ["--label", "--labels"]


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


def test_the_list_of_verbs_is_in_groups_with_whole_sentences(stance):
    help_text = stance("--help").out
    assert [line for line in help_text.splitlines() if line.rstrip(":") in GROUPS] == [f"{name}:" for name in GROUPS]
    plain = " ".join(help_text.split())
    assert all(f"{name} {sentence}" in plain for name, sentence in VERBS.items())


@pytest.mark.parametrize(("name", "verb"), list(verbs()))
def test_every_verb_takes_the_common_options_and_says_its_arguments_in_capitals(name, verb, stance):
    help_text = stance(*name.split(), "--help").out
    assert verb.help
    for option in ("--json", "-q, --quiet", "-v, --verbose", "--seed", "--version"):
        assert f"  {option}" in help_text
    usage = help_text.split("\n\n")[0].removeprefix(f"Usage: stance {name} [OPTIONS]").split()
    assert all(word.strip("[].").isupper() for word in usage if word != "[ARGS]..."), usage


def test_verbose_shows_the_time_taken_and_where_an_error_arose(stance, tmp_path):
    (tmp_path / "a.txt").write_text("One paragraph.\n")
    assert stance("segment", tmp_path / "a.txt", "-v").err.splitlines()[-1].endswith(" s")
    failed = stance("segment", tmp_path / "no.txt", "-v")
    assert failed.err.startswith("Traceback")
    assert failed.err.splitlines()[-1] == f"stance: {tmp_path / 'no.txt'}: no such file"


@pytest.fixture
def workspace(stance, tmp_path, monkeypatch):
    """A workspace that two campaigns lie in, neither with data."""
    stance("init", tmp_path / "w")
    monkeypatch.chdir(tmp_path / "w")
    return tmp_path / "w"


def test_a_verb_without_a_source_takes_the_only_campaign_with_data_and_names_it(stance, workspace):
    assert "none in this directory has data" in stance("plan").err
    assert stance("segment", "schemas/demo.toml").code == 0
    planned = stance("plan")
    assert (planned.code, planned.err.splitlines()[0]) == (0, "campaign: schemas/demo.toml")
    (workspace / "data/labeled/campaign").mkdir()
    other = stance("plan")
    assert other.code == 2
    assert "schemas/campaign.toml" in other.err
    assert "schemas/demo.toml" in other.err


@pytest.mark.parametrize("words", [["forget", "sim-ada"], ["push"]])
def test_a_verb_that_cannot_be_undone_needs_its_campaign(words, stance, workspace):
    (workspace / "data/labeled/demo").mkdir(parents=True)
    assert stance(*words).code == 2


def test_the_version_is_said(stance):
    assert stance("--version").out.strip() == VERSION


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
    assert (done.returncode, done.stdout) == (0, f"{VERSION}\n")


def test_the_package_runs_as_a_module():
    done = subprocess.run([sys.executable, "-m", "toolkit", "--version"], capture_output=True, text=True)
    assert (done.returncode, done.stdout) == (0, f"{VERSION}\n")


@pytest.mark.parametrize(
    ("words", "completions"), [("adj", ["adjudicate"]), ("adjudicate p", ["push", "pull"]), ("train --lab", LABELS)]
)
def test_the_shell_completes_verbs_and_options(words, completions):
    asked = {
        "_STANCE_COMPLETE": "complete_bash",
        "COMP_WORDS": f"stance {words}",
        "COMP_CWORD": str(words.count(" ") + 1),
    }
    done = subprocess.run(
        [Path(sys.executable).with_name("stance")], env=os.environ | asked, capture_output=True, text=True
    )
    assert sorted(done.stdout.split()) == sorted(completions)
    assert (
        "--install-completion"
        in subprocess.run([Path(sys.executable).with_name("stance"), "--help"], capture_output=True, text=True).stdout
    )


BARE = """
import typer
app = typer.Typer(rich_markup_mode=None)
@app.command()
def one(name: str):
    "One verb."
@app.command()
def two(name: str):
    "Another verb."
app()
"""


def _cpu_seconds(command):
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run(command, stdout=subprocess.DEVNULL, check=True)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def test_help_costs_at_most_twice_the_time_of_a_bare_program(tmp_path):
    (tmp_path / "bare.py").write_text(BARE)
    commands = {
        "bare": [sys.executable, tmp_path / "bare.py", "--help"],
        "stance": [sys.executable, "-m", "toolkit", "--help"],
    }
    rounds = [{name: _cpu_seconds(command) for name, command in commands.items()} for _ in range(6)]
    best = {name: min(seconds[name] for seconds in rounds) for name in commands}
    assert best["stance"] <= 2 * best["bare"], best


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
