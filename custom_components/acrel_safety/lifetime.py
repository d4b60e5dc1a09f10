"""When Home Assistant has started, and when it ends: its state is believed, for anybody can fire its events."""

from collections.abc import Callable, Coroutine
from datetime import datetime
from typing import Any

from homeassistant.const import (
    EVENT_HOMEASSISTANT_FINAL_WRITE,
    EVENT_HOMEASSISTANT_STARTED,
    EVENT_HOMEASSISTANT_STOP,
)
from homeassistant.core import CALLBACK_TYPE, CoreState, Event, HassJob, HomeAssistant, callback
from homeassistant.helpers.event import async_call_later

MEND_SECONDS = 60.0
"""So long after a made-up end what went by it is mended: not more often, whoever goes on making it up."""

type Act = Callable[[HomeAssistant], Coroutine[Any, Any, None] | None]


@callback
def at_started(hass: HomeAssistant, act: Act) -> CALLBACK_TYPE:
    """Act once when Home Assistant has started, now if it has; returns what withdraws that."""
    if hass.state is CoreState.running:
        hass.async_run_hass_job(HassJob(act), hass)
        return lambda: None
    return _once(hass, str(EVENT_HOMEASSISTANT_STARTED), CoreState.running, act)


@callback
def at_stop(hass: HomeAssistant, act: Act) -> CALLBACK_TYPE:
    """Act once when Home Assistant stops, which waits for it; returns what withdraws that."""
    return _once(hass, str(EVENT_HOMEASSISTANT_STOP), CoreState.stopping, act)


@callback
def after_false_stop(hass: HomeAssistant, act: Callable[[HomeAssistant], None]) -> CALLBACK_TYPE:
    """Act a minute after somebody made up that Home Assistant stops, once however often; returns what withdraws that.

    Home Assistant and others have ended then what they will not begin again.
    """
    waiting: list[CALLBACK_TYPE] = []

    @callback
    def due(_: datetime) -> None:
        waiting.clear()
        act(hass)

    @callback
    def take(_: Event[Any]) -> None:
        if not waiting and not hass.is_stopping:
            waiting.append(async_call_later(hass, MEND_SECONDS, HassJob(due, cancel_on_shutdown=True)))

    leave = hass.bus.async_listen(str(EVENT_HOMEASSISTANT_STOP), take)

    @callback
    def end() -> None:
        leave()
        while waiting:
            waiting.pop()()

    return end


@callback
def at_final_write(hass: HomeAssistant, act: Act) -> CALLBACK_TYPE:
    """Act once when what is left is to be written, and all else has stopped; returns what withdraws that."""
    return _once(hass, str(EVENT_HOMEASSISTANT_FINAL_WRITE), CoreState.final_write, act)


@callback
def _once(hass: HomeAssistant, event_type: str, state: CoreState, act: Act) -> CALLBACK_TYPE:
    job = HassJob(act)
    leave: list[CALLBACK_TYPE] = []
    end = ends_all(leave)

    @callback
    def take(_: Event[Any]) -> None:
        # A listener for one event would be used up by one that somebody made up.
        if leave and hass.state is state:
            end()
            hass.async_run_hass_job(job, hass)

    leave.append(hass.bus.async_listen(event_type, take))
    return end


@callback
def ends_all(leave: list[CALLBACK_TYPE]) -> CALLBACK_TYPE:
    """Return what ends all of these, each once: also those that are added later."""

    @callback
    def end() -> None:
        while leave:
            leave.pop()()

    return end
