"""What adjudicators are asked on a server: a project for each of them, apart from those in which people vote.

Such a project is pushed like any other, under a key of its own. So whatever looks for the projects of the campaign
never finds it: no answer of an adjudicator can be taken for a vote.
"""

import re

import msgspec
from msgspec import Struct

from toolkit.codebook import Codebook, Label, Question, Text
from toolkit.exchange.label_config import read_label_config
from toolkit.studio.http.client import Studio
from toolkit.studio.http.schemas import Project

REASON, COMMENT = "adjudication_reason", "adjudication_comment"  # questions that no codebook of a campaign has

_WORDS = {
    "en": {
        "title": "Adjudication",
        "why": "Why was it in doubt?",
        "comment": "Comment; of a gap, what should the guidelines say?",
        "doubt": "In doubt",
        "votes": "Votes",
        "ambiguous": "The text can be read in both ways",
        "guideline_gap": "The guidelines do not say",
        "slip": "An annotator slipped",
        "disagreement": "A true disagreement: both read well",
    },
    "ru": {
        "title": "Разбор разногласий",
        "why": "Почему возникло сомнение?",
        "comment": "Комментарий; если пробел в правилах — что им следует сказать?",
        "doubt": "Под вопросом",
        "votes": "Голоса",
        "ambiguous": "Текст можно понять двояко",
        "guideline_gap": "В правилах об этом не сказано",
        "slip": "Кто-то из разметчиков ошибся",
        "disagreement": "Настоящее разногласие: оба прочтения верны",
    },
    "de": {
        "title": "Schlichtung",
        "why": "Warum war es strittig?",
        "comment": "Anmerkung; bei einer Lücke: was sollten die Richtlinien sagen?",
        "doubt": "Strittig",
        "votes": "Stimmen",
        "ambiguous": "Der Text lässt sich auf beide Arten lesen",
        "guideline_gap": "Die Richtlinien sagen dazu nichts",
        "slip": "Jemand hat sich vertan",
        "disagreement": "Ein echter Dissens: beide lesen richtig",
    },
}  # fmt: skip


class RulingPlace(Struct, frozen=True, kw_only=True):
    """Where an adjudicator is asked, and whether the votes are hidden there."""

    campaign: str  # the key of the campaign in which people vote
    adjudicator: str  # pseudonym
    blind: bool

    @property
    def key(self) -> str:
        """The key under which it is pushed.

        >>> RulingPlace(campaign="demo-1f", adjudicator="judge-1", blind=True).key
        'demo-1f/adjudication/blind/judge-1'
        """
        return f"{self.campaign}/adjudication/{'blind' if self.blind else 'seen'}/{self.adjudicator}"


def rulings_in(project: Project, campaign: str) -> RulingPlace | None:
    """Where an adjudicator of a campaign is asked, by the description of a project; None where it is no such place."""
    found = re.search(rf"\[stance-toolkit {re.escape(campaign)}/adjudication/(blind|seen)/(\S+) ", project.description)
    return RulingPlace(campaign=campaign, adjudicator=found[2], blind=found[1] == "blind") if found else None


def find_rulings(studio: Studio, campaign: str) -> list[tuple[Project, RulingPlace]]:
    """The projects in which adjudicators of a campaign are asked, oldest first."""
    projects = studio.projects_described(f"[stance-toolkit {campaign}/adjudication/")
    places = ((project, rulings_in(project, campaign)) for project in projects)
    return [(project, place) for project, place in places if place is not None]


# --- what is asked ---------------------------------------------------------------------------------------------------


def word(name: str, language: str) -> str:
    """One of our own words on the adjudicator's screen."""
    return _WORDS.get(language, _WORDS["en"])[name]


def _text(name: str, codebook: Codebook, language: str) -> Text:
    return {each: word(name, each) for each in {language, codebook.languages[0]}}


def asked_there(project: Project, codebook: Codebook) -> set[str]:
    """The questions of a codebook that a project asks already."""
    there = {each.name for each in read_label_config(project.label_config, f"project {project.id}")}
    return {question.name for question in codebook.choices} & there


def ruling_book(codebook: Codebook, asked: set[str], language: str) -> Codebook:
    """The questions that are in doubt, why they are (required), and room for a comment.

    Where several are asked none of them is required: an item has only those that are in doubt, and its note names them.
    """
    chosen = [question for question in codebook.choices if question.name in asked]
    alone = len(chosen) == 1
    questions = [_unconditional(question, alone) for question in chosen]
    reasons = tuple(
        Label(name=name, title=_text(name, codebook, language))
        for name in ("ambiguous", "guideline_gap", "slip", "disagreement")
    )
    why, comment = (_text(name, codebook, language) for name in ("why", "comment"))
    questions.append(Question(name=REASON, text=why, required=True, labels=reasons))
    questions.append(Question(name=COMMENT, text=comment, kind="text"))
    return _with_questions(codebook, questions)


def every_ruling(codebook: Codebook, language: str) -> Codebook:
    """The book by which all that adjudicators may have answered is read."""
    return ruling_book(codebook, {question.name for question in codebook.choices}, language)


def _unconditional(question: Question, required: bool) -> Question:
    return msgspec.structs.replace(question, required=required, when={})


def _with_questions(codebook: Codebook, questions: list[Question]) -> Codebook:
    names = {question.name for question in questions}
    kept = tuple(rule for rule in codebook.migrations if rule.question in names)
    return msgspec.structs.replace(codebook, questions=tuple(questions), tree=(), cases=(), migrations=kept)
