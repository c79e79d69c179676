"""Keeping the ledger up to date while people work."""

import time
from collections.abc import Callable

from toolkit.errors import StudioError
from toolkit.steps.common import Outcome, Progress, silent
from toolkit.steps.pull import CampaignPull, open_pull
from toolkit.studio.pull.webhook import Bell, rung_by
from toolkit.workspace import CampaignConfig

_BREATH = 2.0  # seconds between two pulls: answers come in swarms


def follow_step(campaign: CampaignConfig, every: float, progress: Progress, said: Callable[[str], None]) -> Outcome:
    """Pull again and again until somebody interrupts, and then once in full, as a check.

    A server that is away is waited for; what was answered while it could not be reached comes with the next pull.

    Args:
        campaign: whose annotations.
        every: seconds between two pulls; a server on this machine may say when there is something new before that.
        progress: of the first pull and of the last.
        said: told a line whenever something came.

    Raises:
        StudioError: the first pull, or the last one, finds no server.
    """
    with open_pull(campaign) as pull:
        said(pull.outcome(pull.since_last(progress)).line)
        with rung_by(pull.studio, (project.id for project in pull.file.projects)) as (bell, is_rung):
            how = f"at each answer, and every {every:g} s" if is_rung else f"every {every:g} s"
            said(f"following {how}; Ctrl-C ends it with a full pull")
            try:
                _follow(pull, every, bell, said)
            except KeyboardInterrupt:
                said("reading everything once more, as a check")
        return pull.outcome(pull.in_full(progress))


def _follow(pull: CampaignPull, every: float, bell: Bell, said: Callable[[str], None]) -> None:
    is_away, took = False, 0.0
    while True:
        if bell.wait(max(every, took)):
            time.sleep(max(_BREATH, took))
        began = time.monotonic()
        try:
            pulled = pull.since_last(silent)
        except StudioError as error:
            if not is_away:
                said(f"{error}; trying again every {every:g} s")
            is_away = True
            continue
        if is_away:
            said(f"{pull.studio.url} is there again")
        is_away = False
        if pulled.new:
            said(pull.told(pulled).line)
        took = time.monotonic() - began  # half of the time is left to others, however large the ledger is
