import pytest

import toolkit
from toolkit.steps.init import init_workspace


@pytest.fixture
def demo(tmp_path):
    """The campaign file of a new workspace."""
    init_workspace(tmp_path)
    return tmp_path / "schemas/demo.toml"


def test_the_verbs_of_a_campaign_are_methods_and_its_files_are_frames(demo):
    campaign = toolkit.Campaign(str(demo))
    assert campaign.check().line.endswith("no problems")
    assert campaign.segment().facts["articles"] == len(campaign.articles())
    planned = campaign.plan()
    assert planned.facts["items"] == len(campaign.items()) == 240
    assert repr(planned) == planned.line
    assert set(campaign.splits()["split"].dropna()) == {"test", "pool"}
    assert len(campaign.paragraphs()) > 240
    assert campaign.annotators().empty


def test_a_file_that_a_verb_has_not_written_yet_is_an_error_that_names_the_verb(demo):
    campaign = toolkit.Campaign(demo)
    for read, verb in ((campaign.items, "plan"), (campaign.annotations, "pull"), (campaign.gold, "aggregate")):
        with pytest.raises(toolkit.ToolkitError, match=f"run `stance {verb}"):
            read()
    with pytest.raises(toolkit.ToolkitError, match="run `stance build` first"):
        toolkit.load_gold(demo)


def test_a_broken_campaign_is_refused_at_once(demo):
    demo.write_text(demo.read_text().replace("government-xs", "government-xz"))
    with pytest.raises(toolkit.ToolkitError, match="nearest 'government-xs'"):
        toolkit.Campaign(demo)
