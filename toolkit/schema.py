"""The columns of a dataset and what they mean: those that every dataset has, and those of a question."""

GOLD_COLUMNS = {
    "id": "the row; `item_id` of the config `annotations`",
    "article_id": "the article",
    "article_version": "the wording of the article that the offsets are of",
    "unit": "the unit that was judged: paragraph, article or headline",
    "target": "whom or what the paragraph was judged towards",
    "outlet": "where the article appeared",
    "origin": "the agency that the text comes from, where the article names one",
    "published": "date of the article, ISO 8601",
    "language": "of the article, ISO 639-1",
    "country": "of the outlet, ISO 3166",
    "role": "of the paragraph: lead, body, quote, list",
    "text": "the paragraph",
    "headline": "of the article, as annotators saw it",
    "previous": "the paragraph before it",
    "next": "the paragraph after it",
    "stratum": "the stratum that it was drawn from",
    "start": "first character of the paragraph in the article, in code points from 0",
    "end": "the character after its last one",
    "propensity": "the chance of being drawn; 1 over it is the weight",
    "cluster": "articles that are copies of each other have the same",
}
ANNOTATION_COLUMNS = {
    "item_id": "the `id` of a row of the config `gold`",
    "annotator": "pseudonym",
    "annotator_kind": "human, model, rule or simulated",
    "state": "submitted, skipped, draft or deleted",
    "counted": "whether gold and agreement rest on it",
    "assigned_by": "what asked for the answer: design, tiebreak, selection or adjudication",
    "flags": "what is unusual about it, such as not_blind",
    "seconds": "time spent on the item",
    "created": "when it was first saved, ISO 8601, UTC",
    "updated": "when it was last saved, ISO 8601, UTC",
    "codebook": "name, version and hash of the codebook that the annotator saw",
}
GOLD_SUFFIXES = {  # of the further columns of a question in the config ``gold``
    "_status": "how the label came about: single, unanimous, majority, model, adjudicated or unresolved",
    "_votes": "votes for each label, those for no-answer labels among them",
    "_soft": "share of each label among the votes that are answers",
}
SPLIT_COLUMN = "split"  # of the table of gold, where all splits stand in one file


def question_columns(name: str, kind: str) -> dict[str, tuple[str, ...]]:
    """The columns that a question adds to each config of a dataset.

    >>> question_columns("tone", "choice")["gold"], question_columns("why", "text")["annotations"]
    (('tone', 'tone_status', 'tone_votes', 'tone_soft'), ())
    """
    is_label = kind in ("choice", "choices", "rating")
    gold = (name, *(f"{name}{suffix}" for suffix in GOLD_SUFFIXES)) if kind == "choice" else ()
    return {"gold": gold, "annotations": (name,) if is_label else ()}
