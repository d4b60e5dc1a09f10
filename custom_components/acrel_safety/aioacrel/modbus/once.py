"""A write leaves once, whatever the shared link would like: it repeats a request when a unit says "busy".

The link's transport (tmodbus) waits a tenth of a second between two tries. There is no switch for it at a unit, so the
request is looked at whenever it waits: where it waits in the library that repeats, its one try is over.
"""

from collections.abc import Coroutine, Generator
from types import coroutine
from typing import Any

from modbus_connection import ServerDeviceBusyError

_REPEATS = "tenacity"
"""The library in which a request waits before it is tried again."""


@coroutine
def only_once[ResultT](request: Coroutine[Any, Any, ResultT]) -> Generator[Any, Any, ResultT]:
    """Await a request, and raise ServerDeviceBusyError where it would be sent a second time."""
    step, given = request.send, None
    while True:
        try:
            waits_for = step(given)
        except StopIteration as end:
            return end.value  # type: ignore[no-any-return]  # of a coroutine it is its result
        if _is_between_tries(request):
            request.close()
            raise ServerDeviceBusyError
        try:
            given = yield waits_for
            step = request.send
        except GeneratorExit:
            request.close()
            raise
        except BaseException as error:  # noqa: BLE001 - whatever it is, it belongs to the request
            step, given = request.throw, error


def _is_between_tries(request: object) -> bool:
    """Whether a request waits in the library that repeats."""
    inner = request
    while inner is not None:
        code = getattr(inner, "cr_code", None)
        if code is not None and f"/{_REPEATS}/" in code.co_filename.replace("\\", "/"):
            return True
        inner = getattr(inner, "cr_await", None)
    return False
