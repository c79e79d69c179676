"""Projects that the toolkit did not make, made through the server's own interface."""

import json
import stat

import pytest

from toolkit.errors import DataError, StudioError, UsageError
from toolkit.exchange.task_data import ColumnMap
from toolkit.exchange.vote_files import ImportOptions
from toolkit.labels.aggregation.methods import TableOptions
from toolkit.labels.agreement.questions import AgreementOptions
from toolkit.labels.vote_tables import Columns, VoteRules
from toolkit.people import read_keys
from toolkit.steps.aggregate import aggregate_table
from toolkit.steps.agreement import agreement_table
from toolkit.steps.pull import pull_files, pull_project
from toolkit.tables import read_table

pytestmark = pytest.mark.server

EVERYTHING = """<View>
<Header value="$title"/>
<Text name="doc" value="$body"/>
<Choices name="stance" toName="doc"><Choice value="For it" alias="for"/><Choice value="Against"/></Choices>
<Choices name="topics" toName="doc" choice="multiple"><Choice value="Tax"/><Choice value="Fish, nets"/></Choices>
<Rating name="sure" toName="doc" maxRating="5"/>
<TextArea name="why" toName="doc"/>
<Number name="ferries" toName="doc"/>
<DateTime name="on" toName="doc" only="date"/>
<Taxonomy name="subject" toName="doc">
 <Choice value="Sea"><Choice value="Fish"/><Choice value="Boats"/></Choice><Choice value="Land"/>
</Taxonomy>
<Labels name="words" toName="doc"><Label value="Praise"/></Labels>
<Filter name="search" toName="words"/>
</View>"""
PAIR = """<View>
<Text name="a" value="$left"/><Text name="b" value="$right"/><Pairwise name="better" toName="a,b"/>
</View>"""
LABELS = {  # what the two people say of the first text
    "stance": ["for", "Against"],
    "topics": ["Tax", "Fish, nets | Tax"],
    "sure": ["3", "4"],
    "why": ['it "says" so, twice', 'it "says" so, twice | =1+1'],
    "ferries": ["4.5", "4.5"],
    "on": ["2024-07-03", "2024-07-03"],
    "subject": ["Sea > Fish", "Land | Sea > Fish"],
    "words": ['{"end": 5, "labels": ["Praise"], "start": 0, "text": "Ferry"}'] * 2,
}
FORMATS = {"JSON": "json", "JSON_MIN": "json", "CSV": "csv", "TSV": "tsv"}


def part(name, kind, value, about="doc"):
    return {"from_name": name, "to_name": about, "type": kind, "value": value}


def everything(stance, count):
    """An answer to each question, with so many parts where there may be several."""
    return [
        part("stance", "choices", {"choices": [stance]}),
        part("topics", "choices", {"choices": ["Tax", "Fish, nets"][:count]}),
        part("sure", "rating", {"rating": 2 + count}),
        part("why", "textarea", {"text": ['it "says" so, twice', "=1+1"][:count]}),
        part("ferries", "number", {"number": 4.5}),
        part("on", "datetime", {"datetime": "2024-07-03"}),
        part("subject", "taxonomy", {"taxonomy": [["Sea", "Fish"], ["Land"]][:count]}),
        {**part("words", "labels", {"start": 0, "end": 5, "text": "Ferry", "labels": ["Praise"]}), "id": "w1"},
    ]


class Foreign:
    """A project made by hand, and the ways to read it."""

    def __init__(self, raw, config, rows):
        self.admin = raw()
        about = {"title": "Made by hand", "label_config": config, "description": None}
        made = self.admin.http.post("/api/projects/", json=about)
        self.number = made.raise_for_status().json()["id"]
        path = f"/api/projects/{self.number}/import?return_task_ids=true"
        imported = self.admin.http.post(path, json=[{"data": row} for row in rows])
        self.tasks = imported.raise_for_status().json()["task_ids"]
        self.address = f"{str(self.admin.http.base_url).rstrip('/')}/projects/{self.number}/data?tab=3"

    def pull(self, output, *questions, **columns):
        wanted = ImportOptions(columns=ColumnMap(**columns), questions=questions)
        return pull_project(self.address, wanted, output, lambda *_: None)

    def exported(self, directory, kind):
        path = f"/api/projects/{self.number}/export?exportType={kind}&download_all_tasks=true"
        file = directory / f"{kind}.{FORMATS[kind]}"
        file.write_bytes(self.admin.http.get(path).raise_for_status().content)
        return file


@pytest.fixture(autouse=True)
def _token(accounts, studio_directory, monkeypatch):
    assert accounts
    admin = read_keys(studio_directory / "keys.json").admin
    monkeypatch.setenv("LABEL_STUDIO_API_KEY", admin.token)


@pytest.fixture
def harbour(raw):
    """Four texts: two voted on, one skipped and voted on twice by one person, one with a draft, one untouched."""
    rows = [{"body": f"Ferry {n} is back; +5 %", "title": "A", "ref": f"r{n}"} for n in range(5)]
    project = Foreign(raw, EVERYTHING, rows)
    one, two = raw("ann-1"), raw("ann-2")
    for number, task in enumerate(project.tasks[:2]):
        one.vote(task, *everything("for", 1), lead_time=3.5)
        two.vote(task, *everything("for" if number else "Against", 2))
    one.vote(project.tasks[2], was_cancelled=True)
    two.vote(project.tasks[2], part("stance", "choices", {"choices": ["for"]}))
    two.vote(project.tasks[2], part("stance", "choices", {"choices": ["Against"]}))
    draft = {"result": [part("stance", "choices", {"choices": ["for"]})], "lead_time": 1}
    one.http.post(f"/api/tasks/{project.tasks[3]}/drafts", json=draft).raise_for_status()
    return project


def told(path):
    return [(row["item"], row["annotator"], row["label"], row["state"]) for row in read_table(path)]


def test_a_finished_project_becomes_a_table_of_votes_in_one_line(harbour, tmp_path):
    said = harbour.pull(tmp_path / "votes.jsonl", "stance")
    t0, t1, t2, t3, _ = map(str, harbour.tasks)
    assert told(tmp_path / "votes.jsonl") == [
        (t0, "person-1", "for", "submitted"),
        (t0, "person-2", "Against", "submitted"),
        (t1, "person-1", "for", "submitted"),
        (t1, "person-2", "for", "submitted"),
        (t2, "person-1", None, "skipped"),
        (t2, "person-2", "for", "submitted"),
        (t2, "person-2", "Against", "repeat"),
        (t3, "person-1", "for", "draft"),
    ]
    first = read_table(tmp_path / "votes.jsonl")[0]
    assert list(first) == ["item", "annotator", "label", "text", "seconds", "created", "updated", "state"]
    assert (first["text"], first["seconds"], first["created"][-1]) == ("Ferry 0 is back; +5 %", 3.5, "Z")
    counts = {state: said.facts()[state] for state in ("rows", "submitted", "skipped", "draft", "repeat")}
    assert counts == {"rows": 8, "submitted": 5, "skipped": 1, "draft": 1, "repeat": 1}


def test_agreement_and_gold_come_straight_from_what_was_pulled(harbour, tmp_path):
    for name in ("votes.jsonl", "votes.csv", "votes.tsv", "votes.parquet"):
        harbour.pull(tmp_path / name, "stance")
        found = agreement_table(tmp_path / name, Columns(), VoteRules(), AgreementOptions(), 0)
        # items: for+Against, for+for, for; pairs: coincidences ff 2, fA 1, Af 1, n = 4
        assert found.facts()["questions"]["label"]["alpha"]["value"] == pytest.approx(1 - (4 - 1) * 2 / (2 * 3 * 1))
        assert found.left_out == {"draft": 1, "repeat": 1, "skipped": 1}
        gold, rows = aggregate_table(tmp_path / name, Columns(), VoteRules(), TableOptions(), tmp_path / "gold.csv")
        assert [row["label"] for row in rows] == [None, "for", "for"]
        assert "rows left out: 1 draft, 1 repeat, 1 skipped" in gold.line()


def test_no_address_stands_in_the_table_and_the_key_file_is_the_owners_alone(harbour, tmp_path):
    harbour.pull(tmp_path / "votes.csv", "stance")
    assert "@" not in (tmp_path / "votes.csv").read_text()
    keys = tmp_path / "votes.keys.json"
    assert stat.S_IMODE(keys.stat().st_mode) == 0o600
    people = {each["pseudonym"]: each["email"] for each in json.loads(keys.read_text())["people"]}
    assert people == {"person-1": "ann-1@annotators.invalid", "person-2": "ann-2@annotators.invalid"}


def test_whoever_was_person_2_stays_person_2(harbour, raw, tmp_path):
    harbour.pull(tmp_path / "votes.csv", "stance")
    for annotation in harbour.admin.get(f"/api/tasks/{harbour.tasks[0]}/annotations/"):
        if annotation["completed_by"] == raw("ann-1").get("/api/current-user/whoami")["id"]:
            harbour.admin.delete(f"/api/annotations/{annotation['id']}/")
    harbour.pull(tmp_path / "votes.csv", "stance")
    assert told(tmp_path / "votes.csv")[0][1:] == ("person-2", "Against", "submitted")


def test_every_kind_of_question_can_be_pulled_and_exports_made_by_hand_say_the_same(harbour, tmp_path):
    exports = {kind: harbour.exported(tmp_path, kind) for kind in FORMATS}
    for question, labels in LABELS.items():
        harbour.pull(tmp_path / "pulled.jsonl", question)
        pulled = read_table(tmp_path / "pulled.jsonl")
        assert [row["label"] for row in pulled[:2]] == labels
        for kind, export in exports.items():
            wanted = ImportOptions(columns=ColumnMap(text="body"), questions=(question,))
            pull_files([export], wanted, tmp_path / "read.jsonl")
            expected = [row for row in pulled if kind == "JSON" or _is_flat(row)]
            assert sorted(map(repr, read_table(tmp_path / "read.jsonl"))) == sorted(map(repr, expected))


def _is_flat(row):
    """Whether the flat formats hold it: they leave out skips and drafts."""
    return row["state"] not in ("skipped", "draft")


def test_in_a_flat_export_the_tasks_own_id_hides_behind_a_column_named_id(raw, tmp_path):
    project = Foreign(raw, EVERYTHING, [{"body": "b", "title": "", "id": "mine"}])
    raw("ann-1").vote(project.tasks[0], part("stance", "choices", {"choices": ["for"]}))
    items = {}
    for kind in FORMATS:
        wanted = ImportOptions(questions=("stance",))
        pull_files([project.exported(tmp_path, kind)], wanted, tmp_path / "v.jsonl")
        items[kind] = told(tmp_path / "v.jsonl")[0][0]
    task = str(project.tasks[0])
    assert items == {"JSON": task, "JSON_MIN": task, "CSV": "mine", "TSV": "mine"}


def test_a_comparison_of_two_texts(raw, tmp_path):
    project = Foreign(raw, PAIR, [{"left": "L", "right": "R"}])
    raw("ann-1").vote(project.tasks[0], part("better", "pairwise", {"selected": "left"}, "a,b"))
    said = project.pull(tmp_path / "v.csv")
    assert told(tmp_path / "v.csv") == [(str(project.tasks[0]), "person-1", "left", "submitted")]
    assert said.facts()["question"] == "better"
    for kind in FORMATS:
        wanted = ImportOptions(questions=("better",))
        pull_files([project.exported(tmp_path, kind)], wanted, tmp_path / "read.csv")
        assert told(tmp_path / "read.csv") == told(tmp_path / "v.csv")


def test_more_tasks_than_a_page_holds_come_each_once(raw, tmp_path):
    rows = [{"body": f"b{n}", "title": ""} for n in range(520)]
    project = Foreign(raw, EVERYTHING, rows)
    for task in project.tasks[::130]:
        raw("ann-1").vote(task, part("stance", "choices", {"choices": ["for"]}))
    project.pull(tmp_path / "v.jsonl", "stance")
    assert [item for item, *_ in told(tmp_path / "v.jsonl")] == [str(task) for task in project.tasks[::130]]


def test_what_is_asked_for_and_not_there_is_listed(harbour, tmp_path):
    output = tmp_path / "v.jsonl"
    with pytest.raises(UsageError, match=f"name it with --question: {', '.join(LABELS)}"):
        harbour.pull(output)
    with pytest.raises(UsageError, match="no question 'tone'; there are stance, topics"):
        harbour.pull(output, "tone")
    for columns in ({"item": "uid"}, {"text": "uid"}):
        with pytest.raises(DataError, match="no column 'uid'; its data has body, title, ref"):
            harbour.pull(output, "stance", **columns)
    harbour.address = harbour.address.replace(f"/{harbour.number}/", "/999999/")
    with pytest.raises(StudioError, match=rf"no project 999999 for this account; there are: .*{harbour.number} 'Made"):
        harbour.pull(output, "stance")
    assert list(tmp_path.iterdir()) == []


def test_a_token_that_is_none(harbour, tmp_path, monkeypatch):
    monkeypatch.setenv("LABEL_STUDIO_API_KEY", "0123456789abcdef")
    with pytest.raises(StudioError, match="the token is not accepted; set LABEL_STUDIO_API_KEY"):
        harbour.pull(tmp_path / "v.jsonl", "stance")
    monkeypatch.delenv("LABEL_STUDIO_API_KEY")
    with pytest.raises(StudioError, match="no token; set LABEL_STUDIO_API_KEY"):
        harbour.pull(tmp_path / "v.jsonl", "stance")


def test_a_token_of_the_other_kind_opens_it_too(harbour, tmp_path, monkeypatch):
    settings = harbour.admin.get("/api/jwt/settings")
    both = {"api_tokens_enabled": True, "legacy_api_tokens_enabled": True, "api_token_ttl_days": 30}
    harbour.admin.http.post("/api/jwt/settings", json=both).raise_for_status()
    try:
        monkeypatch.setenv("LABEL_STUDIO_API_KEY", harbour.admin.get("/api/current-user/token")["token"])
        assert harbour.pull(tmp_path / "v.jsonl", "stance").facts()["rows"] == 8
    finally:
        harbour.admin.http.post("/api/jwt/settings", json=settings).raise_for_status()
