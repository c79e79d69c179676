"""Steps that audit labels: stance against sentiment, and labels that look wrong."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import msgspec
from msgspec import Struct

from toolkit.errors import DataError, UsageError
from toolkit.labels.audits.labels import Pair, Scored, StanceSentiment, doubtful_labels, halo, stance_sentiment
from toolkit.statistics import Estimate
from toolkit.steps.audit import said
from toolkit.steps.build import read_records
from toolkit.steps.common import Outcome, clusters_of, counted_of, items_of
from toolkit.store import Store
from toolkit.tables import column, read_table, write_table
from toolkit.workspace import CampaignConfig

_SHOWN = 8  # groups in a line


class ToneOptions(Struct, frozen=True, kw_only=True):
    """Which columns, or questions, are compared."""

    stance: str
    sentiment: str
    separate: str | None = None  # the sentiment of a separate pass
    ident: str | None = None  # of a table; None: the number of the row
    text: str = "text"
    cluster: str | None = None
    by: tuple[str, ...] = ()
    seed: int = 0


def audit_tone_table(path: Path, options: ToneOptions, output: Path | None) -> Outcome:
    """Stance against sentiment in a table; rows on which a rule of sentiment is wrong go to a file if one is named."""
    rows = read_table(path)
    numbers = [str(number) for number in range(1, len(rows) + 1)]
    ids = list(map(str, column(rows, options.ident, path))) if options.ident else numbers
    clusters = column(rows, options.cluster, path) if options.cluster else ids
    stance, tone = column(rows, options.stance, path), column(rows, options.sentiment, path)
    apart = column(rows, options.separate, path) if options.separate else [None] * len(rows)
    groups = {name: column(rows, name, path) for name in options.by}
    pairs, second = [], []
    for n, ident in enumerate(ids):
        if _there(stance[n]) and _there(tone[n]):
            group = {name: str(cells[n]) for name, cells in groups.items()}
            pair = Pair(id=ident, stance=str(stance[n]), sentiment=str(tone[n]), cluster=str(clusters[n]), group=group)
            pairs.append(pair)
            if _there(apart[n]):
                second.append(msgspec.structs.replace(pair, sentiment=str(apart[n])))
    _check(pairs, f"{path}: no row has both {options.stance!r} and {options.sentiment!r}")
    texts = {ident: str(row.get(options.text) or "") for ident, row in zip(ids, rows, strict=True)}
    return _outcome(pairs, second, _Texts(by_id=texts, seed=options.seed, output=output), _alphabetical(pairs, second))


def _there(cell: object) -> bool:
    return cell is not None and bool(str(cell).strip())


def _check(pairs: Sequence[Pair], message: str) -> None:
    if not pairs:
        raise DataError(message)


def _alphabetical(pairs: Sequence[Pair], second: Sequence[Pair]) -> tuple[list[str], list[str]]:
    both = [*pairs, *second]
    return sorted({pair.stance for pair in both}), sorted({pair.sentiment for pair in both})


def audit_tone_campaign(campaign: CampaignConfig, options: ToneOptions, output: Path | None) -> Outcome:
    """Stance against sentiment in the answers of a campaign: a row an annotation in which both are answered."""
    stance, tone = campaign.codebook.question(options.stance), campaign.codebook.question(options.sentiment)
    items = items_of(campaign)
    clusters = {row.article_id: row.cluster for row in clusters_of(campaign)}
    examples = {example.id: example for example in read_records(Store(campaign)).examples}
    pairs = []
    for annotation in counted_of(campaign).counted:
        given, told = annotation.answers.get(stance.name), annotation.answers.get(tone.name)
        if given in stance.gold_labels and told in tone.gold_labels:
            article = items[annotation.item_id].article_id
            example = examples.get(annotation.item_id)
            pairs.append(
                Pair(
                    id=f"{annotation.item_id} {annotation.annotator}",
                    stance=str(given),
                    sentiment=str(told),
                    cluster=clusters.get(article, article),
                    group={"annotator": annotation.annotator, "outlet": (example and example.outlet) or "unknown"},
                )
            )
    _check(pairs, f"{campaign.path}: nobody answered both {stance.name} and {tone.name}")
    texts = {pair.id: examples[key].text for pair in pairs if (key := pair.id.split(" ")[0]) in examples}
    known = _Texts(by_id=texts, seed=campaign.file.seed, output=output)
    return _outcome(pairs, [], known, (list(stance.gold_labels), list(tone.gold_labels)))


class _Texts(Struct, frozen=True, kw_only=True):
    by_id: Mapping[str, str]
    seed: int
    output: Path | None


def _outcome(
    pairs: Sequence[Pair], second: Sequence[Pair], known: _Texts, names: tuple[Sequence[str], Sequence[str]]
) -> Outcome:
    found = stance_sentiment(pairs, names[0], names[1], known.seed)
    facts: dict[str, Any] = {"schema": 1, **msgspec.to_builtins(found)}
    lines = _lines(found)
    if second:
        figure = halo(pairs, second, names[0], names[1], known.seed)
        facts["halo"] = msgspec.to_builtins(figure)
        lines.append(f"halo: association on one screen minus that of separate passes {said(figure, '+.3f')}")
    if known.output is not None:
        wrong = set(found.off_diagonal)
        rows = [_read_row(pair, known.by_id) for pair in pairs if pair.id in wrong]
        write_table(known.output, rows)
        lines.append(f"{known.output}: the {len(rows)} rows on which a rule of sentiment alone is wrong")
    return Outcome(line="\n".join(lines), facts=facts)


def _read_row(pair: Pair, texts: Mapping[str, str]) -> dict[str, Any]:
    row = {"id": pair.id, "stance": pair.stance, "sentiment": pair.sentiment, "text": texts.get(pair.id, "")}
    return {**row, **pair.group}


def _lines(found: StanceSentiment) -> list[str]:
    table = "; ".join(
        f"{stance}: {', '.join(f'{tone} {number}' for tone, number in cells.items())}"
        for stance, cells in found.table.items()
    )
    lines = [
        f"{found.rows} rows, stance: sentiment: {table}",
        f"association {said(found.association, '.3f')}, kappa {said(found.kappa, '.3f')}",
        f"macro-F1 of a rule that only sees sentiment {said(found.rule_f1, '.3f')}, of the most frequent stance "
        f"{said(found.majority_f1, '.3f')}; the rule is wrong on {len(found.off_diagonal)} rows",
    ]
    return lines + [f"by {kind}: {_groups(by_value)}" for kind, by_value in found.by_group.items()]


def _groups(by_value: Mapping[str, Estimate]) -> str:
    ordered = sorted(by_value.items(), key=lambda pair: (-pair[1].n, pair[0]))
    told = ", ".join(f"{value} {said(figure, '.2f')} (n {figure.n})" for value, figure in ordered[:_SHOWN])
    return told + (f", and {len(ordered) - _SHOWN} more" if len(ordered) > _SHOWN else "")


# --- labels that look wrong ------------------------------------------------------------------------------------------


def audit_labels_campaign(campaign: CampaignConfig, predictions: Path | None, output: Path, number: int) -> Outcome:
    """A sheet of labels to look at again: those that a model doubts and as many at random, mixed; train only."""
    path = predictions or campaign.at("baseline") / "predictions.parquet"
    question = campaign.file.train.question or campaign.codebook.choices[0].name
    rows = read_table(path)
    scores = {str(row["id"]): row for row in rows}
    if rows and "fold" not in rows[0]:
        raise DataError(f"{path}: no column 'fold'; cross-fitted predictions are needed, as `stance train` writes them")
    kept, texts = [], {}
    for example in read_records(Store(campaign)).examples:
        label, row = example.answers[question].label, scores.get(example.id)
        if example.split == "train" and label is not None and row is not None and row["fold"] not in (None, ""):
            chances = {name[2:]: float(cell) for name, cell in row.items() if name.startswith("p_")}
            if label in chances:
                kept.append(Scored(id=example.id, label=label, scores=chances))
                texts[example.id] = example.text
    if len(kept) < 2:
        raise DataError(f"{path}: {len(kept)} rows of the training data have a cross-fitted prediction; two are needed")
    found = doubtful_labels(kept, number, campaign.file.seed)
    write_table(output, [{"id": one.id, "text": texts[one.id], "label": one.label, "wrong": ""} for one in found])
    key = key_beside(output)
    write_table(key, [msgspec.to_builtins(one) for one in found])
    line = (
        f"{output}: {len(found)} labels of {len(kept)} in train, half of them drawn at random; write yes or no under "
        f"'wrong' without looking into {key}, then `stance audit labels {campaign.path} --review {output}`"
    )
    return Outcome(line=line, facts={"schema": 1, "rows": len(found), "of": len(kept), "file": str(output)})


def key_beside(output: Path) -> Path:
    """Where it stands which rows were drawn at random."""
    return output.with_name(f"{output.stem}.key.csv")


def audit_rechecked(path: Path) -> Outcome:
    """How often labels were wrong: among those that a model doubted, and among those drawn at random."""
    drawn = {str(row["id"]): str(row["drawn"]) for row in read_table(key_beside(path))}
    rows = read_table(path)
    counts = {"ranked": [0, 0], "random": [0, 0]}
    for number, (ident, cell) in enumerate(zip(column(rows, "id", path), column(rows, "wrong", path), strict=True), 1):
        word = str(cell or "").strip().lower()
        if word not in ("yes", "no", ""):
            raise DataError(f"{path}, row {number}: {cell!r} under 'wrong'; yes, no or nothing is allowed")
        if word:
            counts[drawn[str(ident)]][0] += word == "yes"
            counts[drawn[str(ident)]][1] += 1
    if not counts["random"][1]:
        raise UsageError(f"{path}: no row that was drawn at random is checked yet; without them there is no base rate")
    told = ", ".join(
        f"{kind} {wrong} of {checked} wrong{_wilson(wrong, checked)}" for kind, (wrong, checked) in counts.items()
    )
    facts = {kind: {"wrong": wrong, "checked": checked} for kind, (wrong, checked) in counts.items()}
    return Outcome(
        line=f"labels: {told}; only the random ones say how often labels are wrong", facts={"schema": 1, **facts}
    )


def _wilson(wrong: int, checked: int) -> str:
    """The Wilson interval of a share, in words."""
    if not checked:
        return ""
    z, share = 1.959964, wrong / checked
    middle = (share + z * z / (2 * checked)) / (1 + z * z / checked)
    half = z * ((share * (1 - share) / checked + z * z / (4 * checked * checked)) ** 0.5) / (1 + z * z / checked)
    return f" [{max(0.0, middle - half):.3f}, {min(1.0, middle + half):.3f}]"
