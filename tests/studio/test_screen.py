import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from toolkit.campaigns.display import Shown, printable
from toolkit.codebook import Codebook, Label, Question, TreeStep, read_codebook
from toolkit.errors import ConfigError
from toolkit.exchange.results import build_result, parse_result, spans_in_code_points
from toolkit.labels.eligibility import answer_problem, shape_problem
from toolkit.records import Item, Target
from toolkit.studio.config import instructions, label_config, task_data
from toolkit.studio.http.listing import UNREADABLE
from toolkit.studio.http.schemas import Project, ProjectSettings
from toolkit.studio.push.items import push_items

# What XML 1.0 allows; the codebook refuses all else.
XML_TEXT = st.text(
    st.characters(
        min_codepoint=0x20, max_codepoint=0x10FFFF, exclude_categories=("Cs",), exclude_characters="\ufffe\uffff"
    ),
    max_size=40,
)


def titled(title: str, definition: str = "", text: str = "Which way towards {target}?") -> Codebook:
    """A codebook of one question with one label that bears these texts."""
    label = Label(name="this", title={"en": title}, definition={"en": definition} if definition else {})
    question = Question(name="stance", text={"en": text}, labels=(label, Label(name="other", title={"en": "Other"})))
    return Codebook(name="stance", version="1", title={"en": title}, questions=(question,))


def item(**more: object) -> Item:
    target = Target(id="gov", title="the government of {target} & Co", note="Governing: <nobody>")
    fields = {"id": "i1", "unit_id": "p1", "article_id": "a1", "votes": 1, "selection": "all", "propensity": 1.0}
    return msgspec.convert({**fields, **more, "target": msgspec.to_builtins(target)}, Item)


# --- the interface -------------------------------------------------------------------------------------------------


@pytest.mark.server
@pytest.mark.parametrize("name", ["stance", "minimal", "layers"])
@pytest.mark.parametrize("unit", ["paragraph", "article", "headline"])
def test_the_server_takes_the_codebooks_that_come_with_the_toolkit(studio, pytestconfig, name, unit):
    book = read_codebook(pytestconfig.rootpath / "schemas" / f"{name}.toml")
    studio.check_config(label_config(book, book.languages[0], unit))


@pytest.mark.server
def test_the_server_takes_every_kind_of_question(studio, book):
    studio.check_config(label_config(book, "en"))


@pytest.mark.server
@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(title=XML_TEXT, definition=XML_TEXT, text=XML_TEXT)
def test_the_server_takes_any_words_that_xml_can_hold(studio, title, definition, text):
    studio.check_config(label_config(titled(title, definition, text), "en"))


@pytest.fixture(scope="module")
def scratch(studio) -> Project:
    """A project whose configuration may be changed at will."""
    return studio.create_project(settings_with(label_config(titled("This"), "en")))


def settings_with(config: str) -> ProjectSettings:
    return ProjectSettings(
        title="Words",
        description="of a test",
        label_config=config,
        maximum_annotations=1,
        expert_instruction="<p>x</p>",
    )


@pytest.mark.server
@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(title=XML_TEXT, definition=XML_TEXT, question=XML_TEXT, headline=st.text(max_size=60), text=st.text(max_size=60))
def test_any_words_are_given_back_as_they_went(studio, raw, scratch, title, definition, question, headline, text):
    book = titled(title, definition, question)
    config = label_config(book, "en")
    assert studio.update_project(scratch.id, settings_with(config)).label_config == config
    data = task_data(item(), Shown(headline=headline, text=text), book, "en")
    studio.import_tasks(scratch.id, [data])
    assert raw().tasks(scratch.id)[-1]["data"] == data


@pytest.mark.server
@pytest.mark.parametrize(
    "title", ["", "true", "12", "1e999", "nan", "$text", "a, b", '" onload="x', "]]>", "&amp;", "{{x}}"]
)
def test_the_server_takes_words_that_look_like_something_else(studio, title):
    studio.check_config(label_config(titled(title, title, title), "en"))


def test_codes_are_stored_and_titles_are_shown(book):
    config = label_config(book, "en")
    assert '<Choice value="For the government" alias="pro_government" hint="Yes" hotkey="1" />' in config
    assert '<Choice value="Fish, nets &lt; boats" alias="fish" />' in config


def test_a_dollar_sign_names_no_column(book):
    assert 'value="A $\u20605 tax"' in label_config(book, "en")


def test_conditions_stand_one_in_the_other(book):
    config = label_config(book, "en")
    outer = 'visibleWhen="choice-selected" whenTagName="stance" whenChoiceValue="opposition"'
    inner = 'visibleWhen="choice-selected" whenTagName="voice" whenChoiceValue="quoted"'
    assert 0 < config.index(outer) < config.index(inner) < config.index('name="strength"')


def test_stars_are_not_hidden_behind_a_condition(book):
    config = label_config(book, "en")
    assert '<Rating name="confidence"' in config
    assert '<Choices name="strength"' in config


def test_a_label_that_label_studio_would_misread_is_refused():
    labels = (Label(name="true", title={"en": "Yes"}), Label(name="no", title={"en": "No"}))
    question = Question(name="stance", text={"en": "So?"}, labels=labels)
    book = Codebook(name="stance", version="1", title={"en": "x"}, questions=(question,))
    with pytest.raises(ConfigError, match=r"label 'true'.*'is_true'"):
        label_config(book, "en")


def test_a_question_may_bear_the_name_of_a_text():
    question = Question(name="text", text={"en": "Anything?"}, kind="text")
    book = Codebook(name="stance", version="1", title={"en": "x"}, questions=(question,))
    config = label_config(book, "en")
    assert '<Text name="text-shown" value="$text" />' in config
    assert '<TextArea name="text" toName="text-shown"' in config
    assert build_result({"text": "a"}, book)[0]["to_name"] == "text-shown"


def test_a_language_that_is_missing_falls_back(book):
    assert "For the government" in label_config(book, "xx")
    assert "Label only this text" in label_config(book, "xx")


def test_questions_about_other_units_and_what_hangs_on_them_are_left_out(book):
    article_only = msgspec.structs.replace(book.questions[0], units=("article",))
    book = msgspec.structs.replace(book, questions=(article_only, *book.questions[1:]))
    names = [question.name for question in book.for_unit("paragraph").questions]
    assert names == ["confidence", "topics", "words", "comment"]
    assert 'name="stance"' not in label_config(book, "en", "paragraph")
    assert 'name="stance"' in label_config(book, "en", "article")


def test_instructions_are_words_not_markup(book):
    tree = (TreeStep(ask={"en": "Is <b>it</b> touched?"}, yes={"en": "go on"}, no={"en": "stop"}),)
    page = instructions(msgspec.structs.replace(book, tree=tree), "en")
    assert "<h3>Stance &amp; tone</h3>" in page
    assert "1. Is &lt;b&gt;it&lt;/b&gt; touched?<br>✓ go on<br>✗ stop" in page
    assert "• <b>For the government</b> Yes" in page
    assert "towards …?" in page


def test_what_is_hidden_has_no_place_on_the_screen(book):
    bare = label_config(book, "en", show=())
    for column in ("$headline", "$previous", "$next", "$note", "$source"):
        assert column not in bare
    for part, column in {"headline": "$headline", "neighbours": "$next", "note": "$note", "byline": "$source"}.items():
        assert column in label_config(book, "en", show=(part,))


def test_definitions_have_a_key_that_no_label_has():
    with_key = msgspec.structs.replace(Label(name="a", title={"en": "A"}, definition={"en": "It is a."}), hotkey="h")
    question = Question(name="stance", text={"en": "So?"}, labels=(with_key,))
    book = Codebook(name="stance", version="1", title={"en": "x"}, questions=(question,))
    config = label_config(book, "en")
    assert '<Choice value="Definitions" alias="open" hotkey="g" />' in config
    assert 'value="A: It is a."' in config
    plain = msgspec.structs.replace(book, questions=(Question(name="c", text={"en": "So?"}, kind="text"),))
    without = label_config(plain, "en", show=())
    assert '<View className="stance-side" style="display: none">' in without
    # A box that somebody has used must stay: it stays unseen.
    assert '<Choice value="Definitions" alias="open" />' in without


# --- what it shows -------------------------------------------------------------------------------------------------


def test_the_data_of_a_task_are_texts_and_name_the_target(book):
    data = task_data(item(), Shown(text="Boats wait.", note="Governing: <nobody>"), book, "en")
    assert set(data) == {
        "item_id", "headline", "previous", "text", "next", "target", "note", "q_stance", "q_voice", "q_strength",
        "q_confidence", "q_topics", "q_words", "q_comment", "source",
    }  # fmt: skip
    assert data["q_stance"] == "Which way does the paragraph lead a reader towards the government of {target} & Co?"
    assert (data["headline"], data["text"], data["note"]) == ("", "Boats wait.", "Governing: <nobody>")


@pytest.mark.server
def test_characters_that_databases_refuse_do_not_stop_a_push(studio, raw, push_request):
    request = push_request(1)
    (each,) = request.items
    odd = msgspec.structs.replace(each, shown=Shown(text="a\0b\x1bc\ud800d\r\ne\U0001f6a2f"))
    (project,) = push_items(studio, msgspec.structs.replace(request, items=(odd,)), lambda _d, _t: None).projects
    assert raw().tasks(project.id)[0]["data"]["text"] == "a\ufffdb\ufffdc\ufffdd\r\ne\U0001f6a2f"


# --- what comes back -----------------------------------------------------------------------------------------------

SPANS = st.lists(st.tuples(st.integers(0, 50), st.integers(0, 9)), min_size=1, max_size=3, unique=True)
ANSWERS = st.fixed_dictionaries(
    {},
    optional={
        "stance": st.sampled_from(["pro_government", "neutral", "opposition", "unclear"]),
        "voice": st.sampled_from(["author", "quoted"]),
        "strength": st.integers(1, 3),
        "confidence": st.integers(1, 3),
        "topics": st.sampled_from([["tax"], ["fish"], ["tax", "fish"]]),
        "words": SPANS.map(lambda spans: [{"start": start, "end": start + length} for start, length in spans]),
        "comment": st.text(min_size=1).map(printable),
    },
)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(ANSWERS)
def test_answers_survive_the_way_there_and_back(book, answers):
    parsed = parse_result(build_result(answers, book), book)
    if "words" in answers:
        answers = {**answers, "words": sorted(answers["words"], key=str)}
        parsed = {**parsed, "words": sorted(parsed["words"], key=str)}
    assert parsed == answers
    assert shape_problem(parsed, book) is None
    assert build_result(parsed, book) == build_result(answers, book)


def test_an_answer_that_cannot_be_read_is_told(book):
    assert book.problem_with(parse_result([UNREADABLE], book)) == (
        "unknown_question",
        "unknown question 'unreadable'; codebook has stance, voice, strength, confidence, topics, words, comment",
    )


def test_a_look_at_the_definitions_is_no_answer(book, choice):
    assert parse_result([choice("definitions-shown", "open"), choice("stance", "neutral")], book) == {
        "stance": "neutral"
    }


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text() | st.just("\ud83d"),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=6,
)
PARTS = st.fixed_dictionaries(
    {},
    optional={
        "from_name": st.sampled_from(["stance", "words", "topics", "comment", "confidence", "\ud83d"]) | JSON,
        "type": st.sampled_from(["choices", "labels", "rating", "textarea"]) | JSON,
        "value": st.dictionaries(st.sampled_from(["choices", "start", "end", "text", "rating"]), JSON) | JSON,
    },
)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(result=st.lists(PARTS | JSON, max_size=4), text=st.text())
def test_whatever_was_sent_is_read_and_can_be_kept(book, result, text):
    answers = parse_result(spans_in_code_points(result, text), book)
    msgspec.json.encode(answers)
    answer_problem(answers, book)
    book.problem_with(answers)


TEXTS = st.text(st.characters(codec="utf-8"), min_size=1, max_size=30)


@given(before=TEXTS, words=TEXTS, after=TEXTS)
def test_marked_words_are_found_whether_counted_in_code_points_or_in_utf_16(before, words, after):
    text = before + words + after

    def units(part: str) -> int:
        return len(part.encode("utf-16-le")) // 2

    def marked(start: int, end: int) -> list:
        return [{"from_name": "words", "type": "labels", "value": {"start": start, "end": end, "text": words}}]

    for start, end in ((len(before), len(before + words)), (units(before), units(before + words))):
        (part,) = spans_in_code_points(marked(start, end), text)
        found = text[part["value"]["start"] : part["value"]["end"]]
        assert "".join(found.split()) == "".join(words.split()) or not words.strip()


def test_offsets_without_words_or_with_wrong_ones_stay_as_they_came():
    for value in ({"start": 1, "end": 2}, {"start": 0, "end": 1, "text": "elsewhere"}, {"start": "a", "text": "b"}):
        part = {"type": "labels", "value": value}
        assert spans_in_code_points([part], "\N{SPEEDBOAT} boat") == [part]


def test_the_order_in_which_labels_were_ticked_means_nothing(book, choice):
    assert parse_result([choice("topics", "fish", "tax")], book) == parse_result(
        [choice("topics", "tax", "fish")], book
    )


def test_a_rating_is_a_number_whether_given_by_stars_or_by_choice(book, choice):
    stars = {"from_name": "confidence", "to_name": "text", "type": "rating", "value": {"rating": 2}}
    assert parse_result([stars, choice("strength", "3")], book) == {"confidence": 2, "strength": 3}


@pytest.mark.parametrize(
    "answers",
    [
        {"stance": ["neutral", "opposition"]}, {"stance": 3}, {"topics": "tax"}, {"confidence": 4}, {"confidence": 0},
        {"confidence": "2"}, {"confidence": True}, {"comment": ["a"]}, {"words": [{"start": 5, "end": 2}]},
        {"words": "boats"}, {"words": [{"start": "1", "end": 2}]},
    ],
)  # fmt: skip
def test_answers_of_the_wrong_shape_are_told(book, answers):
    problem = answer_problem(answers, book)
    assert problem is not None
    assert problem[0] == "malformed_answer"
    assert repr(next(iter(answers))) in problem[1]
