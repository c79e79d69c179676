import pytest

from toolkit.errors import ConfigError
from toolkit.steps.check import check_campaign, open_campaign
from toolkit.steps.init import init_workspace
from toolkit.workspace import read_campaign


@pytest.fixture
def demo(tmp_path):
    """The campaign file of a new workspace."""
    init_workspace(tmp_path)
    return tmp_path / "schemas/demo.toml"


def change(path, old, new):
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new))


def test_a_new_workspace_has_no_problems(demo):
    checked = check_campaign(demo)
    assert (checked.findings, checked.line()) == ((), f"{demo}: no problems")
    assert checked.facts() == {"schema": 2, "campaign": str(demo), "findings": ()}


def test_everything_that_is_wrong_is_listed_at_once(demo):
    schemas = demo.parent
    change(demo, 'targets = ["government-xs"]', 'targets = ["government-xz"]')
    change(demo, "[plan]", '[studio]\nshow = ["headline", "neighbors"]\n[plan]')
    change(demo, "test_share = 0.5", "test_shares = 2")
    change(schemas / "stance.toml", 'name = "pro_government"', 'name = "Pro Government"')
    change(schemas / "targets.toml", 'valid_from = "2024-07-03"', 'valid_from = "3 July 2024"')
    change(schemas / "outlets.csv", "aliases", "alias")
    messages = [str(row) for row in check_campaign(demo).findings]
    nearest = "'neighbors' is not allowed; nearest 'neighbours'; allowed: headline, outlet, date"
    assert messages[1].startswith(f"{demo}: unknown field 'test_shares' in plan; nearest 'test_share'; allowed: votes")
    assert messages[0].startswith(f"{demo}: studio.show[1]: {nearest}")
    assert messages[2].startswith(f"{schemas / 'outlets.csv'}: no column 'aliases'; needed are id, aliases, country")
    change(demo, "neighbors", "neighbours")
    change(demo, "test_shares = 2", "")
    messages = [str(row).removeprefix(f"{schemas}/") for row in check_campaign(demo).findings]
    assert [message.split("; ")[0] for message in messages] == [
        "stance.toml: questions 'stance', label 'Pro Government', name: 'Pro Government' is not allowed",
        "targets.toml: targets 'government-xs', periods[2].valid_from: '3 July 2024' is not allowed",
        "outlets.csv: no column 'aliases'",
    ]


def test_a_verb_that_writes_stops_at_an_error_and_not_at_a_warning(demo):
    (demo.parents[1] / "data/raw/sample.intended.jsonl").unlink()
    checked = check_campaign(demo)
    assert [(row.rule, row.level) for row in checked.findings] == [("articles", "warning")]
    assert open_campaign(demo).name == "demo"
    change(demo, "government-xs", "government-xz")
    with pytest.raises(ConfigError, match=r"unknown target 'government-xz'; nearest 'government-xs'; allowed:"):
        open_campaign(demo)


def test_keys_of_version_0_1_0_are_read(demo):
    change(demo, "accuracy = ", "skill = ")
    change(demo, "speeding = ", "haste = ")
    ada = read_campaign(demo).file.simulate.annotators[0]
    assert (ada.accuracy, ada.speeding) == (0.92, 0.01)


@pytest.mark.parametrize(
    ("table", "message"),
    [
        ("[paragraphs]\nlongest = 5\nshortest = 9", r"\[paragraphs\]: shortest \(9\) is more than longest \(5\)"),
        ("[train]\nquestion = 'stanse'", r"\[train\]: no question 'stanse' with labels; nearest 'stance'"),
        ("[studio]\nannotators = ['a', 'a']", r"\[studio\]: an annotator is named twice"),
        ("[studio]\nbatch = 'many'", r"studio\.batch: a whole number is needed, not 'many'"),
        ("[aggregate]\nmethod = 'majorty'", r"aggregate\.method: 'majorty' is not allowed; nearest 'majority'"),
    ],
)
def test_each_rule_of_a_campaign_file_names_place_and_remedy(demo, table, message):
    demo.write_text(f"{demo.read_text()}\n{table}\n")
    with pytest.raises(ConfigError, match=message):
        open_campaign(demo)
