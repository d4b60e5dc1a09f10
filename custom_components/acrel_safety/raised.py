"""The trigger for alarms: fires once for each that nobody acknowledged, whether it comes now or was there before."""

from collections.abc import Iterable
from typing import Any, Final, override

import probatio
from homeassistant.core import CALLBACK_TYPE, HomeAssistant, callback
from homeassistant.helpers import config_validation as cv
from homeassistant.helpers.trigger import TriggerActionRunner, TriggerNotTriggeredReporter

from .actions import listed
from .aioacrel.alarms.happening import Happening, What
from .aioacrel.alarms.standing import Standing
from .aioacrel.texts import phrase
from .aioacrel.vocabulary import vocabulary
from .buttons import cut_off_data
from .desk import desk_of
from .lifetime import at_started
from .reach import CONF_LEVEL, LEVELS, Reach, ReachTrigger, schema_of

CONF_INCLUDE_ACTIVE: Final = "include_active"
_BEGINS = frozenset({What.RAISED, What.UNSHELVED, What.UNSUPPRESSED, What.PUT_BACK})


class AlarmRaisedTrigger(ReachTrigger):
    """Goes by the desk, not by states: those are unknown for a while when Home Assistant starts."""

    schema = schema_of(
        {
            probatio.Optional(CONF_LEVEL): LEVELS,
            probatio.Optional(CONF_INCLUDE_ACTIVE, default=True): cv.boolean,
        }
    )

    @override
    async def async_attach_runner(
        self, run_action: TriggerActionRunner, did_not_trigger: TriggerNotTriggeredReporter | None = None
    ) -> CALLBACK_TYPE:
        """Follow the alarms for one automation."""
        return _Runner(self.hass, self.reach, run_action).begin(includes_active=self.options[CONF_INCLUDE_ACTIVE])


class _Runner:
    """Remembers which occurrences one automation had."""

    def __init__(self, hass: HomeAssistant, reach: Reach, run_action: TriggerActionRunner) -> None:
        self._hass = hass
        self._desk = desk_of(hass)
        self._reach = reach
        self._run_action = run_action
        self._had: set[str] = set()
        self._is_attached = True

    @callback
    def begin(self, *, includes_active: bool) -> CALLBACK_TYPE:
        leave = [self._desk.listen(self._take)]
        if includes_active:
            # What it does may need what is not there before: lights, sirens, notifiers.
            leave += [self._desk.listen_to_found(self._look_at), at_started(self._hass, self._look)]
        else:
            self._had |= {one.occurrence for one in self._desk.alarms.standing()}

        @callback
        def end() -> None:
            self._is_attached = False
            for one in leave:
                one()

        return end

    @callback
    def _take(self, happening: Happening, standing: Standing) -> None:
        if happening.what is What.ENDED:
            self._had.discard(happening.occurrence)
        elif happening.what in _BEGINS:
            # At the end of this turn it is known whether a graver alarm, raised by the same reading, says it already.
            self._hass.loop.call_soon(self._fire_raised, standing.alarm_id, happening.occurrence)

    @callback
    def _fire_raised(self, alarm_id: str, occurrence: str) -> None:
        found = self._desk.alarms.find(alarm_id)
        if self._is_attached and found is not None and found.occurrence == occurrence:
            self._fire([found], already_active=False)

    @callback
    def _look(self, _: HomeAssistant) -> None:
        self._fire(self._desk.alarms.standing(), already_active=True)

    @callback
    def _look_at(self, identity: str) -> None:
        if self._hass.is_running:
            self._fire(self._desk.alarms.unacknowledged(identity), already_active=True)

    def _fire(self, alarms: Iterable[Standing], *, already_active: bool) -> None:
        language = self._hass.config.language
        for standing in alarms:
            facts = standing.alarm.facts
            if standing.occurrence in self._had or facts.is_acknowledged or not facts.is_told:
                continue
            if not self._reach.has(standing):
                continue
            self._had.add(standing.occurrence)
            quantity = vocabulary().find(standing.code)
            payload: dict[str, Any] = {
                **listed(self._hass, standing),
                "already_active": already_active,
                "family": "" if quantity is None else quantity.family,
                "cut_off": cut_off_data(self._hass, standing),
            }
            self._run_action(payload, phrase("told_attached", title=payload["title"]).text(language))
