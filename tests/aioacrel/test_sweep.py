"""Every fault of the proxy and every wrong gateway, at every answer × the command line, the form and the repair.

Whatever a peer does for ever, each surface ends in bounded time with sentences of our own in both languages that say
what to do; what was answered is never told as silence. In virtual time: a thousand seconds take a few.
"""

import asyncio
import json
import re
from collections.abc import AsyncIterator, Callable, Coroutine, Iterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from functools import cache, partial
from pathlib import Path
from typing import Any

import pytest

import custom_components.acrel_safety as integration
from custom_components.acrel_safety.aioacrel.errors import AcrelError
from custom_components.acrel_safety.aioacrel.modbus import Link, LinkAddress
from custom_components.acrel_safety.aioacrel.modbus.probe import probe_model
from custom_components.acrel_safety.aioacrel.texts import Phrase
from custom_components.acrel_safety.const import SUBENTRY_DEVICE
from custom_components.acrel_safety.flow.explain import explain
from custom_components.acrel_safety.flow.selector_texts import FlowTexts
from simulator.faults import Fault, FaultProxy, Framing, virtual
from simulator.faults.kinds import Schedule, faults_of
from tests.aioacrel.cli_rigs import Acrel, Outcome
from tests.aioacrel.rigs import model
from tests.aioacrel.wrong_gateways import (
    MBAP_GATEWAYS,
    RTU_GATEWAYS,
    chatterer,
    mbap_gateway,
    rtu_gateway,
    silent_server,
    web_server,
)

PORT = 5020
LONGEST = 120.0
"""Virtual seconds after which a command has ended, whatever the peer does."""
SCHEMES = {Framing.MBAP: "tcp", Framing.RTU: "rtu+tcp"}
SILENT = {
    *(fault.value for fault in (Fault.DROP, Fault.LOST_REQUEST, Fault.MERGE, Fault.REORDER, Fault.HALF_OPEN)),
    "a silent server",
}
"""What lets nothing through at all: only here it may be said that there was no answer."""
LATE = {fault.value for fault in (Fault.LATE, Fault.DRIP, Fault.MUTE, Fault.TOO_LONG)}
"""What may be too late, or too long to come at all: then an answer was waited for in vain."""
TO_DO = re.compile(
    r"\b(check|switch|close|choose|look (it|at|first)|ask|try|set|longer|may be read|compare|import)\b"
    r"|请|检查|关闭|选择|查阅|咨询|可能要用",
    re.IGNORECASE,
)
FOREIGN = re.compile(
    r"Traceback|Errno|Error\b|asyncio|could not (open|connect)|expected|response|read_\w+_registers|object at"
    r"|no_\w+|\{\w+\}|None\b",
)
"""What the libraries below say, a bare key, a gap that nobody filled."""
WORDS = re.compile(r"[A-Za-z]{2,}(?: [A-Za-z]{2,})+")
KNOWN = {"Modbus TCP", "RTU over TCP", "Home Assistant", "AIM-R100"}

type Server = Callable[[], AbstractAsyncContextManager[object]]


@asynccontextmanager
async def faulty(framing: Framing, fault: Fault) -> AsyncIterator[None]:
    """Do one fault to every request."""
    gateway = mbap_gateway if framing is Framing.MBAP else rtu_gateway
    async with (
        gateway("right") as target,
        FaultProxy("127.0.0.1", target, framing, Schedule(1, (fault,), 1.0), port=PORT),
    ):
        yield


def cases() -> Iterator[tuple[str, str, Server]]:
    """Yield a name, the scheme by which it is asked, and what serves it."""
    for framing, scheme in SCHEMES.items():
        for fault in faults_of(framing):
            yield fault.value, scheme, partial(faulty, framing, fault)
        yield "a web server", scheme, partial(web_server, PORT)
        yield "a silent server", scheme, partial(silent_server, PORT)
        yield "unasked answers", scheme, partial(chatterer, PORT)
    for kind in MBAP_GATEWAYS:
        yield kind, "tcp", partial(mbap_gateway, kind, at=PORT)
    for kind in RTU_GATEWAYS:
        yield kind, "rtu+tcp", partial(rtu_gateway, kind, at=PORT)
    yield "Modbus TCP asked in RTU", "rtu+tcp", partial(mbap_gateway, "right", at=PORT)
    yield "RTU asked in Modbus TCP", "tcp", partial(rtu_gateway, "right", at=PORT)


CASES = {f"{name}, {scheme}": (name, scheme, server) for name, scheme, server in cases()}


@pytest.fixture
def acrel(capsys: pytest.CaptureFixture[str]) -> Acrel:
    return Acrel(capsys)


@pytest.mark.parametrize("command", ["read", "scan"])
@pytest.mark.parametrize("case", CASES)
def test_the_command_line_says_what_is_wrong_and_what_to_do(
    case: str, command: str, acrel: Acrel, monkeypatch: pytest.MonkeyPatch
) -> None:
    name, scheme, server = CASES[case]
    took: list[float] = []

    def run[R](main: Coroutine[Any, Any, R]) -> R:
        async def served() -> R:
            async with server():
                loop = asyncio.get_running_loop()
                began = loop.time()
                try:
                    return await main
                finally:
                    took.append(loop.time() - began)

        return virtual.run(served())

    monkeypatch.setattr(asyncio, "run", run)
    which = ("--unit", "8", "--model", "aim-r100") if command == "read" else ("--units", "8")
    outcome = acrel(command, f"{scheme}://127.0.0.1:{PORT}", *which)
    assert sum(took) < LONGEST
    check_said(name, outcome)


def check_said(name: str, outcome: Outcome) -> None:
    """Fail unless what a command says is our own, and true."""
    said = outcome.err + outcome.out
    assert outcome.code in (0, 1, 3, 4), said
    assert FOREIGN.findall(said) == [], said
    if outcome.code == 1:
        assert TO_DO.search(outcome.err), said
    if name not in SILENT | LATE:
        assert "did not answer within" not in said
        assert "Each unit was given" not in said


@pytest.mark.parametrize("case", CASES)
def test_the_library_the_form_and_the_repair_say_it_in_both_languages(case: str) -> None:
    name, scheme, server = CASES[case]
    error, trouble = virtual.run(_asked(scheme, server))
    if trouble is not None:
        for language in ("en", "zh"):
            check_sentence(trouble.text(language), language)
    if error is None:
        return
    if name not in SILENT | LATE:
        assert error.key != "no_answer"
    assert FOREIGN.findall(error.text()) == []
    assert _english_in(error.text("zh")) == []
    for language in ("en", "zh-Hans"):
        for is_proven in (True, False):
            found = explain(error, FlowTexts(language, {}), is_link_proven=is_proven)
            texts = _translations(language)["config_subentries"][SUBENTRY_DEVICE]["error"]
            check_sentence(texts[found.key].format_map(found.placeholders), language)


def check_sentence(text: str, language: str) -> None:
    """Fail unless a sentence is in its language, whole, and says what to do."""
    assert FOREIGN.findall(text) == [], text
    assert TO_DO.search(text), text
    if language.startswith("zh"):
        assert _english_in(text) == []


async def _asked(scheme: str, server: Server) -> tuple[AcrelError | None, Phrase | None]:
    """Look twice at a device, as a form does and as an entry that goes on; return what was said at last."""
    async with server():
        address = LinkAddress.parse(f"{scheme}://127.0.0.1:{PORT}")
        async with Link.open(address) as link:
            unit = address.guarded(link.unit(8), 8, pulse=link.pulse)
            error: AcrelError | None = None
            for _ in range(2):
                try:
                    async with asyncio.timeout(LONGEST):
                        await probe_model(unit, model("aim-r100"), is_known=True)
                except AcrelError as found:
                    error = found
                else:
                    error = None
            trouble = link.pulse.trouble
            await unit.settle()
            unit.close()
            return error, trouble


def _english_in(text: str) -> list[str]:
    return [words for words in WORDS.findall(text) if words not in KNOWN]


@cache
def _translations(language: str) -> dict[str, Any]:
    path = Path(integration.__file__).parent / "translations" / f"{language}.json"
    found: dict[str, Any] = json.loads(path.read_text("utf-8"))
    return found
