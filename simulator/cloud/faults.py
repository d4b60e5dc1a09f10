"""What goes wrong with answers: a fault is switched on, and spoils so many answers of the calls it is meant for."""

import asyncio
import json
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

from aiohttp import web

HUGE = 10 * 1024 * 1024
DEEP = 100_000
KINDS = {
    "code": "another code in the envelope (code, msg, data)",
    "unauthorised": "msg Unauthorized, code 401 or another",
    "renew": "code 700 with a new token; the old one counts no more",
    "trace": "code 5000 with a stack trace",
    "http": "another status (status, headers, body): 429 and 502 are such",
    "html": "a page, with status 200",
    "slow": "the right answer after some seconds",
    "hang": "no answer at all; the connection stays",
    "close": "the connection is closed instead",
    "cut": "half of the answer, then the connection is closed",
    "huge": "10 MB of JSON",
    "deep": "JSON nested 100,000 deep",
    "type": "the right answer, called something else than JSON (content_type)",
    "raw": "some bytes (body)",
    "alter": "the right answer, changed by a function (change)",
}
PAGE = "<!DOCTYPE html><html><head><title>502 Bad Gateway</title></head><body><h1>502 Bad Gateway</h1></body></html>"
TRACE = ["java.lang.NullPointerException", "\tat com.example.Controller.select(Controller.java:101)"]

type Change = Callable[[Any], Any]


@dataclass(slots=True, kw_only=True)
class Fault:
    """One of them. `acts` says whether the call does what it is for before its answer is spoilt."""

    kind: str
    at: str = ""
    """The call's name; "": any call."""
    times: int | None = 1
    """So many answers; None: until it is switched off."""
    after: int = 0
    """So many answers are right before."""
    acts: bool = False
    seconds: float = 0.0
    """Before it is answered, or spoilt."""
    code: int | str | None = None
    """Of `code` and `unauthorised`; None: 500, or 401."""
    msg: str = ""
    data: Any = None
    status: int = 502
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = PAGE.encode()
    content_type: str = "text/html"
    change: Change = lambda answer: answer
    hits: int = 0

    def __post_init__(self) -> None:
        """Refuse kinds that there are none of."""
        if self.kind not in KINDS:
            raise ValueError(f"no fault {self.kind!r}; there are: {', '.join(KINDS)}")

    @property
    def keeps(self) -> bool:
        """Whether what it spoils is the right answer, which has to be made first."""
        return self.acts or self.kind in ("slow", "cut", "type", "alter")


class Faults:
    """Those that are switched on."""

    def __init__(self) -> None:
        """Begin with none."""
        self.on: list[Fault] = []
        self._end = asyncio.Event()

    def add(self, fault: Fault) -> Fault:
        """Switch one on."""
        self.on.append(fault)
        return fault

    def clear(self) -> None:
        """Switch all off."""
        self.on.clear()

    def begin(self) -> None:
        """Let wait who has to."""
        self._end = asyncio.Event()

    def end(self) -> None:
        """Let go of those who wait."""
        self._end.set()

    def take(self, name: str) -> Fault | None:
        """Return what spoils this call, and count it."""
        for fault in self.on:
            if fault.at not in ("", name):
                continue
            if fault.after > 0:
                fault.after -= 1
                continue
            fault.hits += 1
            if fault.times is not None:
                fault.times -= 1
                if fault.times <= 0:
                    self.on.remove(fault)
            return fault
        return None

    async def wait(self, seconds: float | None) -> None:
        """Wait so long, or for ever; not beyond the end of the server."""
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await self._end.wait()


def _constant(fault: Fault, right: bytes) -> web.Response | None:
    """Return an answer that comes in one piece; None where it is not one."""
    match fault.kind:
        case "http":
            return web.Response(status=fault.status, headers=fault.headers, body=fault.body, content_type="text/html")
        case "html":
            return web.Response(body=fault.body, content_type="text/html", charset="utf-8")
        case "type":
            return web.Response(body=right, content_type=fault.content_type)
    body = {
        "huge": lambda: b'{"code":200,"msg":"","data":{"list":["' + b"0" * HUGE + b'"]}}',
        "deep": lambda: b'{"code":200,"msg":"","data":' + b"[" * DEEP + b"]" * DEEP + b"}",
        "raw": lambda: fault.body,
        "alter": lambda: json.dumps(fault.change(json.loads(right)), ensure_ascii=False).encode(),
        "slow": lambda: right,
    }.get(fault.kind)
    return None if body is None else web.Response(body=body(), content_type="application/json", charset="utf-8")


async def spoilt(fault: Fault, faults: Faults, request: web.BaseRequest, right: bytes) -> web.StreamResponse:
    """Return an answer as the fault has it."""
    if fault.seconds:
        await faults.wait(fault.seconds)
    if (answer := _constant(fault, right)) is not None:
        return answer
    if fault.kind == "cut":
        return await _cut(request, right)
    if fault.kind == "hang":
        await faults.wait(None)
    if request.transport is not None:
        request.transport.close()
    return web.Response()


async def _cut(request: web.BaseRequest, right: bytes) -> web.StreamResponse:
    response = web.StreamResponse(headers={"Content-Type": "application/json", "Content-Length": str(len(right))})
    await response.prepare(request)
    await response.write(right[: len(right) // 2])
    if request.transport is not None:
        request.transport.close()
    return response
