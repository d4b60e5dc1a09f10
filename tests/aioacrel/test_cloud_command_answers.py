"""Whatever a server answers to the command itself: it had left, so only the position says what became of it."""

import asyncio
from collections.abc import Mapping
from datetime import time
from typing import Any

import pytest

from custom_components.acrel_safety.aioacrel.control.outcome import Reason, Result
from custom_components.acrel_safety.aioacrel.control.timing import set_timer
from custom_components.acrel_safety.aioacrel.timers import TIMER, Timer, TimerKind

from .cloud_hub_rigs import SECOND
from .cloud_order_rigs import ME, OFF, ON, Switched, switched

pytestmark = pytest.mark.virtual_time

COMMAND = "send310ControlDemandHTTP"
DECLINED = {code: str(code) for code in (147, 348, 600)}
DECLINED |= {414: "second password first", 415: "is wrong", 416: "no second password"}
"""Numbers that say that it was not passed on, and what is told of each."""
ANSWERS: Mapping[str, Mapping[str, Any]] = {
    **{str(code): {"kind": "code", "code": code} for code in (*DECLINED, 0, 144, 387, 393, 410, 437, 500, 999)},
    "5000": {"kind": "trace"},
    "unauthorised": {"kind": "unauthorised"},
    "renewed": {"kind": "renew"},
    "a page": {"kind": "html"},
    "HTTP 302": {"kind": "http", "status": 302, "headers": {"Location": "http://elsewhere.example/"}},
    "HTTP 401": {"kind": "http", "status": 401},
    "HTTP 403": {"kind": "http", "status": 403},
    "HTTP 404": {"kind": "http", "status": 404},
    "HTTP 429": {"kind": "http", "status": 429, "headers": {"Retry-After": "60"}},
    "HTTP 502": {"kind": "http", "status": 502},
    "nothing": {"kind": "close"},
    "10 MB": {"kind": "huge"},
    "nested for ever": {"kind": "deep"},
    "no JSON": {"kind": "raw", "body": b"{{"},
    "no code": {"kind": "raw", "body": b'{"msg": "ok"}'},
    "taken": {"kind": "raw", "body": b'{"code": 200, "msg": "ok", "data": {"a": "ok"}}'},
}


@pytest.mark.parametrize("acts", [True, False], ids=["it was done", "it was not done"])
@pytest.mark.parametrize("name", ANSWERS)
async def test_only_the_position_says_what_became_of_it(name: str, *, acts: bool) -> None:
    async with switched(Switched) as box:
        box.cloud.fail(at=COMMAND, acts=acts, **ANSWERS[name])
        began = asyncio.get_running_loop().time()
        outcome = await box.operate(OFF)
        assert (outcome.writes, box.sent, outcome.position) == (1, 1, not acts), outcome.text()
        assert outcome.is_confirmed is acts
        assert outcome.result is not Result.REFUSED
        if not acts:
            # Looked at for its whole time, and not again and again in each second of that.
            assert asyncio.get_running_loop().time() - began > 60
            assert outcome.result is (Result.FAILED if name.isdecimal() and int(name) in DECLINED else Result.UNKNOWN)
        assert box.cloud.count("selectByStationId") < 60
        await asyncio.sleep(400)
        assert box.sent == 1


@pytest.mark.parametrize("code", DECLINED)
async def test_that_it_was_refused_is_said_with_what_the_server_answered_and_what_was_seen(code: int) -> None:
    async with switched(Switched) as box:
        box.cloud.fail("code", at=COMMAND, code=code)
        outcome = await box.operate(OFF)
        assert (outcome.result, outcome.reason, outcome.position) == (Result.FAILED, Reason.SERVER_DECLINED, True)
        said = outcome.text()
        assert DECLINED[code] in said
        assert "its position has not changed" in said
        assert "nothing was sent" not in said
        assert "位置没有变化" in outcome.text("zh")


async def test_what_was_done_although_the_server_refused_it_is_confirmed_with_both() -> None:
    async with switched(Switched) as box:
        box.cloud.fail("code", at=COMMAND, code=415, acts=True)
        outcome = await box.operate(OFF)
        assert (outcome.result, box.meter.closed) == (Result.CONFIRMED, False)
        assert "the position was read back" in outcome.text()
        assert "answered the command with 415" in outcome.text()


async def test_where_the_device_is_not_heard_any_more_nobody_says_that_it_was_refused() -> None:
    async with switched(Switched) as box:
        box.cloud.fail("code", at=COMMAND, code=414)
        asyncio.get_running_loop().call_later(1.0, box.meter.lose)
        outcome = await box.operate(OFF)
        assert (outcome.result, outcome.reason, outcome.position) == (Result.UNKNOWN, Reason.NO_ANSWER, None)
        assert "answered the command with 414" in outcome.text()


@pytest.mark.parametrize("code", [414, 415, 416, 999])
async def test_the_lock_out_is_kept_whatever_the_server_answered(code: int) -> None:
    async with switched(Switched) as box:
        box.cloud.fail("code", at=COMMAND, code=code, acts=True)
        opened = await box.operate(OFF)
        assert opened.is_confirmed
        refused = await box.operate(ON)
        assert (refused.result, refused.reason, box.sent) == (Result.REFUSED, Reason.LOCKED_OUT, 1)
        await asyncio.sleep(31)
        assert (await box.operate(ON)).is_confirmed
        assert not any(command.was_early for command in box.cloud.commands.sent)


@pytest.mark.parametrize("code", [414, 415, 416])
@pytest.mark.parametrize("acts", [True, False])
async def test_a_timer_whose_command_was_answered_so_is_looked_for(code: int, *, acts: bool) -> None:
    async with switched(Switched) as box:
        box.cloud.fail("code", at=COMMAND, code=code, acts=acts)
        box.orders.offer(box.source, TIMER, SECOND)
        timer = Timer(kind=TimerKind.DAILY, opens=time(22))
        outcome = await set_timer(box.control, timer, ME, is_confirmed=True)
        assert (outcome.writes, box.sent) == (1, 1)
        # The list tells that there is one, not whose: what was declined is not called done by that.
        assert outcome.result is (Result.UNVERIFIED if acts else Result.FAILED)
        assert f"answered the command with {code}" in outcome.text()
        assert ("shows a timer" if acts else "shows no timer") in outcome.text()
