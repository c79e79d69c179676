"""The projects of a campaign on the server: search by description, creation and settings.

A description also records which codebook the project shows since when. One request changes both the interface and this
history, so a killed push cannot leave them inconsistent.
"""

import html
import re
from collections.abc import Collection, Iterable, Mapping, Sequence

import msgspec
from msgspec import Struct

from toolkit.campaigns.display import printable
from toolkit.codebook import Codebook, Text
from toolkit.errors import StudioError, UnansweredError
from toolkit.files import digest
from toolkit.records import PushedProject, ScreenVersion
from toolkit.studio.config import instructions, label_config
from toolkit.studio.http.client import Studio
from toolkit.studio.http.retrying import attempts
from toolkit.studio.http.schemas import Project, ProjectSettings
from toolkit.studio.push.project_specs import (
    ProjectSpec,
    PushRequest,
    campaign_marker,
    codebook_of,
    one_line,
    spec_in,
    spec_of,
)
from toolkit.workspace import ShownPart

_TITLE_LENGTH = (3, 50)  # limits of Label Studio
_SCREEN = re.compile(r"^\[screen (\S+) (\S+) (.+)\]$", re.MULTILINE)


class ProjectState(Struct, frozen=True, kw_only=True):
    """A project of the campaign on the server."""

    project: Project
    spec: ProjectSpec

    @property
    def screens(self) -> tuple[ScreenVersion, ...]:
        """Return the screen versions of the project, oldest first."""
        return screens_in(self.project.description)


def find_projects(studio: Studio, campaign: str) -> list[Project]:
    """Return the projects of a campaign on the server, oldest first; empty before the first push."""
    return studio.projects_described(campaign_marker(campaign))


def find_project_states(studio: Studio, request: PushRequest) -> list[ProjectState]:
    """Return the projects of a campaign with their specs, oldest first."""
    projects = find_projects(studio, request.campaign)
    specs = ((project, spec_in(project.description)) for project in projects)
    states = [ProjectState(project=project, spec=spec) for project, spec in specs if spec is not None]
    numbers = {state.project.id for state in states}
    for pushed in request.earlier_projects:
        lost = _lost(studio, request, pushed.id) if pushed.id not in numbers else None
        states += [ProjectState(project=lost, spec=spec_of(pushed))] if lost else []
    return sorted(states, key=lambda state: state.project.id)


def _lost(studio: Studio, request: PushRequest, number: int) -> Project | None:
    """Return a known project whose description was changed by hand; it is ours if it shows our items."""
    project = studio.find_project(number)
    if project is None or spec_in(project.description) is not None:
        return None
    return project if studio.first_items(number) & {shown_item.item.id for shown_item in request.items} else None


# --- screen versions -------------------------------------------------------------------------------------------------


def screens_in(description: str) -> tuple[ScreenVersion, ...]:
    """Read the screen versions of a project from its description."""
    matches = (match.groups() for match in _SCREEN.finditer(description))
    return tuple(
        ScreenVersion(codebook=ref, since=since, shown=msgspec.convert(_parts(shown), tuple[ShownPart, ...]))
        for since, shown, ref in matches
    )


def _parts(shown: str) -> list[str]:
    return [] if shown == "-" else shown.split(",")


def _screen_line(screen: ScreenVersion) -> str:
    return f"[screen {screen.since} {','.join(screen.shown) or '-'} {screen.codebook}]"


def current_screen(studio: Studio, request: PushRequest, states: Iterable[ProjectState]) -> ScreenVersion:
    """Return the screen version of this push; another project of the campaign may already show it."""
    last = [*(state.screens[-1] for state in states if state.screens), *request.screens[-1:]]
    now = ScreenVersion(codebook=one_line(request.codebook.ref), since="", shown=request.show)
    same = [screen for screen in last if (screen.codebook, screen.shown) == (now.codebook, now.shown)]
    if same:
        return max(same, key=lambda screen: screen.since)
    # If the clock was set back, the new version must still be later than the previous one.
    since = max([studio.time(), *(screen.since for screen in last)])
    return msgspec.structs.replace(now, since=since)


def all_screens(request: PushRequest, states: Iterable[ProjectState]) -> tuple[ScreenVersion, ...]:
    """Return the screen versions of all projects of the campaign, oldest first."""
    screens = dict.fromkeys([*request.screens, *(screen for state in states for screen in state.screens)])
    return tuple(sorted(screens, key=lambda screen: screen.since))


# --- settings --------------------------------------------------------------------------------------------------------


def settings_for(
    request: PushRequest, spec: ProjectSpec, specs: Sequence[ProjectSpec], screens: Sequence[ScreenVersion]
) -> ProjectSettings:
    """Return the settings of a project.

    Args:
        request: the push request.
        spec: the spec of the project.
        specs: all specs; the titles distinguish them.
        screens: the screen versions of the project, current one last.
    """
    codebook = request.codebook.for_unit(spec.unit)
    lines = [f"Made by `stance push`, which finds it by this line: {spec.marker(request.campaign)}"]
    lines += map(_screen_line, screens)
    return ProjectSettings(
        title=_title(request.title, _suffix(spec, specs)),
        description="\n".join(lines),
        label_config=label_config(request.codebook, request.language, spec.unit, request.show),
        maximum_annotations=spec.votes,
        expert_instruction=announcement(request, screens) + instructions(codebook, request.language),
    )


def _suffix(spec: ProjectSpec, specs: Sequence[ProjectSpec]) -> str:
    units = len({other.unit for other in specs}) > 1
    if spec.kind == "queue":
        return f" ({spec.unit}, {spec.votes})" if sum(other.kind == "queue" for other in specs) > 1 else ""
    words = ["tie-break"] if spec.kind == "tiebreak" else []
    words += [spec.annotator[:24]] if spec.annotator else []
    return f" ({', '.join([*words, spec.unit] if units else words)})"


def _title(title: str, suffix: str) -> str:
    cut = " ".join(printable(title).split())[: _TITLE_LENGTH[1] - len(suffix)].strip() + suffix
    return cut if len(cut) >= _TITLE_LENGTH[0] else f"Stance {cut}".strip()


def as_set(project: Project, settings: ProjectSettings) -> bool:
    """Return whether a project has the given settings."""
    return all(getattr(project, name) == getattr(settings, name) for name in settings.__struct_fields__)


# Settings that affect the work of annotators; titles and descriptions do not.
_WATCHED = tuple(name for name in ProjectSettings.__struct_fields__ if name not in ("title", "description"))


def settings_digests(project: Project) -> dict[str, str]:
    """Return a hash of each setting of a project, by name."""
    return {name: digest(msgspec.json.encode(getattr(project, name)), 8) for name in _WATCHED}


def make_project(studio: Studio, request: PushRequest, spec: ProjectSpec, settings: ProjectSettings) -> ProjectState:
    """Create a project once: after a lost reply or a concurrent push, the oldest project is used."""
    marker = spec.marker(request.campaign)
    made: Project | None = None
    for more in attempts():
        projects = studio.projects_described(marker)
        if projects:
            break
        try:
            made = studio.create_project(settings)
            break
        except UnansweredError:
            if not more:
                raise
    projects = studio.projects_described(marker)
    if not projects:
        raise StudioError(f"{studio.url}: the project {settings.title!r} is gone again; run `stance push` again")
    if made is not None and projects[0].id != made.id:
        # A concurrent push created an older project, which is used; ours is still empty.
        studio.delete_project(made.id)
    return ProjectState(project=projects[0], spec=spec)


def oldest(states: Iterable[ProjectState]) -> Mapping[ProjectSpec, ProjectState]:
    """Return the project that receives items for each spec: the oldest one, if it was copied."""
    by_spec: dict[ProjectSpec, ProjectState] = {}
    for state in sorted(states, key=lambda state: state.project.id):
        by_spec.setdefault(state.spec, state)
    return by_spec


# --- changed settings -------------------------------------------------------------------------------------------------


def changed_settings(
    studio: Studio, campaign: str, projects: Iterable[PushedProject], items: Collection[str]
) -> dict[int, tuple[str, ...]]:
    """Return the settings that differ from those of the last push, by project; deleted projects are left out.

    Args:
        studio: the server.
        campaign: the key of the campaign.
        projects: the projects of the campaign.
        items: the ids of its items.

    Raises:
        StudioError: a project with such a number is not of the campaign.
    """
    pushed = {project.id: project for project in projects}
    changed = {}
    for project in studio.projects_set(pushed):
        _refuse_strange(studio, campaign, project, items)
        before, now = pushed[project.id].settings, settings_digests(project)
        names = tuple(name for name, value in before.items() if now.get(name) != value)
        if names:
            changed[project.id] = names
    return changed


def _refuse_strange(studio: Studio, campaign: str, project: Project, items: Collection[str]) -> None:
    if campaign_marker(campaign) in project.description:
        return
    if studio.first_items(project.id).isdisjoint(items):  # otherwise the description was changed by hand
        raise StudioError(
            f"{studio.url}/projects/{project.id}: that project is not this campaign's: neither its description nor its "
            "tasks name it, so that is another server, or one that was set up anew; check LABEL_STUDIO_URL, or bring "
            "the items there with `stance push`; the ledger is left as it is"
        )


# --- announcement of changes ------------------------------------------------------------------------------------------


_WORDS = {
    "en": ("What changed in version {version}", "new question: {0}", "new label: {0}", "{0} is now called {1}"),
    "ru": ("Что изменилось в версии {version}", "новый вопрос: {0}", "новая метка: {0}", "{0} теперь называется {1}"),
    "de": ("Was in Version {version} anders ist", "neue Frage: {0}", "neue Antwort: {0}", "{0} heißt jetzt {1}"),
}
_READ = {
    "en": "Please read the questions and labels below once more.",
    "ru": "Пожалуйста, прочитайте вопросы и метки ещё раз.",
    "de": "Bitte lesen Sie Fragen und Antworten unten noch einmal.",
}


def announcement(request: PushRequest, screens: Sequence[ScreenVersion]) -> str:
    """Return the changes since the previous version shown by a project, as HTML; "" if there are none.

    The codebook's ``changes`` come first; the differences between the two codebooks follow.

    Args:
        request: the current codebook and the earlier ones.
        screens: the screen versions of the project, current one last.
    """
    before = [screen.codebook for screen in screens if screen.codebook != screens[-1].codebook]
    if not before:
        return ""
    new, language = request.codebook, request.language
    old = codebook_of(request, before[-1])
    heading = _words(language)[0].format(version=_escaped(new.version))
    own = new.say(new.changes, language)
    lines = [_escaped(own)] if own else []
    lines += [f"• {line}" for line in _news(old, new, language)] if old else []
    lines = lines or [_escaped(_READ.get(language, _READ["en"]))]
    return f"<h3>{heading}</h3>\n" + "".join(f"<p>{line}</p>\n" for line in lines)


def _words(language: str) -> tuple[str, ...]:
    return _WORDS.get(language, _WORDS["en"])


def _escaped(text: str) -> str:
    return html.escape(printable(text), quote=False).replace("\n", "<br>")


def _news(old: Codebook, new: Codebook, language: str) -> Iterable[str]:
    _, question_words, label_words, renamed_words = _words(language)

    def _bold(text: Text) -> str:
        return f"<b>{_escaped(new.say(text, language)).replace('{target}', '…')}</b>"

    before = {question.name: question for question in old.questions}
    for question in new.questions:
        if question.name not in before:
            yield question_words.format(_bold(question.text))
            continue
        renamed = {rule.new: rule.old for rule in new.migrations if rule.question == question.name}
        labels = {label.name: label for label in before[question.name].labels}
        for label in question.labels:
            earlier = labels.get(renamed.get(label.name, ""))
            if label.name not in labels and earlier is None:
                yield label_words.format(_bold(label.title))
            elif earlier is not None and earlier.title != label.title:
                yield renamed_words.format(_bold(earlier.title), _bold(label.title))
