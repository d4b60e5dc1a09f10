"""The trigger for what is to be sent to people: the clock and the count are the library's, an automation only sends."""

from collections.abc import Sequence
from datetime import datetime, time, timedelta
from functools import partial
from typing import Any, Final, override

import probatio
from homeassistant.core import CALLBACK_TYPE, HomeAssistant, callback
from homeassistant.helpers import config_validation as cv
from homeassistant.helpers.event import async_track_time_change
from homeassistant.helpers.trigger import TriggerActionRunner, TriggerNotTriggeredReporter
from homeassistant.util import dt as dt_util

from .actions import listed
from .aioacrel.alarms.levels import Level
from .aioacrel.alarms.notices import Notice, Why
from .aioacrel.alarms.standing import Standing
from .aioacrel.texts import phrase
from .buttons import app_data
from .desk import desk_of
from .entity_ids import page_of
from .lasthour import picture_of
from .lifetime import ends_all
from .reach import CONF_LEVEL, LEVELS, Reach, ReachTrigger, schema_of
from .wording import message_of, named

CONF_QUIET_FROM: Final = "quiet_from"
CONF_QUIET_TO: Final = "quiet_to"
CONF_PAGE: Final = "page"
"""What the button *show* opens."""
_NO_TIME = probatio.All(probatio.In(["", None]), lambda _: None)
_TIME = probatio.Any(_NO_TIME, cv.time)


class ReminderDueTrigger(ReachTrigger):
    """Fires for each board where something is to be told, told again, or taken back."""

    schema = schema_of(
        {
            probatio.Optional(CONF_LEVEL): LEVELS,
            probatio.Optional(CONF_QUIET_FROM): _TIME,
            probatio.Optional(CONF_QUIET_TO): _TIME,
            probatio.Optional(CONF_PAGE, default=""): str,
        }
    )

    @override
    async def async_attach_runner(
        self, run_action: TriggerActionRunner, did_not_trigger: TriggerNotTriggeredReporter | None = None
    ) -> CALLBACK_TYPE:
        """Take the notices for one automation."""
        begin, end = self.options.get(CONF_QUIET_FROM), self.options.get(CONF_QUIET_TO)
        quiet = None if begin is None or end is None or begin == end else (begin, end)
        return _Runner(self.hass, self.reach, run_action, quiet, self.options[CONF_PAGE]).begin()


class _Runner:
    """Hands notices to one automation; in quiet hours pre-alarms wait until these end."""

    def __init__(
        self,
        hass: HomeAssistant,
        reach: Reach,
        run_action: TriggerActionRunner,
        quiet: tuple[time, time] | None,
        page: str,
    ) -> None:
        self._hass = hass
        self._desk = desk_of(hass)
        self._reach = reach
        self._run_action = run_action
        self._quiet = quiet
        self._page = page
        self._held: set[str] = set()
        """Boards of which something waits."""
        self._told: set[str] = set()
        """Boards of which something was told, to be taken back whether the registry still knows their place or not."""

    @callback
    def begin(self) -> CALLBACK_TYPE:
        leave = [self._desk.listen_to_notices(self._take)]
        if self._quiet is not None:
            at = self._quiet[1]
            end_quiet = partial(self._end_quiet, _length(self._quiet))
            leave.append(
                async_track_time_change(self._hass, end_quiet, hour=at.hour, minute=at.minute, second=at.second)
            )
        return ends_all(leave)

    @callback
    def _take(self, notice: Notice) -> None:
        is_told = notice.why is Why.OVER and notice.alarms[0].board.identity in self._told
        meant = [standing for standing in notice.alarms if is_told or self._reach.has(standing)]
        if not meant:
            return
        identity = meant[0].board.identity
        open_now = self._open(identity)
        if notice.why is Why.OVER:
            if not open_now:
                self._held.discard(identity)
                self._fire(notice.why, meant, notice.count)
        elif self._is_quiet() and all(one.level is Level.PRE_ALARM for one in open_now):
            self._held.add(identity)
        elif open_now:
            self._fire(notice.why, open_now, notice.count)

    def _open(self, identity: str) -> Sequence[Standing]:
        """Return all of a board that is meant and nobody acknowledged: a new notice takes the place of the last one."""
        return [standing for standing in self._desk.alarms.unacknowledged(identity) if self._reach.has(standing)]

    def _is_quiet(self) -> bool:
        if self._quiet is None:
            return False
        begin, end = self._quiet
        now = dt_util.now().time()
        return begin <= now < end if begin < end else now >= begin or now < end

    @callback
    def _end_quiet(self, length: timedelta, now: datetime) -> None:
        held, self._held = self._held, set()
        began = now - length
        # Also what came in that time before this automation was loaded.
        held |= {
            one.board.identity
            for one in self._desk.alarms.standing()
            if one.level is Level.PRE_ALARM and one.since is not None and one.since >= began
        }
        for identity in sorted(held):
            if open_now := self._open(identity):
                self._fire(Why.RAISED, open_now, 1)

    def _fire(self, why: Why, alarms: Sequence[Standing], count: int) -> None:
        first, language = alarms[0], self._hass.config.language
        (self._told.discard if why is Why.OVER else self._told.add)(first.board.identity)
        shown = listed(self._hass, first)
        page = self._page or page_of(shown["entity_id"])
        told = named(alarms)
        picture = None if why is Why.OVER else picture_of(self._hass, told)
        payload: dict[str, Any] = {
            "reason": str(why),
            "count": count,
            "level": str(first.level),
            "title": shown["title"],
            "message": message_of(alarms, language),
            "entity_id": shown["entity_id"],
            "board": first.board.name,
            "alarms": [listed(self._hass, standing) for standing in alarms],
            "app": app_data(self._hass, first.board, [standing.occurrence for standing in told], page, picture),
        }
        self._run_action(payload, phrase("told_due", title=shown["title"]).text(language))


def _length(quiet: tuple[time, time]) -> timedelta:
    begin, end = (timedelta(hours=one.hour, minutes=one.minute, seconds=one.second) for one in quiet)
    return (end - begin) % timedelta(days=1)
