"""The guide for leaders: its commands are those of the program, its settings those that the local server gets."""

import re

import pytest
from typer.main import get_command

from toolkit.cli.app import app
from toolkit.studio.server.postgres import Database
from toolkit.studio.server.program import environment

GUIDES = ("label-studio.md", "pull.md")


def read(pytestconfig, name):
    return (pytestconfig.rootpath / "docs" / name).read_text()


def commands(guide):
    """The commands of a guide as words, without what stands behind a comment."""
    return [found.split("#")[0].split() for found in re.findall(r"\bstance ([a-z][^`|\n]*)", guide)]


@pytest.mark.parametrize("name", GUIDES)
def test_every_command_that_a_guide_shows_is_one_of_the_program(pytestconfig, name):
    shown = commands(read(pytestconfig, name))
    assert shown
    for words in shown:
        command = get_command(app)
        for number, word in enumerate(words):
            inner = getattr(command, "get_command", lambda *_: None)(None, word)
            if inner is None:
                assert number, f"stance {word}"
                break
            command = inner
        known = {option for parameter in command.params for option in parameter.opts}
        asked = {word.rstrip(",.;") for word in words if word.startswith("--")}
        assert asked <= known, f"stance {' '.join(words)}"


def test_every_test_that_the_guide_names_has_tests_of_that_name(pytestconfig):
    root = pytestconfig.rootpath
    named = set(re.findall(r"`((?:tests/\w+/)?test_\w+\.py)`", read(pytestconfig, "label-studio.md")))
    assert named
    for name in sorted(named):
        path = root / (name if "/" in name else f"tests/studio/{name}")
        assert re.search(r"^def test_", path.read_text(), re.MULTILINE), name


def test_every_setting_of_a_team_server_that_the_guide_names_is_set_here_or_tried(pytestconfig, tmp_path):
    exported = set(re.findall(r"\b([A-Z][A-Z_]+)=", read(pytestconfig, "label-studio.md")))
    exported -= {"LABEL_STUDIO_URL", "LABEL_STUDIO_API_KEY"}
    database = Database(host="127.0.0.1", port=5432, name="ls", user="ls", password="x")
    tried = (pytestconfig.rootpath / "tests" / "studio" / "test_facts.py").read_text()
    unknown = {name for name in exported - environment(tmp_path, database).keys() if f'"{name}"' not in tried}
    assert exported
    assert unknown == set()
