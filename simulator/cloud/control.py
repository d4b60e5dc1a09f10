"""Commands: what has to come before one, what it does to the device and when, and the log that tells of it."""

import asyncio
import secrets
from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from simulator.cloud.accounts import md5
from simulator.cloud.calls import (
    INVALID,
    MISSING,
    PROOF_MISSING,
    PROOF_NONE,
    PROOF_WRONG,
    Call,
    Handler,
    RefusedError,
)
from simulator.cloud.instruments import ARCM300T, ARCM310, CHECK, CLOSE, OPEN, RESET, SILENT
from simulator.cloud.meters import Meter, Timer
from simulator.cloud.timers import timer_of

if TYPE_CHECKING:
    from simulator.cloud.server import Cloud

SENT, DONE = "命令发送成功", "成功"
_PLAIN = {"reset": RESET, "silent": SILENT, "check": CHECK}
_CANCEL, _ONCE, _DAILY = "2", "3", "4"


@dataclass(slots=True, kw_only=True)
class Command:
    """An entry of the log of commands."""

    meter: Meter
    type: str
    value: str
    user: str
    sent: datetime
    is_310: bool
    acknowledged: datetime | None = None
    result: str = ""
    was_early: bool = False
    """Whether it came sooner than the lock-out allows."""
    timer: Timer | None = None


class Commands:
    """All that a server was told to have done."""

    def __init__(self, cloud: Cloud) -> None:
        """Begin with none."""
        self.sent: list[Command] = []
        self._cloud = cloud
        self._waiting: set[asyncio.Task[None]] = set()
        self._hurry = asyncio.Event()

    def take(self, command: Command) -> None:
        """Note one, and have it carried out in time; of a device that nobody hears nothing comes back."""
        cloud, meter = self._cloud, command.meter
        lockout = cloud.behaviour.lockout_s
        command.was_early = meter.sent is not None and (command.sent - meter.sent).total_seconds() < lockout
        self.sent.append(command)
        if command.was_early and cloud.behaviour.drops_early:
            return
        meter.sent = command.sent
        if not meter.is_online:
            return
        if cloud.behaviour.command_s:
            task = asyncio.create_task(self._later(command), name="simulated cloud's command")
            self._waiting.add(task)
            task.add_done_callback(self._waiting.discard)
        else:
            self._carry_out(command)

    async def settled(self) -> None:
        """Return when all that was taken is done."""
        while self._waiting:
            await asyncio.wait(self._waiting)

    async def hurry(self) -> None:
        """Have all that waits carried out now."""
        self._hurry.set()
        await self.settled()
        self._hurry = asyncio.Event()

    async def stop(self) -> None:
        """Drop what is under way."""
        for task in self._waiting:
            task.cancel()
        with suppress(asyncio.CancelledError):
            await asyncio.gather(*self._waiting, return_exceptions=True)

    async def _later(self, command: Command) -> None:
        with suppress(TimeoutError):
            async with asyncio.timeout(self._cloud.behaviour.command_s):
                await self._hurry.wait()
        if command.meter.is_online:
            self._carry_out(command)

    def _carry_out(self, command: Command) -> None:
        meter = command.meter
        match command.type, command.value:
            case "DO", "0" | "1":
                method = self._switching(meter, command.value)
                if method is not None:
                    meter.instrument.obey(method)
            case "DO", _:
                meter.timer = command.timer
            case _:
                meter.instrument.obey(_PLAIN[command.type])
        command.acknowledged = self._cloud.clock.now()
        command.result = DONE
        self._cloud.tick()

    def _switching(self, meter: Meter, value: str) -> str | None:
        if meter.kind == ARCM300T and self._cloud.behaviour.old_do:
            return OPEN if value == "1" else None
        return OPEN if value == "0" else CLOSE


async def _asked(call: Call) -> object:
    phone = call.account.phone
    return {"validType": "sms" if call.account.sms else "password", "userPhone": f"{phone[:3]}****{phone[-4:]}"}


async def _send_sms(call: Call) -> object:
    account = call.account
    account.code, account.message = f"{secrets.randbelow(10**6):06}", secrets.token_hex(8)
    account.messages.append(account.code)
    return account.message


async def _check_sms(call: Call) -> object:
    account = call.account
    is_right = bool(account.code) and account.code == call.text("code") and account.message == call.text("msgId")
    account.proved = account.proved or is_right
    if is_right:
        account.code = ""
    return is_right


async def _verify(call: Call) -> object:
    account, given = call.account, call.text("sePassword", "")
    if account.second is None:
        raise RefusedError(PROOF_NONE, "未设置二级密码")
    if not given:
        raise RefusedError(PROOF_MISSING, "二级密码为空")
    if given.lower() != md5(account.second):
        raise RefusedError(PROOF_WRONG, "二级密码错误")
    account.proved = True
    return None


async def _send(call: Call) -> object:
    return _take(call, is_310=False)


async def _send_310(call: Call) -> object:
    return _take(call, is_310=True)


def _take(call: Call, *, is_310: bool) -> object:
    content = call.heard.json
    if not isinstance(content, list) or not content or not all(isinstance(one, dict) for one in content):
        raise RefusedError(MISSING, "参数缺失")
    commands = [_command(call, one, is_310=is_310) for one in content]
    if call.behaviour.needs_proof and not call.account.proved:
        raise RefusedError(PROOF_MISSING, "请先验证")
    call.account.proved = False
    for command in commands:
        call.cloud.commands.take(command)
    return {"a": SENT}


def _command(call: Call, content: Mapping[str, object], *, is_310: bool) -> Command:
    given = {name: str(content.get(name) or "") for name in ("meterCode", "substationId", "type", "value")}
    if not all(given.values()):
        raise RefusedError(MISSING, "参数缺失")
    site, meter = call.site_of(given["substationId"]), call.meter(given["meterCode"])
    if meter.site != site.id or (meter.kind == ARCM310) is not is_310:
        raise RefusedError(INVALID, "设备不匹配")
    timer = None
    match given["type"], given["value"]:
        case "reset" | "silent" | "check", "1":
            pass
        case "DO", "0" | "1":
            pass
        case "DO", "2" if is_310:
            pass
        case "DO", ("3" | "4") as value if is_310:
            times = str(content.get("openTime") or ""), str(content.get("closeTime") or "")
            timer = timer_of(*times, daily=value == _DAILY, read=call.clock_of(meter.site).read)
            if timer is None:
                raise RefusedError(INVALID, "时间错误")
        case _:
            raise RefusedError(INVALID, "命令错误")
    return Command(
        meter=meter,
        type=given["type"],
        value=given["value"],
        user=call.account.user,
        sent=call.cloud.clock.now(),
        is_310=is_310,
        timer=timer,
    )


async def _log(call: Call) -> object:
    return _logged(call, (command for command in call.cloud.commands.sent if not command.is_310))


async def _log_310(call: Call) -> object:
    return _logged(call, (command for command in call.cloud.commands.sent if command.is_310))


def _logged(call: Call, commands: Iterable[Command]) -> object:
    site, text = call.site(), call.text
    read = site.clock.read
    since, until = read(text("startTime", "")), read(text("endTime", ""))
    found = [
        _row(call, command)
        for command in commands
        if command.meter.site == site.id
        and text("userName", "") in command.user
        and text("SerialNumber", "") in command.meter.serial
        and (since is None or command.sent >= since)
        and (until is None or command.sent <= until)
    ]
    if call.behaviour.logs_newest_first:
        found.reverse()
    return {"pageInfo": call.paged(found)}


def _row(call: Call, command: Command) -> dict[str, object]:
    clock = call.clock_of(command.meter.site)
    return {
        "fControltype": command.type,
        "fSendtime": clock.text(command.sent),
        "fUsername": command.user,
        "meterInfoname": command.meter.name,
        "fMeterserialnumber": command.meter.serial,
        "fAcktime": "" if command.acknowledged is None else clock.text(command.acknowledged),
        "fResult": command.result,
    }


CALLS: dict[str, tuple[str, Handler]] = {
    "/getControlValidType": ("GET", _asked),
    "/sendSMSValid": ("GET", _send_sms),
    "/checkSMSValid": ("GET", _check_sms),
    "/verifySePassword": ("POST", _verify),
    "/sendMeterControlDemandHTTP": ("POST", _send),
    "/send310ControlDemandHTTP": ("POST", _send_310),
    "/getARCMControlLogList": ("POST", _log),
    "/getARCM310ControlLogList": ("POST", _log_310),
}
