"""Makes a device operable: its control, with all that was kept of it, and whatever follows what is done to it."""

from collections.abc import Callable
from functools import partial

from homeassistant.core import HomeAssistant, callback

from .aioacrel.control.control import Control
from .aioacrel.control.surroundings import Watched
from .controlsettings import policy_now
from .coordinator import AcrelConfigEntry, AcrelCoordinator
from .cutting import cut_off_device
from .desk import desk_of
from .devices import board_of
from .doubts import follow_doubts
from .interrupted import settle_interrupted
from .lockedout import follow_locked_out
from .lockoutmemory import lockouts_of
from .movements import follow_movements
from .operating import Operator
from .reclosing import reclose_device
from .tagmemory import tag_memory
from .timerwarning import follow_timer
from .tripmemory import trip_memory
from .undone import follow_undone


@callback
def operate_device(
    hass: HomeAssistant, entry: AcrelConfigEntry, coordinator: AcrelCoordinator
) -> Callable[[], None] | None:
    """Make the control of a device whose alarms are watched; returns what ends that. Others cannot be operated."""
    device, watch = coordinator.device, coordinator.watch
    if watch is None or not device.model.operations:
        return None
    trips = trip_memory(hass)
    surroundings = Watched(
        watch, hass.loop.time, kept=trips.kept(device.identity), keep=partial(trips.keep_soon, device.identity)
    )
    lockouts = lockouts_of(hass, device)
    for one in lockouts.expected:
        # Sent before it was loaded anew: it is no trip.
        surroundings.interrupted(one.circuit, one.seconds, may_open=one.may_open, may_close=one.may_close)
    control = Control(
        device,
        partial(policy_now, entry, coordinator.subentry.subentry_id),
        surroundings=surroundings,
        lockouts=lockouts,
        tags=tag_memory(hass).tags_of(device.identity),
        put_down=desk_of(hass).record.async_soon_written,
    )
    board = board_of(hass, entry, coordinator.subentry)
    operator = coordinator.operator = Operator(coordinator, control, surroundings, board)
    by_itself = [
        reclose_device(hass, operator, watch),
        cut_off_device(hass, operator, watch),
        follow_locked_out(hass, entry, operator),
        follow_movements(operator, hass.loop.time),
        follow_undone(hass, operator),
        follow_doubts(hass, entry, operator),
        follow_timer(hass, entry, operator),
        settle_interrupted(hass, operator, surroundings, desk_of(hass).begun),
    ]

    @callback
    def leave() -> None:
        for end in by_itself:
            end()
        surroundings.end()
        coordinator.operator = None
        if device.control is control:
            device.control = None

    return leave
