"""A person withdraws."""

import json
import shutil

import pytest
from support.campaigns import answered_campaign

from toolkit.files import read_jsonl
from toolkit.labels import erasure
from toolkit.people import ErasureRecord, ErasureRecords
from toolkit.records import Annotation
from toolkit.steps import forget as forgetting
from toolkit.tables import read_table, write_table


@pytest.fixture
def campaign(stance, tmp_path):
    made = answered_campaign(stance, tmp_path / "w")
    sheet = tmp_path / "open.csv"
    stance("adjudicate", "export", made.path, "-o", sheet, "--by", "ann-2", "--question", "stance")
    rows = read_table(sheet)
    rows[0] |= {"stance": "mixed", "reason": "slip", "adjudication_comment": "mine"}
    write_table(sheet, rows)
    assert stance("adjudicate", "import", made.path, "--from", sheet, "--by", "ann-2").code == 0
    keys = {
        "schema": 1,
        "people": [{"pseudonym": "ann-2", "account": "Bea Holm"}, {"pseudonym": "ann-3", "account": "x"}],
    }
    made.at("keys.outside.json").write_text(json.dumps(keys))
    made.at("keys.outside.json").chmod(0o600)
    backup = made.root / "data" / "backups" / "1"
    backup.mkdir(parents=True)
    shutil.copy(made.at("annotations.jsonl"), backup)
    (backup / "old.tar.gz").write_bytes(b"")
    return made


def files_with(campaign, word):
    """Files of the workspace, what is for people to clean aside, in which a word stands."""
    aside = ("votes.csv", "agreement.json", "gold.jsonl")
    found = [path for path in (campaign.root / "data").rglob("*") if path.is_file() and path.name not in aside]
    return [path for path in found if word.encode() in path.read_bytes()]


def test_answers_comments_adjudications_and_key_are_gone_and_a_count_stays(stance, campaign):
    before = read_jsonl(campaign.at("annotations.jsonl"), Annotation)
    own = [row for row in before if row.annotator == "ann-2"]
    said = stance("forget", campaign.path, "ann-2", "--json")
    assert said.code == 0, said.err
    facts = said.facts
    assert (facts["annotations"], facts["adjudications"], facts["keys"], facts["backups"]) == (len(own), 1, 1, 1)
    assert read_jsonl(campaign.at("annotations.jsonl"), Annotation) == [row for row in before if row not in own]
    assert files_with(campaign, "ann-2") == []
    assert files_with(campaign, "Bea Holm") == []
    (record,) = read_jsonl(campaign.at("withdrawals.jsonl"), ErasureRecord)
    assert record.annotations == len(own)
    assert campaign.at("keys.outside.json").stat().st_mode & 0o777 == 0o600
    assert any(name.endswith("gold.jsonl") for name in facts["stale"])
    assert facts["packed_backups"][0].endswith("old.tar.gz")
    assert stance("aggregate", campaign.path).code == 0
    again = stance("forget", campaign.path, "ann-2")
    assert (again.code, "nobody is called 'ann-2'; there are ann-1, ann-3" in again.err) == (1, True)


def test_files_never_bring_back_what_was_forgotten(stance, campaign):
    stance("forget", campaign.path, "ann-2")
    ledger = campaign.at("annotations.jsonl").read_bytes()
    votes = campaign.root / "votes.csv"
    facts = stance("pull", campaign.path, "--from", votes, "--json").facts
    assert (facts["new"], facts["known"], facts["withdrawn"]) == (0, 80, 40)
    rows = [row | {"annotator": "Bea Holm"} for row in read_table(votes) if row["annotator"] == "ann-2"]
    write_table(campaign.root / "named.csv", rows)
    said = stance("pull", campaign.path, "--from", campaign.root / "named.csv")
    assert "40 of people who withdrew, left out" in said.out
    assert campaign.at("annotations.jsonl").read_bytes() == ledger
    sheet = campaign.root / "decided.csv"
    write_table(sheet, [{"item_id": "x", "stance": "mixed", "reason": "slip"}])
    refused = stance("adjudicate", "import", campaign.path, "--from", sheet, "--by", "ann-2")
    assert (refused.code, "decided by a person who withdrew" in refused.err) == (1, True)
    assert files_with(campaign, "ann-2") == []


def test_a_record_of_an_erasure_names_nobody(stance, campaign):
    stance("forget", campaign.path, "ann-2")
    stance("forget", campaign.path, "ann-3")
    first, second = read_jsonl(campaign.at("withdrawals.jsonl"), ErasureRecord)
    text = campaign.at("withdrawals.jsonl").read_text()
    assert not [word for word in ("ann-2", "ann-3", "Bea", "Holm") if word in text]
    assert first.salt == second.salt  # what a pull brings is marked once, however many have withdrawn
    assert ErasureRecords([first]).has_name(" ann-2 ")
    assert not ErasureRecords([first]).has_name("Ann-2")
    assert not ErasureRecords([first]).has_name("ann-3")
    assert ErasureRecords([first, second]).has_name("ann-3")


def test_the_message_says_what_is_left_to_the_user(stance, campaign):
    said = stance("forget", campaign.path, "ann-2").out
    assert "yours to do: sheets and exports, copies that others have" in said
    assert "stale, made with these answers: " in said


def test_every_file_that_the_toolkit_wrote_and_that_names_the_person_is_listed(stance, campaign, tmp_path):
    outside = tmp_path / "for the meeting"
    outside.mkdir()
    written = [outside / "open.csv", outside / "open.xlsx"]
    for path in written:
        assert stance("disagreements", campaign.path, "-o", path).code == 0
    decisions = outside / "ann-2 decides.xlsx"
    words = ("adjudicate", "export", campaign.path, "-o", decisions, "--by", "ann-2", "--question", "voice")
    assert stance(*words).code == 0
    log = campaign.root / ".studio" / "label-studio.log"
    log.parent.mkdir(exist_ok=True)
    log.write_text("signed in: ann-2\n")
    campaign.path.write_text(campaign.path.read_text() + "# ann-2 leads\n")
    (outside / "of somebody else.txt").write_text("ann-2")
    named = set(stance("forget", campaign.path, "ann-2", "--json").facts["still_named"])
    assert {*map(str, (*written, decisions, log, campaign.path))} == named


def test_before_the_plan_stands_nothing_has_happened(stance, campaign, monkeypatch):
    ledger = campaign.at("annotations.jsonl").read_bytes()

    def fail(*_args, **_more):
        raise KeyboardInterrupt

    monkeypatch.setattr(erasure, "write_json", fail)  # as if the power went: it cannot be provoked otherwise
    with pytest.raises(KeyboardInterrupt):
        forgetting.forget_campaign(campaign, "ann-2")
    assert campaign.at("annotations.jsonl").read_bytes() == ledger
    monkeypatch.undo()
    assert stance("forget", campaign.path, "ann-2").code == 0
    assert files_with(campaign, "ann-2") == []


@pytest.mark.parametrize("place", [0, 1, 3])
def test_what_was_interrupted_in_the_middle_is_finished(campaign, place):
    forgetting.stage_campaign(campaign, "ann-2")
    plan = json.loads(campaign.at("forget.json").read_text())
    for change in plan["changes"][:place]:
        shutil.move(change["staged"], change["path"])
    assert forgetting.forget_campaign(campaign, "ann-2").annotations == 40
    assert files_with(campaign, "ann-2") == []
    assert not campaign.at("forget.json").exists()
    assert len(read_jsonl(campaign.at("withdrawals.jsonl"), ErasureRecord)) == 1


def test_a_key_that_another_campaign_needs_stays(stance, campaign):
    keys = campaign.root / ".studio" / "keys.json"
    keys.parent.mkdir(exist_ok=True)
    keys.write_text(json.dumps({"annotators": {"ann-2": {}}}))
    other = campaign.root / "data" / "labeled" / "other"
    other.mkdir()
    shutil.copy(campaign.at("annotations.jsonl"), other)
    said = stance("forget", campaign.path, "ann-2", "--json")
    assert said.facts["other_campaigns"] == ["other"]
    assert "ann-2" in keys.read_text()
