"""What is to be sent to people waits here until there is an automation that takes it."""

from collections import deque
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime

from homeassistant.core import CALLBACK_TYPE, CoreState, HassJob, HomeAssistant, callback
from homeassistant.helpers.event import async_call_later

from .aioacrel.alarms.engine import Alarms
from .aioacrel.alarms.notices import Notice, Why
from .aioacrel.alarms.standing import Standing
from .const import LOGGER
from .lifetime import at_started

_MOST = 1000
_GATHER_SECONDS = 1.0
"""Automations that are loaded together are armed within this time: each is to have what waits."""

type NoticeListener = Callable[[Notice], None]


class Outbox:
    """Hands notices on, once Home Assistant runs and anybody listens."""

    def __init__(self, hass: HomeAssistant, alarms: Alarms) -> None:
        """Take who knows what still stands when it is sent at last."""
        self._hass = hass
        self._alarms = alarms
        self._listeners: list[NoticeListener] = []
        self._waiting = deque[Notice](maxlen=_MOST)
        self._cancel: CALLBACK_TYPE | None = None

    @callback
    def begin(self) -> CALLBACK_TYPE:
        """Send what waits when Home Assistant has started; returns what ends that."""
        return at_started(self._hass, self._begin_soon)

    @callback
    def listen(self, listener: NoticeListener) -> CALLBACK_TYPE:
        """Be told of each notice, and soon of those that wait; returns what ends that."""
        self._listeners.append(listener)
        self._begin_soon(self._hass)

        @callback
        def leave() -> None:
            self._listeners.remove(listener)
            if not self._listeners:
                self._stop()

        return leave

    @callback
    def send(self, notice: Notice) -> None:
        """Send a notice, now or when it can be."""
        # Before that the services that send it may not be there: it would be lost, and count as sent. What comes while
        # others are gathered goes with them.
        if self._hass.state is not CoreState.running or not self._listeners or self._cancel is not None:
            self._waiting.append(notice)
            return
        for listener in list(self._listeners):
            call_listener(listener, notice)

    @callback
    def _begin_soon(self, _: HomeAssistant) -> None:
        if self._waiting and self._listeners and self._cancel is None and self._hass.state is CoreState.running:
            job = HassJob(self._send_waiting, cancel_on_shutdown=True)
            self._cancel = async_call_later(self._hass, _GATHER_SECONDS, job)

    @callback
    def _stop(self) -> None:
        if self._cancel is not None:
            self._cancel()
            self._cancel = None

    @callback
    def _send_waiting(self, _: datetime) -> None:
        self._cancel = None
        waiting, sent = [*self._waiting], set[str]()
        self._waiting.clear()
        boards: dict[str, tuple[Notice, list[Standing]]] = {}
        for notice in waiting:
            if notice.why is Why.OVER:
                self.send(notice)
                continue
            open_now = [
                now
                for then in notice.alarms
                if (now := self._alarms.find(then.alarm_id)) is not None
                and now.occurrence == then.occurrence
                and now.occurrence not in sent
                and not now.alarm.facts.is_acknowledged
            ]
            if open_now:
                sent |= {one.occurrence for one in open_now}
                alarms = boards.setdefault(open_now[0].board.identity, (notice, []))[1]
                alarms += open_now
        for notice, alarms in boards.values():
            # What came of one board meanwhile is one message.
            self.send(replace(notice, alarms=tuple(sorted(alarms, key=lambda one: one.rank))))


def call_listener[*ArgumentsT](listener: Callable[[*ArgumentsT], None], *arguments: *ArgumentsT) -> None:
    """Tell one of several listeners."""
    try:
        listener(*arguments)
    except Exception:  # noqa: BLE001 - whatever one listener fails with is its own, and logged
        LOGGER.exception("A listener to alarms failed")
