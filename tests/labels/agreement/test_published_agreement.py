"""Agreement as others have published it, from the raw votes that they published too."""

import csv
import gzip
import json
import os
from pathlib import Path

import numpy as np
import pytest

from toolkit.labels.agreement.coefficients import fleiss_kappa, item_rows
from toolkit.labels.agreement.headline import agreement_of_votes
from toolkit.labels.agreement.intervals import Scale
from toolkit.labels.votes import code_columns
from toolkit.metrics import cohen_kappa

SHARED = Path(os.environ.get("STANCE_DATA", Path(__file__).parents[3] / ".." / "shared" / "data"))
pytestmark = pytest.mark.shared


def shared(*parts):
    path = SHARED.joinpath(*parts)
    if not path.exists():
        pytest.skip(f"{path} is absent; set STANCE_DATA")
    return path


def rows_of(*parts):
    with gzip.open(shared(*parts), "rt", newline="") as handle:
        return list(csv.DictReader(handle))


def alpha(votes, labels, level="nominal", draws=lambda item: item):
    items, annotators, answers = zip(*votes, strict=True)
    scale = Scale(level=level, values={label: float(place) for place, label in enumerate(labels)})
    coded = code_columns(items, annotators, answers, [draws(item) for item in items], labels)
    return agreement_of_votes(coded, labels, 0, scale, 0).alpha


CASES = ["krippendorff2011_4x12", "krippendorff2011_ben_gerry_2x12", "fleiss1971_diagnoses_30x6", "cohen1960_1968_200"]


@pytest.mark.parametrize("name", CASES)
def test_every_coefficient_of_a_published_table_comes_out_to_the_digits_printed(name):
    cases = {case["name"]: case for case in json.loads(shared("agreement_reference", "cases.json").read_text())}
    assert sorted(cases) == sorted(CASES)  # a case that is added must be proven too
    case = cases[name]
    published = {key: value for key, value in case["published"].items() if not isinstance(value, list)}
    measured = coefficients_of(case)
    assert {key: measured[key] for key in published} == {
        key: pytest.approx(value, abs=0.0006 if value > 0.4302446 or value < 0.43 else 0.0005)
        for key, value in published.items()
    }
    for label, kappa in zip(range(1, 6), case["published"].get("category_kappas", []), strict=False):
        counts = np.array([[row.count(label), len(row) - row.count(label)] for row in case["data"]], dtype=float)
        assert fleiss_of(counts) == pytest.approx(kappa, abs=0.0006)


def fleiss_of(counts):
    return float(fleiss_kappa(item_rows(counts, np.eye(counts.shape[1])).sum(axis=0)[np.newaxis])[0])


def coefficients_of(case):
    if case["format"].startswith("contingency"):
        table, weights = np.array(case["data"], dtype=float)[np.newaxis], np.array(case["weights"], dtype=float)
        unweighted = 1.0 - np.eye(len(weights))
        kappas = (cohen_kappa(unweighted)(table), cohen_kappa(weights)(table))
        return {"cohen_kappa": kappas[0][0], "weighted_kappa": kappas[1][0]}
    table = case["data"] if case["format"].startswith("raters") else list(zip(*case["data"], strict=True))
    votes = [(f"i{n}", f"r{a}", str(v)) for a, row in enumerate(table) for n, v in enumerate(row) if v is not None]
    labels = sorted({label for _, _, label in votes})
    levels = ["nominal", "ordinal", "interval", "ratio"] if labels[0].isdigit() else ["nominal"]
    found = {f"alpha_{level}": numbered(votes, labels, level) for level in levels}
    if case["format"].startswith("units"):
        counts = np.array([[row.count(int(label)) for label in labels] for row in case["data"]], dtype=float)
        found["fleiss_kappa"] = found["fleiss_kappa_irr"] = fleiss_of(counts)
    return found


def numbered(votes, labels, level):
    items, annotators, answers = zip(*votes, strict=True)
    values = {label: float(label) for label in labels} if level != "nominal" else {}
    coded = code_columns(items, annotators, answers, items, labels)
    return agreement_of_votes(coded, labels, 0, Scale(level=level, values=values), 0).alpha.value


STANCES = ("disagrees", "neutral", "agrees")


def gwsd():
    rows = rows_of("gwstance", "annotations_long.csv.gz")
    return [(row["guid"], row["worker"], row["label"]) for row in rows if row["is_screen"] == "False"]


@pytest.mark.parametrize(("level", "published"), [("nominal", 0.330), ("ordinal", 0.428), ("interval", 0.439)])
def test_gwsd(level, published):
    # Luo, Card and Jurafsky, Detecting Stance in Media on Global Warming (2020); 2,050 sentences, eight votes each
    assert alpha(gwsd(), STANCES, level).value == pytest.approx(published, abs=0.0005)


def test_gwsd_by_items_and_by_the_panels_of_eight_that_judged_together():
    votes = gwsd()
    items = alpha(votes, STANCES)
    panel_of = {item: worker.split("_")[0] for item, worker, _ in votes}
    panels = alpha(votes, STANCES, draws=panel_of.__getitem__)
    assert (items.clusters, panels.clusters) == (2050, 50)
    assert (items.low, items.high) == (pytest.approx(0.314, abs=0.0015), pytest.approx(0.345, abs=0.0015))
    assert (panels.low, panels.high) == (pytest.approx(0.299, abs=0.004), pytest.approx(0.362, abs=0.004))
    # Other annotators are other panels: the interval over panels lies within that of new annotators.
    assert items.new_annotators.low < panels.low
    assert panels.high < items.new_annotators.high


@pytest.mark.parametrize(
    ("study", "question", "labels", "level", "published"),
    [
        ("MBIC", "bias", ("Biased", "Non-biased"), "nominal", 0.206),
        ("SG1", "bias", ("Biased", "Non-biased"), "nominal", 0.388),
        ("MBIC", "opinion", ("factual", "mixed", "opinion"), "interval", 0.265),
        ("SG1", "opinion", ("factual", "mixed", "opinion"), "interval", 0.455),
    ],
)
def test_babe(study, question, labels, level, published):
    # Spinde et al., MBIC (2021), crowd workers, and Neural Media Bias Detection (2021), trained experts
    rows = [row for row in rows_of("babe", "raw_annotations_long.csv.gz") if row["study"] == study]
    votes = [(row["text_id"], row["annotator"], row[question]) for row in rows if row[question]]
    assert alpha(votes, labels, level).value == pytest.approx(published, abs=0.0015)
