import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from toolkit.records import Article
from toolkit.segmentation.quotes.quotations import find_quotes
from toolkit.segmentation.segmenter import segment_article


def seen(*texts):
    """Each paragraph's quotations as (words, speaker, verb)."""
    starts = [sum(len(text) + 2 for text in texts[:i]) for i in range(len(texts))]
    return [
        [(text[q.start - start : q.end - start], q.speaker, q.verb) for q in quotes]
        for text, start, quotes in zip(texts, starts, find_quotes(texts, starts), strict=True)
    ]


@pytest.mark.parametrize(
    ("text", "words", "speaker", "verb"),
    [
        ("“We can plan a winter again,” said Hild Orrin.", "“We can plan a winter again,”", "Hild Orrin", "said"),
        ('"We can plan a winter again," Hild Orrin said.', '"We can plan a winter again,"', "Hild Orrin", "said"),
        ("‘We can plan a winter again,’ she told reporters.", "‘We can plan a winter again,’", "she", "told"),
        ("«No tenemos miedo», afirmó la ministra Ana Ruiz.", "«No tenemos miedo»", "la ministra Ana Ruiz", "afirmó"),
        ("La ministra Ana Ruiz aseguró: “No tenemos miedo”.", "“No tenemos miedo”", "La ministra Ana Ruiz", "aseguró"),
        ("«No tenim por de ningú», ha dit Marta Puig.", "«No tenim por de ningú»", "Marta Puig", "dit"),
        ("«No tenim por de ningú», va afirmar Marta Puig.", "«No tenim por de ningú»", "Marta Puig", "afirmar"),
        ("“Kita tidak takut,” kata Ahmad Rizal pada Rabu.", "“Kita tidak takut,”", "Ahmad Rizal", "kata"),
        ("“Kita tidak takut langsung,” katanya.", "“Kita tidak takut langsung,”", None, "katanya"),
        ("«Мы никого не боимся», — заявила Анна Рудина.", "«Мы никого не боимся»", "Анна Рудина", "заявила"),
        ("Анна Рудина сказала: «Мы никого не боимся».", "«Мы никого не боимся»", "Анна Рудина", "сказала"),
        ("«Мы нікога не баімся», — сказаў Янка Рудзін.", "«Мы нікога не баімся»", "Янка Рудзін", "сказаў"),
        ("«Ми нікого не боїмося», — зазначила Олена Рудь.", "«Ми нікого не боїмося»", "Олена Рудь", "зазначила"),
        ("„Wir haben vor niemandem Angst“, sagte Ida Renn.", "„Wir haben vor niemandem Angst“", "Ida Renn", "sagte"),
        ("»Wir haben vor niemandem Angst«, sagte Ida Renn.", "»Wir haben vor niemandem Angst«", "Ida Renn", "sagte"),
        ("‚Wir haben vor niemandem Angst‘, sagte Ida Renn.", "‚Wir haben vor niemandem Angst‘", "Ida Renn", "sagte"),
        ("«\u00a0Nous avons peur\u00a0», a déclaré Ida Renn.", "«\u00a0Nous avons peur\u00a0»", "Ida Renn", "déclaré"),
        ("« Nous n’avons peur de personne », a-t-elle ajouté.", "« Nous n’avons peur de personne »", "elle", "ajouté"),
        ("‹Nous n’avons peur de personne›, dit-il.", "‹Nous n’avons peur de personne›", "il", "dit"),
    ],
)  # fmt: skip
def test_a_quotation_is_found_with_its_speaker_in_every_language(text, words, speaker, verb):
    assert seen(text) == [[(words, speaker, verb)]]


SENTENCES = {  # what is said, the verb before and behind it, and who says it, by language
    "German": ("Wir haben vor niemandem Angst", "sagte", "Ministerin Ida Renn"),
    "French": ("Nous n’avons peur de personne", "affirme", "Ida Renn"),
    "Spanish": ("No tenemos miedo de nadie", "dijo", "la ministra Ana Ruiz"),
    "Catalan": ("No tenim por de ningú", "explica", "la consellera Marta Puig"),
    "Ukrainian": ("Ми нікого не боїмося", "сказала", "Олена Рудь"),
}
PAIRS = {
    "German": ("„{}“", "»{}«", "‚{}‘", "“{}”", '"{}"'),
    "French": ("«\u00a0{}\u00a0»", "« {} »", "“{}”", '"{}"'),
    "Spanish": ("«{}»", "“{}”", '"{}"'),
    "Catalan": ("«{}»", "“{}”", '"{}"'),
    "Ukrainian": ("«{}»", "„{}“", "„{}”", "“{}”", '"{}"'),
}


@pytest.mark.parametrize(("language", "pair"), [(language, pair) for language, row in PAIRS.items() for pair in row])
def test_each_pair_of_marks_of_a_language_has_its_speaker_behind_it_or_before(language, pair):
    words, verb, speaker = SENTENCES[language]
    marked = pair.format(words)
    dash = " —" if language == "Ukrainian" else ""
    assert seen(f"{marked},{dash} {verb} {speaker}.") == [[(marked, speaker, verb)]]
    assert seen(f"{speaker} {verb}: {marked}.") == [[(marked, speaker, verb)]]


@pytest.mark.parametrize(
    ("text", "words", "speaker", "verb"),
    [
        ("Ida Renn a déclaré : « Nous n’avons peur de personne. »", "« Nous n’avons peur de personne. »", "Ida Renn",
         "déclaré"),
        ("Ana Ruiz ha explicado que «no tenemos miedo».", "«no tenemos miedo»", "Ana Ruiz", "explicado"),
        ("“No tenim por de ningú”, ha assegurat Marta Puig.", "“No tenim por de ningú”", "Marta Puig", "assegurat"),
        ("Marta Puig va dir: «No tenim por de ningú».", "«No tenim por de ningú»", "Marta Puig", "dir"),
        ("Ida Renn hat gesagt: „Wir haben vor niemandem Angst.“", "„Wir haben vor niemandem Angst.“", "Ida Renn",
         "gesagt"),
        ("Selon Ida Renn, c’est « une erreur que nous allons payer ».", "« une erreur que nous allons payer »",
         "Ida Renn", None),
        ("Según Ana Ruiz, es «un error que pagaremos todos».", "«un error que pagaremos todos»", "Ana Ruiz", None),
        ("Segons Marta Puig, és «un error que pagarem tots».", "«un error que pagarem tots»", "Marta Puig", None),
        ("За словами Олени Рудь, це «помилка, за яку заплатимо всі».", "«помилка, за яку заплатимо всі»", "Олени Рудь",
         None),
        ("—No tenemos miedo de nadie —dijo Ana Ruiz.", "—No tenemos miedo de nadie", "Ana Ruiz", "dijo"),
        ("—No tenim por de ningú —va dir Marta Puig.", "—No tenim por de ningú", "Marta Puig", "dir"),
        ("— Ми нікого не боїмося, — сказала Олена Рудь.", "— Ми нікого не боїмося,", "Олена Рудь", "сказала"),
        ("– Wir haben keine Angst – sagte Ida Renn.", "– Wir haben keine Angst", "Ida Renn", "sagte"),
    ],
)  # fmt: skip
def test_other_forms_of_attribution_in_five_languages(text, words, speaker, verb):
    assert seen(text) == [[(words, speaker, verb)]]


def test_a_spanish_quotation_goes_on_over_three_paragraphs_whose_first_mark_is_the_closing_one():
    texts = ["Ana Ruiz dijo: «Uno que sigue.", "»Dos que sigue.", "»Tres que termina».", "«Otra cosa», dijo él."]
    rows = find_quotes(texts, [0, 50, 100, 150])
    assert [row[0].run for row in rows] == [0, 0, 0, None]
    assert [row[0].speaker for row in rows] == ["Ana Ruiz"] * 3 + ["él"]


@pytest.mark.parametrize(
    "text",
    [
        "The nurses’ pay and the boys’ school in the ’90s.",
        "It's the teachers' union, rock 'n' roll, and 'em all.",
        "Заяц п'ять разів з'їв об’єкт.",
        'She is 6\'2" and the board is 30" wide.',
        "L’home d’Olot s’ha perdut.",
        "Сям’я і сузор'і.",
        '<a href="https://example.org">a link</a>',
        "— SNA",
        "— Households: 1,500 crowns",
    ],
)
def test_an_apostrophe_an_inch_and_a_signature_are_no_quotation(text):
    assert seen(text) == [[]]


def test_a_possessive_inside_single_marks_closes_nothing():
    assert seen("‘The nurses’ pay is a disgrace,’ said Ida Renn.") == [
        [("‘The nurses’ pay is a disgrace,’", "Ida Renn", "said")]
    ]


def test_a_divided_quotation_is_two_with_one_speaker():
    rows = seen("“Nine times,” one adviser said, loosening his tie. “You can’t coach a man.”")
    assert rows == [[("“Nine times,”", "one adviser", "said"), ("“You can’t coach a man.”", "one adviser", "said")]]


def test_the_subject_stands_before_its_relative_clause():
    [[row]] = seen(
        "Mr Dunmore, who has faced calls to quit, said on Tuesday that he was the victim of “a calculated smear”."
    )
    assert row == ("“a calculated smear”", "Mr Dunmore", "said")


def test_a_quotation_over_three_paragraphs_is_one_with_one_speaker():
    texts = ["“One,” said Ida Renn. “Two goes on.", "“Three goes on.", "“Four ends.”", "“Five is another.”"]
    starts = [0, 50, 100, 150]
    first, second, third, fourth = find_quotes(texts, starts)
    assert first[0].run is None
    assert first[1].run == second[0].run == third[0].run == 0
    assert fourth[0].run is None
    assert second[0].speaker == third[0].speaker == "Ida Renn"


def test_a_spanish_quotation_goes_on_behind_a_repeated_closing_mark():
    first, second = find_quotes(["El alcalde dijo: «Uno que sigue.", "»Dos que termina»."], [0, 40])
    assert first[0].run == second[0].run == 0


def test_a_quotation_may_go_on_without_a_repeated_mark():
    first, second = find_quotes(["Ida Renn said: «One goes on", "and ends here» before noon."], [0, 40])
    assert (second[0].start, second[0].end) == (40, 54)
    assert first[0].run == second[0].run == 0


def test_only_the_outermost_of_nested_quotations_counts():
    assert [q[0] for q in seen("«Он читал «Известия» и молчал», — сказал он.")[0]] == ["«Он читал «Известия» и молчал»"]
    assert [q[0] for q in seen("«Он читал «Известия», — сказал он.")[0]] == ["«Он читал «Известия»"]
    assert [q[0] for q in seen("“She said ‘no’ to me,” he said.")[0]] == ["“She said ‘no’ to me,”"]
    assert [q[0] for q in seen('“She said "no" and “yes” to me,” he said.')[0]] == ['“She said "no" and “yes” to me,”']


@pytest.mark.parametrize(
    ("text", "scare"),
    [
        ("The plan contains the word “beds” once.", True),
        ("On channel after channel, shuddering at “camp-bed medicine”.", True),
        ("He told me the matter was “noted”.", False),
        ("The council called it “shameful”.", False),
        ("“No!” she said.", False),
        ("Газета «Известия» вышла.", True),
        ("They sang in the film “The Long Way Home” twice.", True),
        ("The offer stands “in any due course”, said Ida Renn.", False),
    ],
)
def test_words_held_up_are_told_from_words_said(text, scare):
    [[quote]] = find_quotes([text], [0])
    assert quote.scare is scare
    assert not (quote.scare and (quote.speaker or quote.verb))


def test_what_the_author_inserts_between_dashes_names_the_speaker():
    [[row]] = seen("«Не знаю, — сказал Иван Рудин. — Приду завтра».")
    assert row == ("«Не знаю, — сказал Иван Рудин. — Приду завтра»", "Иван Рудин", "сказал")


@pytest.mark.parametrize(
    "text", ['“Not yet," said Ida Renn.', '"Not yet,” said Ida Renn.', '“Not yet," said Ida Renn. “No.”']
)
def test_a_mark_of_the_other_kind_closes_where_nothing_else_does(text):
    assert seen(text)[0][0] == (text[:10], "Ida Renn", "said")


def test_a_quotation_whose_closing_mark_was_left_out_ends_before_the_next():
    assert [row[0] for row in seen("“Not yet, he said. “Not today.”")[0]] == ["“Not yet, he said.", "“Not today.”"]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("— Не ведаю, — сказаў Янка. — Прыйду заўтра.", ["— Не ведаю,", "— Прыйду заўтра."]),
        ("—No lo sé —dijo Juan—. Vendré mañana.", ["—No lo sé", "—. Vendré mañana."]),
        ("– Мы не боимся, – сказал Иван.", ["– Мы не боимся,"]),
    ],
)
def test_a_dash_opens_speech_where_somebody_is_said_to_speak(text, words):
    assert [row[0] for row in seen(text)[0]] == words


def test_paragraphs_of_an_article_carry_their_quotations_in_its_offsets():
    article = Article(id="a", text="Headline here\n\nBefore noon it rained. “No,” said Ida Renn.")
    quote = segment_article(article)[1].quotes[0]
    assert article.text[quote.start : quote.end] == "“No,”"


MARKS = "\"'“”„‟«»‹›‘’‚‛`—–- \n.,!?…"


@given(
    st.lists(
        st.text(st.one_of(st.sampled_from(MARKS), st.sampled_from("ab saidСказал"), st.characters()), max_size=80),
        max_size=6,
    )
)
@settings(max_examples=300, deadline=None)
def test_offsets_stay_inside_their_paragraph_in_order_whatever_the_text(texts):
    starts = [1000 * i for i in range(len(texts))]
    for text, start, quotes in zip(texts, starts, find_quotes(texts, starts), strict=True):
        end = start
        for quote in quotes:
            assert end <= quote.start < quote.end <= start + len(text)
            end = quote.end
            assert not quote.speaker or quote.speaker in text or quote.run is not None or "-" in text
            assert not quote.verb or quote.verb in text or quote.run is not None


@given(st.text(st.sampled_from(MARKS + "abc said"), max_size=200), st.integers(0, 10**6))
@settings(deadline=None)
def test_quotations_move_with_their_paragraph(text, start):
    [here], [there] = find_quotes([text], [0]), find_quotes([text], [start])
    assert [(q.start + start, q.end + start) for q in here] == [(q.start, q.end) for q in there]


@pytest.mark.parametrize(
    "unit",
    [
        "“a,” said X. ",
        '“a” "b" said X. ',
        '"',
        "'a ",
        "‘b ",
        "«",
        "» ",
        "said ",
        "— а, — сказал ",
        "“a ",
        '“a" ',
        '“"a" «',
    ],
)
def test_time_grows_with_the_length_of_a_paragraph(unit):
    def seconds(size):
        text = unit * (size // len(unit))
        began = time.process_time()
        find_quotes([text], [0])
        return time.process_time() - began

    assert seconds(400_000) < 12 * max(seconds(100_000), 0.05)  # four times the text; a square would be sixteen
