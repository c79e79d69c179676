"""A time without a zone is UTC, on every machine."""

import json
import os
import subprocess
import sys

import pytest

ZONES = ("UTC", "Europe/Berlin", "Asia/Kolkata")
EXPORT = [
    {
        "id": number,
        "data": {"text": f"Text {number}.", "item_id": f"i{number}"},
        "annotations": [
            {
                "id": 10 * number + place,
                "completed_by": place,
                "created_at": created,
                "updated_at": created,
                "lead_time": 3.0,
                "was_cancelled": False,
                "result": [
                    {"from_name": "stance", "to_name": "text", "type": "choices", "value": {"choices": ["neutral"]}}
                ],
            }
            for place, created in enumerate(
                ("2026-03-01T12:00:00", "2026-07-01 12:00:00+02:00", "2026-03-29T02:30:00Z"), 1
            )
        ],
    }
    for number in (1, 2)
]


def under(zone, *words, **more):
    environment = {**os.environ, "TZ": zone}
    done = subprocess.run([sys.executable, *words], capture_output=True, env=environment, check=False, **more)
    assert done.returncode == 0, done.stderr.decode()
    return done.stdout


def test_the_same_export_gives_the_same_times_in_every_zone(tmp_path):
    (tmp_path / "export.json").write_text(json.dumps(EXPORT))
    tables = []
    for number, zone in enumerate(ZONES):
        output = tmp_path / f"v{number}.jsonl"
        under(zone, "-m", "toolkit", "pull", "--from", tmp_path / "export.json", "-o", output)
        tables.append(output.read_bytes())
    assert tables[0] == tables[1] == tables[2]
    created = [json.loads(line)["created"] for line in tables[0].splitlines()]
    assert sorted(set(created)) == [
        "2026-03-01T12:00:00.000000Z", "2026-03-29T02:30:00.000000Z", "2026-07-01T10:00:00.000000Z",
    ]  # fmt: skip


@pytest.mark.parametrize("zone", ZONES)
def test_every_reader_of_times_takes_a_time_without_a_zone_for_utc(zone):
    program = (
        "import datetime\n"
        "from toolkit.exchange.submissions import utc as of_export\n"
        "from toolkit.times import format_utc, moment, parse_utc, timestamp, utc\n"
        "naive = '2026-03-29T02:30:00'\n"
        "since = datetime.datetime.fromtimestamp(timestamp(naive), datetime.UTC)\n"
        "parsed = datetime.datetime.fromisoformat(naive)\n"
        "times = utc(naive), parse_utc(naive), of_export(naive), of_export(parsed)\n"
        "print({*times, format_utc(moment(naive)), format_utc(since)})"
    )
    assert under(zone, "-c", program).decode().strip() == "{'2026-03-29T02:30:00.000000Z'}"


@pytest.mark.parametrize("zone", ZONES)
def test_the_later_vote_is_the_same_in_every_zone(zone, tmp_path):
    table = tmp_path / "v.csv"
    table.write_text(
        "item,annotator,label,updated\n1,a,old,2026-03-01T12:00:00+02:00\n1,a,new,2026-03-01T10:30:00\n1,b,new,\n"
    )
    program = (
        "import pathlib, sys\n"
        "from toolkit.labels.vote_tables import Columns, VoteRules, coded_votes\n"
        "from toolkit.tables.columns import read_columns\n"
        "columns = Columns()\n"
        "table = read_columns(pathlib.Path(sys.argv[1]), columns.required, columns.optional)\n"
        "print(coded_votes(table, columns, VoteRules()).label.names)"
    )
    assert under(zone, "-c", program, table).decode().strip() == "('new',)"
