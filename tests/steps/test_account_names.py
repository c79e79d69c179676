from toolkit.people import Account, AccountNames, Keys, write_keys
from toolkit.records import Annotator
from toolkit.steps.common import annotators_of
from toolkit.workspace import CampaignConfig, CampaignFile


def campaign_in(tmp_path):
    file = CampaignFile(name="c", title="C", articles=("a.jsonl",), codebook="c.toml", targets=("t",))
    return CampaignConfig(path=tmp_path / "schemas" / "c.toml", file=file)


def test_people_keep_their_pseudonyms_when_the_server_hides_who_they_are(tmp_path):
    campaign, keys_file = campaign_in(tmp_path), tmp_path / "keys.json"
    ours = Account(email="ann@annotators.invalid", password="x", user_id=7)
    write_keys(keys_file, Keys(annotators={"ann": ours}))
    naming = AccountNames(campaign.directory, keys_file)
    known = {7: "ann@annotators.invalid", 8: "x@uni.example", 9: "y@uni.example"}
    before = {number: naming.pseudonym_of(number, email) for number, email in known.items()}
    naming.save()
    later = AccountNames(campaign.directory, keys_file)
    assert {number: later.pseudonym_of(number, "") for number in known} == before
    assert len(set(before.values())) == 3
    assert before[7] == "ann"
    later.save()
    assert annotators_of(campaign) == {name: Annotator(pseudonym=name, kind="human") for name in before.values()}


def test_two_accounts_of_whom_nothing_is_known_are_two_people(tmp_path):
    naming = AccountNames(campaign_in(tmp_path).directory, tmp_path / "keys.json")
    assert naming.pseudonym_of(3, "") != naming.pseudonym_of(4, "")
