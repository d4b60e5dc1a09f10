"""What is wrong with a gateway is said in both languages, whoever asks: no silence is told where it answered."""

import asyncio
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager

import pytest

from custom_components.acrel_safety.aioacrel.errors import AcrelError, LinkError
from custom_components.acrel_safety.aioacrel.modbus import Link, LinkAddress
from custom_components.acrel_safety.aioacrel.modbus.probe import probe_model
from custom_components.acrel_safety.aioacrel.texts import LANGUAGES, say
from tests.aioacrel.cli_rigs import Acrel
from tests.aioacrel.rigs import model
from tests.aioacrel.wrong_gateways import (
    chatterer,
    mbap_gateway,
    rtu_gateway,
    silent_server,
    strict_server,
    web_server,
)

type Server = Callable[[], AbstractAsyncContextManager[int]]

CAUSES: dict[str, tuple[str, Server, str]] = {
    "a web server": ("tcp", web_server, "speaks_text"),
    "a web server, asked in RTU": ("rtu+tcp", web_server, "speaks_text"),
    "RTU frames at a Modbus TCP port": ("tcp", lambda: mbap_gateway("RTU frames"), "speaks_rtu"),
    "a serial server asked in Modbus TCP": ("tcp", lambda: rtu_gateway("right"), "speaks_rtu"),
    "a Modbus TCP gateway asked in RTU": ("rtu+tcp", lambda: mbap_gateway("right"), "speaks_mbap"),
    "closes": ("tcp", lambda: mbap_gateway("closes"), "closes_unanswered"),
    "closes, RTU": ("rtu+tcp", lambda: rtu_gateway("closes"), "closes_unanswered"),
    "noise": ("tcp", lambda: mbap_gateway("noise"), "speaks_otherwise"),
    "noise, RTU": ("rtu+tcp", lambda: rtu_gateway("noise"), "speaks_otherwise"),
    "echo": ("tcp", lambda: mbap_gateway("echo"), "mirrors"),
    "echo, RTU": ("rtu+tcp", lambda: rtu_gateway("echo"), "mirrors"),
    "unasked answers": ("tcp", chatterer, "chatters"),
    "exception 06": ("tcp", lambda: mbap_gateway("exception 06"), "advise_busy"),
    "exception 06, RTU": ("rtu+tcp", lambda: rtu_gateway("exception 06"), "advise_busy"),
    "exception 0A": ("tcp", lambda: mbap_gateway("exception 0A"), "advise_path"),
    "exception 0A, RTU": ("rtu+tcp", lambda: rtu_gateway("exception 0A"), "advise_path"),
    "exception 0B": ("tcp", lambda: mbap_gateway("exception 0B"), "advise_target"),
    "exception 0B, RTU": ("rtu+tcp", lambda: rtu_gateway("exception 0B"), "advise_target"),
    "function 04 only": ("tcp", lambda: mbap_gateway("only function 04"), "function_unknown"),
    "function 04 only, RTU": ("rtu+tcp", lambda: rtu_gateway("only function 04"), "function_unknown"),
}
"""What is wrong: the link, the gateway, and the phrase that names it."""
WORKS: dict[str, tuple[str, Server]] = {
    "numbers + 1": ("tcp", lambda: mbap_gateway("numbers + 1")),
    "number 0": ("tcp", lambda: mbap_gateway("number 0")),
    "number 1": ("tcp", lambda: mbap_gateway("number 1")),
    "hangs up": ("tcp", lambda: mbap_gateway("right", hangs_up=True)),
    "hangs up, numbers + 1": ("tcp", lambda: mbap_gateway("numbers + 1", hangs_up=True)),
}


@pytest.fixture
def acrel(capsys: pytest.CaptureFixture[str]) -> Acrel:
    return Acrel(capsys)


def beginning(key: str, language: str) -> str:
    """Return a phrase as far as nothing is filled in."""
    fillings = {"function": "03", "address": "000B"} if key == "function_unknown" else {}
    return say(f"phrases.{key}", language, **fillings)


@pytest.mark.parametrize("what", CAUSES)
async def test_the_library_names_the_cause_in_both_languages(what: str) -> None:
    scheme, server, phrase = CAUSES[what]
    async with server() as port:
        address = LinkAddress.parse(f"{scheme}://127.0.0.1:{port}")
        async with Link.open(address) as link:
            unit = address.guarded(link.unit(8), 8, timeout=0.3, pulse=link.pulse)
            with pytest.raises(AcrelError) as caught:
                await probe_model(unit, model("aim-r100"))
            for language in LANGUAGES:
                assert beginning(phrase, language) in caught.value.text(language)


@pytest.mark.parametrize("what", CAUSES)
async def test_the_command_line_names_the_cause(what: str, acrel: Acrel) -> None:
    scheme, server, phrase = CAUSES[what]
    async with server() as port:
        arguments = ("read", f"{scheme}://127.0.0.1:{port}", "--unit", "8", "--model", "aim-r100", "--timeout", "0.3")
        outcome = await asyncio.to_thread(acrel, *arguments)
    assert outcome.code == 1
    assert beginning(phrase, "en") in outcome.err
    assert "within" not in outcome.err, "an answer is not told as silence"


@pytest.mark.parametrize("what", WORKS)
async def test_what_is_only_unusual_works(what: str) -> None:
    scheme, server = WORKS[what]
    async with server() as port:
        address = LinkAddress.parse(f"{scheme}://127.0.0.1:{port}")
        async with Link.open(address) as link:
            unit = address.guarded(link.unit(8), 8, timeout=0.3, pulse=link.pulse)
            read = 0
            for turn in range(8):
                try:
                    words = await unit.read(3, 0x20 + turn, 4, within=(0x20, 0x40))
                except LinkError:
                    continue
                assert words == [1] * 4
                read += 1
            unit.close()
    assert read >= 6


@pytest.mark.parametrize("server", [silent_server, strict_server])
async def test_who_is_kept_silent_is_told_what_that_may_mean(server: Server, acrel: Acrel) -> None:
    async with server() as port:
        arguments = ("read", f"tcp://127.0.0.1:{port}", "--unit", "8", "--model", "aim-r100", "--timeout", "0.3")
        outcome = await asyncio.to_thread(acrel, *arguments)
    assert outcome.code == 1
    assert "did not answer within 0.3 s" in outcome.err
    assert "Many gateways serve one program at a time" in outcome.err
