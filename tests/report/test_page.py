import re
from html.parser import HTMLParser

import matplotlib
import msgspec
import pytest
from msgspec.structs import replace

from toolkit.campaigns.simulation import SimulationExtent
from toolkit.labels.agreement.headline import agreement
from toolkit.report.facts import QuestionFacts, ReportFacts
from toolkit.report.page import MOST_UNRESOLVED, render_page

HOSTILE = "</p><script>alert(1)</script><img src=x onerror=alert(2)>\"'`&{{ 7*7 }}"


class Page(HTMLParser):
    """What a parser finds in a page: elements with their attributes, and the text between them."""

    def __init__(self, html):
        super().__init__()
        self.elements, self.words = [], []
        self.feed(html)
        self.close()

    def handle_starttag(self, tag, attrs):
        self.elements.append((tag, dict(attrs)))

    def handle_data(self, data):
        self.words.append(data)

    @property
    def text(self):
        return " ".join(" ".join(self.words).split())

    def values(self, name):
        return [attributes[name] for _, attributes in self.elements if name in attributes]


@pytest.fixture(scope="session")
def html(facts):
    return render_page(facts)


@pytest.fixture(scope="session")
def page(html):
    return Page(html)


def everywhere(value, hostile):
    """The facts with a hostile text in every field that others write."""
    plain = msgspec.json.decode(msgspec.json.encode(value))
    plain |= {"title": hostile, "description": hostile, "scores_missing": hostile, "versions": {hostile: hostile}}
    plain["corpus"]["outlets"][0]["name"] = hostile
    plain["corpus"] |= {"roles": {hostile: 1}, "asked_roles": [hostile], "dropped": {hostile: 1}}
    plain["work"] |= {"left_out": {hostile: 1}, "selection": hostile}
    plain["work"]["annotators"][0] |= {"pseudonym": hostile, "kind": hostile}
    plain["targets"][0] |= {"title": hostile, "note": hostile}
    plain["unresolved"][0] |= {"headline": hostile, "text": hostile, "target": hostile, "votes": {hostile: 1}}
    plain["questions"][0]["agreement"]["per_label"] = {hostile: plain["questions"][0]["agreement"]["alpha"]}
    plain["questions"][0] |= {"labels": {hostile: 5}, "shares": {}}
    plain["certificate"]["shared"] = {hostile: 1}
    plain["simulation"] = {"extent": "all", "error_model": hostile}
    return msgspec.convert(plain, ReportFacts, str_keys=True)


def test_all_sections_stand_in_the_contents_and_every_link_leads_somewhere(page):
    ids = page.values("id")
    links = [attributes["href"] for tag, attributes in page.elements if tag == "a"]
    sections = [attributes["id"] for tag, attributes in page.elements if tag == "section"]
    assert links[1:] == [f"#{section}" for section in sections]
    assert sections == [
        "glance", "corpus", "annotation", "targets", "questions", "agreement", "gold", "splits", "baselines",
        "unresolved", "provenance",
    ]  # fmt: skip
    assert len(set(ids)) == len(ids)
    pointed = [link for name in ("href", "xlink:href", "aria-labelledby") for link in page.values(name)]
    pointed += [f"#{name}" for value in page.values("clip-path") for name in re.findall(r"url\(#(.*?)\)", value)]
    assert {link.removeprefix("#") for link in pointed} - {"data:,"} <= set(ids)


def test_each_section_says_how_its_figures_were_made(html):
    for section in re.findall(r"<section.*?</section>", html, flags=re.DOTALL):
        assert 'class="made"' in section


@pytest.mark.parametrize(
    "said",
    [
        "3 articles, 2024-02-01 to 2024-03-05; 1,234 paragraphs, of which 1,230 have a role that annotators are asked",
        "2 articles are in 1 cluster of exact copies or near-duplicates",
        "The Lantern 3 1,234 6",
        "too short 7",
        "3 votes asked for on 5 items, 4 votes asked for on 1 item",
        "18 annotations of 19 asked for were received and count; 1 item has fewer than asked for",
        "skipped 2 superseded 1 All 3",
        "r0 human 6 2 17.2",
        "r1 human 6 0 unknown",
        "the ferry company 6 items owned by the town since January",
        "Where does it stand towards [target]?",
        "favour +1 Speaks for the target.",
        "unclear no answer Unclear",
        "Shown when stance is favour.",
        "17 votes of 3 annotators on 6 items; 1 vote for a no-answer label",
        "5 of 6 items have a gold label (3 majority, 2 unanimous, 1 unresolved). Unresolved: 16.7 % [0.0, 50.0]",
        "favour 2 40.0 %",
        "loud 0 0.0 % (no interval: not computed)",
        "train 4 2 test 2 1 All 6 3",
        "None: no article_id, cluster or text is in more than one split.",
        "largest difference 50.0 percentage points",
        "Question stance ; labels favour, neutral, against. Fitted on 19 train rows",
        "1 answered item has no label",
        "stance towards the ferry company : favour 1 neutral 1 against 1",
        "“It comes when it comes,” said the pilot.",
        "small@2.0#",
        "stance-toolkit 0.1.0",
    ],
)
def test_the_page_says(page, said):
    assert said in page.text


def test_alpha_stands_with_its_interval_and_its_n(page, facts):
    alpha = facts.questions[0].agreement.alpha
    told = f"{alpha.value:.3f} [{alpha.low:.3f}, {alpha.high:.3f}] (n = 6 items with two votes or more, 3 articles)"
    assert told.replace("-", "−") in page.text.replace("\u00a0", " ")


def test_scores_stand_with_intervals_and_n_beside_the_majority(page, facts):
    for rung in facts.scores.rungs:
        for found in (rung.test.macro_f1, rung.cross_validated.macro_f1):
            assert f"{found.value:.3f} [{found.low:.3f}, {found.high:.3f}] {found.n} {found.clusters}" in page.text
    over = facts.scores.rungs[1].over_majority
    assert f"minus that of the majority rule is {over.value:.3f} [{over.low:.3f}, {over.high:.3f}]" in page.text


def test_undefined_alpha_is_said_in_words(page):
    assert "Alpha over all labels: undefined: all votes are equal" in page.text
    assert "nan" not in page.text.split()
    assert "None" not in page.text.split()


def test_a_question_that_nobody_answered_is_not_called_unresolved(facts):
    silent = QuestionFacts(
        name="tone", agreement=agreement([], ("calm",), (), 1), labels={}, statuses={"unresolved": 6}
    )
    page = Page(render_page(replace(facts, questions=(silent,))))
    assert "No annotator gave an answer that counts. Alpha is undefined: no item has two votes ." in page.text
    assert "No annotator gave an answer that counts, so no item has a label." in page.text
    assert "Unresolved:" not in page.text


def test_what_is_not_there_yet_is_said_in_words(facts):
    bare = replace(
        facts, scores=None, certificate=None, certificate_missing="run `stance build` first", unresolved_total=0
    )
    page = Page(render_page(bare))
    assert "No scores: no baseline was trained yet." in page.text
    assert "No certificate: run stance build first." in page.text
    assert "No item is unresolved." in page.text


def test_an_empty_campaign_has_a_page(facts):
    corpus = replace(facts.corpus, articles=0, period=None, outlets=(), roles={}, dropped={}, clusters=0)
    work = replace(facts.work, items=0, votes_asked={}, annotations=0, left_out={}, short_items=0, annotators=())
    page = Page(render_page(replace(facts, corpus=corpus, work=work, questions=(), targets=())))
    assert "No annotator has answered yet." in page.text
    assert "Every annotation counts." in page.text


def test_a_leaking_split_is_called_one(facts):
    leaking = replace(facts.certificate, shared={"article_id": 0, "text": 2})
    assert (
        "Some are , so scores on the test set may be too high"
        in Page(render_page(replace(facts, certificate=leaking))).text
    )


def test_answers_of_people_bring_no_banner(page):
    assert "simulated" not in page.text.lower()
    assert "simulated" not in page.values("id")


def test_simulated_answers_are_said_at_the_top_and_beside_the_figures(facts):
    simulated = SimulationExtent(
        extent="all", annotators=3, error_model="errs with probability `haste`", truth="intended"
    )
    page = Page(render_page(replace(facts, simulation=simulated)))
    assert page.text.index("All answers are simulated") < page.text.index("At a glance")
    assert "Error model: each errs with probability haste ." in page.text
    assert "The ferry of Port Ilva: campaign report (simulated)" in page.text
    assert page.text.count(" simulated ") >= 4
    assert "mean nothing" not in page.text


@pytest.mark.parametrize("truth", ["random", "both"])
def test_labels_drawn_at_random_are_said_to_mean_nothing(facts, truth):
    simulated = SimulationExtent(extent="some", annotators=1, truth=truth)
    html = render_page(replace(facts, simulation=simulated))
    page = Page(html)
    assert "1 of the 3 annotators are simulated." in page.text
    for place in (
        r'<aside class="banner".*?</aside>',
        *(f'<section id="{name}".*?</section>' for name in ("agreement", "gold", "baselines")),
    ):
        assert "scores on this page mean nothing" in re.search(place, html, flags=re.DOTALL)[0]


def test_text_of_strangers_comes_out_as_text(facts):
    html = render_page(everywhere(facts, HOSTILE))
    page = Page(html)
    assert "<script" not in html
    assert not [tag for tag, _ in page.elements if tag in ("script", "img")]
    assert not [name for _, attributes in page.elements for name in attributes if name.startswith("on")]
    assert "{{ 7*7 }}" in html
    assert page.text.count("<script>alert(1)</script>") >= 20


def test_nothing_is_loaded_from_anywhere(facts, html):
    told = "see http://example.org/a.png and url(http://example.org/b.png)"
    for each in (html, render_page(replace(facts, description=told))):
        page = Page(each)
        assert {
            value
            for name in ("src", "href", "xlink:href", "srcset", "data", "action")
            for value in page.values(name)
            if not value.startswith("#")
        } == {"data:,"}
        styles = re.findall(r"<style>.*?</style>", each, flags=re.DOTALL) + page.values("style")
        assert not [style for style in styles if "@import" in style or re.search(r"url\((?!#)", style)]
    assert "http" not in html.replace("http-equiv", "")
    assert [attributes["content"] for tag, attributes in page.elements if attributes.get("http-equiv")] == [
        "default-src 'none'; style-src 'unsafe-inline'; img-src data:; base-uri 'none'; form-action 'none'"
    ]


def test_at_most_fifty_unresolved_items_are_shown_and_the_rest_counted(facts):
    many = replace(facts, unresolved=facts.unresolved * 60, unresolved_total=73)
    page = Page(render_page(many))
    assert [tag for tag, _ in page.elements].count("blockquote") == MOST_UNRESOLVED == 50
    assert "73 answered items have no label, counted by question; the first 50 are shown" in page.text


def test_the_same_facts_give_the_same_bytes_under_any_settings(facts, html):
    with matplotlib.rc_context({"font.size": 30, "axes.grid": True, "svg.hashsalt": "another"}):
        assert render_page(facts) == html


def test_a_page_made_before_all_votes_are_there_says_that_it_is_partial(facts):
    complete = replace(facts, work=replace(facts.work, short_items=0))
    assert "Partial" not in Page(render_page(complete)).text
    assert "Partial: 1 item has fewer votes than asked for; labels" in Page(render_page(facts)).text
    page = Page(render_page(replace(facts, work=replace(facts.work, short_items=0, open_tiebreaks=2))))
    assert "Partial: 0 items have fewer votes than asked for, and 2 tie-breaks are open; labels" in page.text
