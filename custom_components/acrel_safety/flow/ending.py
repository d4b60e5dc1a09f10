"""Every dialog ends with one clear message, also when what it is about is removed or changed meanwhile."""

from collections.abc import Awaitable, Callable, Coroutine
from functools import wraps
from typing import Any

from homeassistant.config_entries import UnknownEntry, UnknownSubEntry
from homeassistant.data_entry_flow import AbortFlow, FlowManager, UnknownFlow

DEVICE_GONE = "device_gone"
LINK_GONE = "link_gone"
LINK_BROKEN = "link_broken"
CHANGED_MEANWHILE = "changed_meanwhile"
CLOSED = "closed"


def ends_clearly[**P, R](step: Callable[P, Awaitable[R]]) -> Callable[P, Coroutine[Any, Any, R]]:
    """End the dialog when its link or device is gone."""

    @wraps(step)
    async def clear(*args: P.args, **kwargs: P.kwargs) -> R:
        try:
            return await step(*args, **kwargs)
        except UnknownSubEntry as error:
            raise AbortFlow(DEVICE_GONE) from error
        except UnknownEntry as error:
            raise AbortFlow(LINK_GONE) from error

    return clear


def abort_if_closed(manager: FlowManager[Any, Any, Any], flow_id: str) -> None:
    """Raise AbortFlow if the user closed the dialog while a step was under way: then nothing is saved."""
    try:
        manager.async_get(flow_id)
    except UnknownFlow as error:
        raise AbortFlow(CLOSED) from error
