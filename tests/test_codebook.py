"""The codebook and the target registry: what is refused, what is asked, and that the shipped files keep the rules."""

import datetime
from itertools import pairwise
from pathlib import Path

import pytest

from toolkit.codebook import Codebook, Label, Question, TargetRegistry, read_codebook, read_targets
from toolkit.errors import ConfigError
from toolkit.tables import read_table

SCHEMAS = Path(__file__).parent.parent / "schemas"
SHIPPED = ("stance", "minimal", "layers")

HEAD = 'name = "tiny"\nversion = "1.0"\ntitle.en = "Tiny"\n'
STANCE = """
[[questions]]
name = "stance"
text.en = "Towards {target}?"
required = true
labels = [
    { name = "for", title.en = "For", scale = 1, hotkey = "1", definition.en = "Praises." },
    { name = "against", title.en = "Against", scale = -1, hotkey = "2" },
    { name = "off", title.en = "Off the matter" },
    { name = "unclear", title.en = "Unclear", no_answer = true },
]
"""
VOICE = """
[[questions]]
name = "voice"
text.en = "Who says so?"
required = true
when = { stance = ["for", "against"] }
labels = [{ name = "author", title.en = "Author" }, { name = "quoted", title.en = "Quoted" }]
"""
MARKS = """
[[questions]]
name = "marks"
text.en = "Which marks?"
kind = "choices"
labels = [{ name = "irony", title.en = "Irony" }, { name = "release", title.en = "Release" }]
"""
RATING = '[[questions]]\nname = "sure"\ntext.en = "Sure?"\nkind = "rating"\npoints = 3\n'
CASE = '[[cases]]\ntext = "The bridge is open."\nreason.en = "A fact."\n'

TARGET = '[[targets]]\nid = "government-xs"\nkind = "government"\ntitle = { en = "the government", fr = "l’État" }\n'
SOLANE = """
[[targets.periods]]
valid_from = "2020-07-01"
valid_to = "2024-07-02"
note = { en = "Solane", fr = "M. Solane" }
"""
VENN = '[[targets.periods]]\nvalid_from = "2024-07-03"\nnote.en = "Venn"\n'


def book_of(folder: Path, *parts: str) -> Codebook:
    path = folder / "book.toml"
    path.write_text(HEAD + "".join(parts), encoding="utf-8")
    return read_codebook(path)


def refusal_of(folder: Path, *parts: str) -> str:
    with pytest.raises(ConfigError) as caught:
        book_of(folder, *parts)
    assert str(caught.value).startswith(str(folder / "book.toml"))
    return str(caught.value).removeprefix(f"{folder / 'book.toml'}: ")


def registry_of(folder: Path, *parts: str) -> TargetRegistry:
    path = folder / "targets.toml"
    path.write_text("".join(parts), encoding="utf-8")
    return read_targets(path)


# --- reading a codebook ----------------------------------------------------------------------------------------------


def test_a_codebook_keeps_questions_and_labels_in_the_order_of_the_file(tmp_path: Path) -> None:
    book = book_of(tmp_path, STANCE, VOICE, MARKS, RATING)
    assert [question.name for question in book.questions] == ["stance", "voice", "marks", "sure"]
    assert book.question("stance").label_names == ("for", "against", "off", "unclear")
    assert [question.name for question in book.choices] == ["stance", "voice"]


def test_a_label_is_on_the_scale_or_off_it_or_no_answer(tmp_path: Path) -> None:
    stance = book_of(tmp_path, STANCE).question("stance")
    assert stance.on_scale == ("for", "against")
    assert stance.gold_labels == ("for", "against", "off")
    assert stance.no_answers == ("unclear",)


def test_an_unknown_question_is_named_with_those_that_there_are(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"no question 'tone'; codebook tiny 1\.0 has stance, voice"):
        book_of(tmp_path, STANCE, VOICE).question("tone")


def test_a_text_falls_back_to_the_first_language(tmp_path: Path) -> None:
    book = book_of(tmp_path, STANCE)
    assert book.say({"en": "yes", "fr": "oui"}, "fr") == "oui"
    assert book.say({"en": "yes"}, "fr") == "yes"
    assert book.say({}, "fr") == ""


# --- what is refused -------------------------------------------------------------------------------------------------


def test_two_labels_of_one_name_are_refused(tmp_path: Path) -> None:
    twice = STANCE.replace('name = "against"', 'name = "for"')
    assert refusal_of(tmp_path, twice) == ("question 'stance': two labels are named 'for'; each needs one of its own")


def test_two_labels_of_one_title_are_refused(tmp_path: Path) -> None:
    twice = STANCE.replace('"Against"', '"For"')
    assert refusal_of(tmp_path, twice) == ("question 'stance': two labels are titled 'For'; each needs one of its own")


def test_two_questions_of_one_name_are_refused(tmp_path: Path) -> None:
    assert "two questions are named 'sure'" in refusal_of(tmp_path, RATING, RATING)


@pytest.mark.parametrize(
    "name", ["cluster", "text", "split", "annotator", "id", "stance_status", "stance_votes", "stance_soft"]
)
def test_a_question_never_takes_the_place_of_a_column_of_the_dataset(tmp_path: Path, name: str) -> None:
    question = VOICE.replace('name = "voice"', f'name = "{name}"')
    assert f"question {name!r}: {name!r} is another column of the dataset" in refusal_of(tmp_path, STANCE, question)


def test_an_answer_in_words_is_no_column_of_the_dataset(tmp_path: Path) -> None:
    words = '[[questions]]\nname = "text"\nkind = "text"\ntext.en = "Why?"\n'
    assert book_of(tmp_path, STANCE, words).question("text").kind == "text"


def test_one_hotkey_for_labels_of_two_questions_is_refused(tmp_path: Path) -> None:
    voice = VOICE.replace('title.en = "Author"', 'title.en = "Author", hotkey = "2"')
    assert refusal_of(tmp_path, STANCE, voice) == ("two labels share the hotkey '2'; each needs one of its own")


def test_an_unknown_field_is_refused_with_those_that_there_are(tmp_path: Path) -> None:
    message = refusal_of(tmp_path, 'colour = "red"\n', STANCE)
    assert message.startswith("unknown field 'colour'; allowed: name, version, languages")


def test_an_unknown_field_of_a_label_is_refused_with_its_place(tmp_path: Path) -> None:
    message = refusal_of(tmp_path, STANCE.replace("scale = -1", "value = -1"))
    assert message.startswith(
        "unknown field 'value' in questions 'stance', label 'against'; nearest 'scale'; allowed: "
    )


def test_a_file_that_is_not_toml_is_refused(tmp_path: Path) -> None:
    assert refusal_of(tmp_path, "[[questions\n").startswith("not TOML: ")


@pytest.mark.parametrize("name", ["Pro-Government", "1st", "", "a b", "x" * 41])
def test_a_label_name_that_is_no_stable_code_is_refused(tmp_path: Path, name: str) -> None:
    message = refusal_of(tmp_path, STANCE.replace('name = "off"', f'name = "{name}"'))
    place = f"questions 'stance', label {name!r}, name" if name else "questions 'stance', labels[2].name"
    assert message.startswith(f"{place}: {name!r} is not allowed; ")


def test_a_codebook_without_questions_is_refused(tmp_path: Path) -> None:
    assert refusal_of(tmp_path, "questions = []\n").startswith("no questions; add at least one")


def test_a_choice_without_labels_is_refused(tmp_path: Path) -> None:
    bare = '[[questions]]\nname = "stance"\ntext.en = "Stance?"\n'
    assert refusal_of(tmp_path, bare) == "question 'stance': a choice needs at least one label"


def test_a_text_question_with_labels_is_refused(tmp_path: Path) -> None:
    message = refusal_of(tmp_path, MARKS.replace('"choices"', '"text"'))
    assert message == "question 'marks': a text question has no labels; delete them or make it a choice"


def test_a_rating_without_points_is_refused(tmp_path: Path) -> None:
    message = refusal_of(tmp_path, RATING.replace("points = 3\n", ""))
    assert message == "question 'sure': a rating, and nothing else, needs `points` (2 to 10)"


def test_points_of_a_choice_are_refused(tmp_path: Path) -> None:
    assert "a rating, and nothing else" in refusal_of(tmp_path, MARKS, "points = 3\n")


@pytest.mark.parametrize("points", [1, 11])
def test_a_rating_has_two_to_ten_points(tmp_path: Path, points: int) -> None:
    assert f"questions 'sure', points: {points} is not allowed" in refusal_of(
        tmp_path, RATING.replace("3", str(points))
    )


def test_a_label_with_a_scale_that_is_no_answer_is_refused(tmp_path: Path) -> None:
    both = STANCE.replace("no_answer = true", "no_answer = true, scale = 0")
    assert "label 'unclear' has a scale and is no answer" in refusal_of(tmp_path, both)


@pytest.mark.parametrize("character", ["\\u0008", "\\u0000", "\\uFFFE"])
def test_a_character_that_no_screen_can_show_is_refused(tmp_path: Path, character: str) -> None:
    message = refusal_of(tmp_path, STANCE.replace("Praises.", f"Prai{character}ses."))
    assert "cannot be shown; delete it" in message


def test_typographic_marks_and_letters_beyond_the_basic_plane_can_be_shown(tmp_path: Path) -> None:
    book = book_of(tmp_path, STANCE.replace("Praises.", "“Praises” — \U0001f600\\tso."))
    assert book.question("stance").labels[0].definition["en"] == "“Praises” — \U0001f600\tso."


# --- conditions ------------------------------------------------------------------------------------------------------


def test_a_condition_on_an_unknown_label_is_refused_with_those_that_there_are(tmp_path: Path) -> None:
    message = refusal_of(tmp_path, STANCE, VOICE.replace('["for", "against"]', '["for", "anti"]'))
    assert message == "question 'voice': `when` names the label 'anti'; stance has for, against, off, unclear"


def test_a_condition_on_a_later_question_is_refused(tmp_path: Path) -> None:
    message = refusal_of(tmp_path, VOICE, STANCE)
    assert message == "question 'voice': `when` names 'stance', which is not an earlier question"


def test_a_condition_on_the_question_itself_is_refused(tmp_path: Path) -> None:
    own = MARKS.replace('kind = "choices"', 'kind = "choice"\nwhen = { marks = ["irony"] }')
    assert "`when` names 'marks'" in refusal_of(tmp_path, own)


@pytest.mark.parametrize(
    ("answers", "shown"),
    [({"stance": "for"}, True), ({"stance": "against"}, True), ({"stance": "off"}, False), ({}, False)],
)
def test_a_question_is_shown_after_the_labels_that_its_condition_names(
    tmp_path: Path, answers: dict[str, str], shown: bool
) -> None:
    assert book_of(tmp_path, STANCE, VOICE).question("voice").shown_after(answers) is shown


def test_every_condition_of_a_question_must_hold(tmp_path: Path) -> None:
    third = VOICE.replace('"voice"', '"third"').replace("when = {", 'when = { voice = ["quoted"],')
    question = book_of(tmp_path, STANCE, VOICE, third).question("third")
    assert question.shown_after({"stance": "for", "voice": "quoted"})
    assert not question.shown_after({"stance": "for", "voice": "author"})
    assert not question.shown_after({"stance": "off", "voice": "quoted"})


# --- problems with answers -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("answers", "code"),
    [
        ({"stance": "for", "voice": "author"}, None),
        ({"stance": "off"}, None),
        ({"stance": "unclear", "marks": ["irony", "release"], "sure": 2}, None),
        ({"stance": "off", "tone": "positive"}, "unknown_question"),
        ({"stance": "pro", "voice": "author"}, "unknown_label"),
        ({"stance": "off", "marks": ["irony", "sarcasm"]}, "unknown_label"),
        ({"stance": 1}, "unknown_label"),
        ({}, "missing_answer"),
        ({"stance": None}, "missing_answer"),
        ({"stance": "for"}, "missing_answer"),
        ({"stance": "off", "voice": "author"}, "hidden_answer"),
    ],
)
def test_a_problem_with_answers_has_a_code(tmp_path: Path, answers: dict[str, object], code: str | None) -> None:
    problem = book_of(tmp_path, STANCE, VOICE, MARKS, RATING).problem_with(answers)
    assert (problem and problem[0]) == code


def test_the_reason_of_a_problem_names_the_value_and_the_allowed_ones(tmp_path: Path) -> None:
    book = book_of(tmp_path, STANCE, VOICE)
    assert book.problem_with({"stance": "pro"}) == (
        "unknown_label",
        "unknown label 'pro' for 'stance'; the codebook has for, against, off, unclear",
    )
    assert book.problem_with({"tone": "warm"}) == (
        "unknown_question",
        "unknown question 'tone'; codebook has stance, voice",
    )


def migration(question: str, old: str, new: str) -> str:
    return f'[[migrations]]\nquestion = "{question}"\nold = "{old}"\nnew = "{new}"\n'


def test_answers_under_an_old_name_count_under_the_new_one(tmp_path: Path) -> None:
    rules = migration("stance", "pro", "yes") + migration("stance", "yes", "for") + migration("marks", "wry", "irony")
    book = book_of(tmp_path, STANCE, MARKS, rules)
    answers = {"stance": "pro", "marks": ["wry", "release"]}
    assert book.migrated(answers) == {"stance": "for", "marks": ["irony", "release"]}
    assert answers == {"stance": "pro", "marks": ["wry", "release"]}


@pytest.mark.parametrize(
    ("rule", "reason"),
    [
        (("tone", "a", "b"), "the questions are stance"),
        (("stance", "for", "against"), "still a label"),
        (("stance", "pro", "yes"), "which is no label"),
    ],
)
def test_a_migration_that_leads_nowhere_is_refused(tmp_path: Path, rule: tuple[str, str, str], reason: str) -> None:
    assert reason in refusal_of(tmp_path, STANCE, migration(*rule))


def test_an_edge_case_that_breaks_the_codebook_is_refused(tmp_path: Path) -> None:
    message = refusal_of(tmp_path, STANCE, VOICE, CASE, 'answers = { stance = "for" }\n')
    assert message == "edge case 'The bridge is open.': no answer to 'voice', which is required"


def test_a_twin_that_breaks_the_codebook_is_refused(tmp_path: Path) -> None:
    twin = 'answers = { stance = "off" }\ntwin = "The minister’s bridge is open."\ntwin_answers = { stance = "pro" }\n'
    assert "unknown label 'pro'" in refusal_of(tmp_path, STANCE, VOICE, CASE, twin)


# --- the ref ---------------------------------------------------------------------------------------------------------


def test_the_ref_holds_name_version_and_hash(tmp_path: Path) -> None:
    name, rest = book_of(tmp_path, STANCE).ref.split("@")
    version, hashed = rest.split("#")
    assert (name, version, len(hashed)) == ("tiny", "1.0", 12)


def test_the_ref_of_the_same_file_is_the_same(tmp_path: Path) -> None:
    assert book_of(tmp_path, STANCE, VOICE).ref == book_of(tmp_path, STANCE, VOICE).ref


def test_layout_and_comments_of_the_file_do_not_change_the_ref(tmp_path: Path) -> None:
    assert book_of(tmp_path, STANCE).ref == book_of(tmp_path, "# a comment\n\n", STANCE.replace(" = ", "=")).ref


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("Praises.", "Praises or defends."),
        ('"Against"', '"Contra"'),
        ("Towards {target}?", "For or against {target}?"),
        ("scale = -1", "scale = -2"),
        ("required = true", "required = false"),
    ],
)
def test_the_ref_changes_with_whatever_annotators_see(tmp_path: Path, old: str, new: str) -> None:
    assert book_of(tmp_path, STANCE).ref != book_of(tmp_path, STANCE.replace(old, new)).ref


# --- targets ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("date", "note"),
    [
        ("2020-07-01", "Solane"),
        ("2024-07-02", "Solane"),
        ("2024-07-02T23:59:59Z", "Solane"),
        ("2024-07-03", "Venn"),
        ("2031-01-01", "Venn"),
        ("2020-06-30", ""),
        (None, ""),
    ],
)
def test_a_target_has_the_note_of_the_date(tmp_path: Path, date: str | None, note: str) -> None:
    target = registry_of(tmp_path, TARGET, VENN, SOLANE).entry("government-xs").on(date, "en")
    assert (target.id, target.title, target.note) == ("government-xs", "the government", note)


def test_a_target_speaks_the_language_asked_for_or_the_first_that_it_has(tmp_path: Path) -> None:
    entry = registry_of(tmp_path, TARGET, SOLANE, VENN).entry("government-xs")
    assert entry.on("2024-01-01", "fr").title == "l’État"
    assert entry.on("2024-01-01", "fr").note == "M. Solane"
    assert entry.on("2024-12-01", "fr").note == "Venn"


def test_an_unknown_target_is_named_with_those_that_there_are(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="unknown target 'government-zz'; the registry has government-xs"):
        registry_of(tmp_path, TARGET).entry("government-zz")


def test_two_targets_with_one_id_are_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="two targets have the id 'government-xs'"):
        registry_of(tmp_path, TARGET, TARGET)


@pytest.mark.parametrize("end", ["2024-07-03", "2024-12-31"])
def test_periods_of_a_target_that_overlap_are_refused(tmp_path: Path, end: str) -> None:
    with pytest.raises(ConfigError, match="the periods that begin before and on 2024-07-03 overlap"):
        registry_of(tmp_path, TARGET, VENN, SOLANE.replace("2024-07-02", end))


def test_two_periods_without_an_end_overlap(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="overlap"):
        registry_of(tmp_path, TARGET, VENN, VENN.replace("2024", "2028"))


def test_a_period_may_begin_after_a_gap(tmp_path: Path) -> None:
    entry = registry_of(tmp_path, TARGET, SOLANE, VENN.replace("07-03", "08-01")).entry("government-xs")
    assert entry.on("2024-07-15", "en").note == ""


# --- the shipped files -----------------------------------------------------------------------------------------------


def shipped(name: str) -> Codebook:
    return read_codebook(SCHEMAS / f"{name}.toml")


def paragraphs(book: Codebook) -> list[tuple[str, dict[str, str]]]:
    twins = [(case.twin, case.twin_answers) for case in book.cases if case.twin]
    return [(case.text, case.answers) for case in book.cases] + twins


def taught_by(book: Codebook) -> list[str]:
    examples = [text for question in book.questions for label in question.labels for text in label.examples]
    return examples + [text for text, _ in paragraphs(book)]


def answers_with(book: Codebook, question: Question, label: Label) -> dict[str, object]:
    """The fewest answers that hold this label: what its question needs first, and whatever is required besides."""
    answers: dict[str, object] = {name: labels[0] for name, labels in question.when.items()}
    answers[question.name] = [label.name] if question.kind == "choices" else label.name
    for other in book.questions:
        if other.required and other.name not in answers and other.shown_after(answers):
            answers[other.name] = other.label_names[0]
    return answers


@pytest.mark.parametrize("name", SHIPPED)
def test_every_label_of_a_shipped_codebook_can_be_given(name: str) -> None:
    book = shipped(name)
    for question in book.questions:
        for label in question.labels:
            assert book.problem_with(answers_with(book, question, label)) is None, (question.name, label.name)


@pytest.mark.parametrize("name", SHIPPED)
def test_every_label_of_a_shipped_codebook_is_defined_and_has_one_to_three_examples(name: str) -> None:
    for question in shipped(name).questions:
        for label in question.labels:
            assert label.title["en"], (question.name, label.name)
            assert label.definition["en"], (question.name, label.name)
            assert 1 <= len(label.examples) <= 3, (question.name, label.name)
            assert label.hotkey, (question.name, label.name)


@pytest.mark.parametrize("name", SHIPPED)
def test_every_edge_case_of_a_shipped_codebook_holds(name: str) -> None:
    book = shipped(name)
    assert paragraphs(book)
    for text, answers in paragraphs(book):
        assert book.problem_with(dict(answers)) is None, text


@pytest.mark.parametrize("name", SHIPPED)
def test_every_edge_case_has_a_one_line_reason_and_a_twin_that_is_answered_otherwise(name: str) -> None:
    for case in shipped(name).cases:
        assert case.twin, case.text
        assert case.twin != case.text
        assert case.twin_answers != case.answers, case.text
        assert case.reason["en"]
        assert "\n" not in case.reason["en"]


@pytest.mark.parametrize("name", SHIPPED)
def test_no_example_teaches_two_answers(name: str) -> None:
    taught = taught_by(shipped(name))
    assert len(set(taught)) == len(taught)


@pytest.mark.parametrize("name", SHIPPED)
def test_no_example_stands_in_the_sample_corpus(name: str) -> None:
    raw = SCHEMAS.parent / "data" / "raw"
    sample = "".join(path.read_text(encoding="utf-8") for path in sorted(raw.glob("*.jsonl")))
    assert [text for text in taught_by(shipped(name)) if text[:60] in sample] == []


@pytest.mark.parametrize("name", SHIPPED)
def test_a_shipped_codebook_speaks_all_of_its_languages(name: str) -> None:
    book = shipped(name)
    texts = [book.title, book.instructions, *(question.text for question in book.questions)]
    texts += [text for section in book.guidelines for text in (section.title, section.text)]
    texts += [text for step in book.tree for text in (step.ask, step.yes, step.no)]
    for text in texts:
        assert set(text) == set(book.languages)
        assert all(text.values())


def test_the_default_codebook_has_at_least_32_paragraphs_of_edge_cases() -> None:
    assert len(paragraphs(shipped("stance"))) >= 32


def test_the_edge_cases_show_every_label_of_the_default_codebook() -> None:
    book = shipped("stance")
    for name in ("stance", "voice", "sentiment"):
        assert {answers.get(name) for _, answers in paragraphs(book)} >= set(book.question(name).label_names)


@pytest.mark.parametrize(
    ("stance", "sentiment"),
    [
        ("opposition", "positive"),
        ("pro_government", "negative"),
        ("not_applicable", "positive"),
        ("not_applicable", "negative"),
    ],
)
def test_the_edge_cases_keep_stance_and_sentiment_apart(stance: str, sentiment: str) -> None:
    wanted = {"stance": stance, "sentiment": sentiment}
    assert any(wanted.items() <= answers.items() for _, answers in paragraphs(shipped("stance")))


def test_the_default_codebook_is_the_one_that_the_documents_describe() -> None:
    book = shipped("stance")
    stance = book.question("stance")
    assert {label.name: label.scale for label in stance.labels if label.scale is not None} == {
        "pro_government": 1,
        "neutral": 0,
        "opposition": -1,
    }
    assert stance.gold_labels == ("pro_government", "neutral", "opposition", "mixed", "not_applicable")
    assert stance.no_answers == ("unclear",)
    assert [question.name for question in book.questions if question.required] == ["stance", "voice"]
    assert book.question("voice").when == {"stance": ("pro_government", "opposition", "mixed")}
    assert book.question("confidence").points == 3
    assert "{target}" in stance.text["en"]


def test_the_minimal_codebook_shares_the_labels_of_the_default_one() -> None:
    book = shipped("minimal")
    assert [question.name for question in book.questions] == ["stance", "comment"]
    assert book.question("stance").label_names == shipped("stance").question("stance").label_names


def test_the_layers_have_five_points_each() -> None:
    book = shipped("layers")
    for name in ("author_stance", "quoted_stance"):
        scales = [label.scale for label in book.question(name).labels if label.scale is not None]
        assert scales == [2, 1, 0, -1, -2]


def test_the_shipped_government_of_selmara_changes_on_the_day() -> None:
    entry = read_targets(SCHEMAS / "targets.toml").entry("government-xs")
    assert entry.on("2024-06-16", "en").note.startswith("Government: Prime Minister Henrik Solane")
    assert entry.on("2024-06-17", "en").note.startswith("Caretaker days")
    assert entry.on("2024-07-02", "en").note.startswith("Caretaker days")
    assert entry.on("2024-07-03", "en").note.startswith("Government: Prime Minister Dara Venn")


def test_the_shipped_periods_are_real_dates_without_a_gap() -> None:
    for target in read_targets(SCHEMAS / "targets.toml").targets:
        assert all(last.valid_to is None for last in target.periods[-1:])
        for before, after in pairwise(target.periods):
            end = datetime.date.fromisoformat(before.valid_to or "")
            assert end + datetime.timedelta(days=1) == datetime.date.fromisoformat(after.valid_from)


def test_the_shipped_outlets_are_the_eight_and_their_agency() -> None:
    rows = read_table(SCHEMAS / "outlets.csv")
    ids = [row["id"] for row in rows]
    assert ids == [
        "chronicle", "lantern", "selmara_today", "meridian", "harbour_market", "northern_post", "free_column",
        "coast_weekly", "sna",
    ]  # fmt: skip
    assert all(row["leaning"] and row["leaning_source"] and row["country"] == "XS" for row in rows)
    aliases = [alias for row in rows for alias in row["aliases"].split(";")]
    assert len(set(aliases)) == len(aliases)


def test_one_label_that_becomes_two_is_refused(tmp_path: Path) -> None:
    rules = migration("stance", "pro", "for") + migration("stance", "pro", "against")
    assert "'pro' becomes both 'for' and 'against'; delete one migration" in refusal_of(tmp_path, STANCE, rules)
