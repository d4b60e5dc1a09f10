"""`acrel blocks`: what a device uploads is chosen on purpose, once, and believed when it comes."""

import asyncio

import pytest

from custom_components.acrel_safety.aioacrel.models import ModelLibrary
from custom_components.acrel_safety.aioacrel.texts import Phrase
from custom_components.acrel_safety.aioacrel.uplink.frames import Command
from custom_components.acrel_safety.aioacrel.uplink.messages import DataUpload
from custom_components.acrel_safety.aioacrel.uplink.sections import Seal, Section
from custom_components.acrel_safety.aioacrel.uplink.selection import Chosen, choose_blocks, selection_of
from tests.aioacrel.cli_rigs import Acrel
from tests.aioacrel.uplink_rigs import SERIAL, Guest, serving

VIRTUAL = pytest.mark.virtual_time
PORT = 7000
CAPTURED = "7B 7B 31 01 05 10 00 2A 12 04 1A 13 00 02 12 1E 13 19 95 0A 10 01 10 02 10 03 12 0D 12 1A 39 C7 7D 7D"
SINGLES = (0x1001, 0x1002, 0x1003, 0x120D, 0x121A)
ARGUMENTS = ("blocks", "--device", f"{SERIAL}=arcm300", *(f"--single=0x{one:04X}" for one in SINGLES), "--json")
BLOCKS = (42, 26, 2, 19, 10)


@pytest.fixture
def acrel(capsys: pytest.CaptureFixture[str]) -> Acrel:
    return Acrel(capsys)


def upload(*sizes: int) -> bytes:
    sections = (Section(f"1-{n}", Seal.RIGHT, 1, 3, (7,) * size) for n, size in enumerate(sizes, start=1))
    return DataUpload("", tuple(sections)).frame().encoded()


@pytest.mark.parametrize(("language", "said"), [("en", "changes the configuration"), ("zh", "更改设备配置")])
def test_without_confirmation_it_is_explained_and_nothing_listens(acrel: Acrel, language: str, said: str) -> None:
    outcome = acrel(*ARGUMENTS, "--language", language)
    assert outcome.code == 1
    assert outcome.json == {"outcome": "refused", "frame": CAPTURED}
    assert said in outcome.err


@VIRTUAL
@pytest.mark.parametrize(
    ("before", "after", "expected", "code"),
    [
        ((48,), BLOCKS, "confirmed", 0),
        (BLOCKS, BLOCKS, "unverified", 3),
        ((48,), (48,), "unverified", 3),
        ((48,), None, "unverified", 3),
    ],
)
async def test_it_is_sent_once_and_confirmed_by_another_upload_alone(
    acrel: Acrel, before: tuple[int, ...], after: tuple[int, ...] | None, expected: str, code: int
) -> None:
    heard: list[int] = []

    async def device() -> None:
        await asyncio.sleep(1)
        guest = await Guest.at(PORT)
        guest.log_in()
        guest.say(upload(*before))
        while (frame := await guest.hears()) is not None:
            heard.append(frame[0])
            if frame[0] == Command.SELECT_BLOCKS and after is not None:
                guest.say(upload(*after))

    calls = asyncio.create_task(device())
    outcome = await acrel.beside(*ARGUMENTS, "--seconds", "60", "--confirm")
    await calls
    assert (outcome.code, outcome.json["outcome"]) == (code, expected)
    assert heard.count(Command.SELECT_BLOCKS) == 1


@VIRTUAL
async def test_to_a_device_that_does_not_call_nothing_is_sent(acrel: Acrel) -> None:
    outcome = await acrel.beside(*ARGUMENTS, "--seconds", "5", "--confirm")
    assert (outcome.code, outcome.json["outcome"]) == (1, "refused")


@VIRTUAL
async def test_who_does_not_confirm_sends_nothing() -> None:
    async with serving(SERIAL) as (server, port, _):
        guest = await Guest.at(port)
        guest.log_in()
        assert await guest.hears() == (Command.LOGIN, b"")
        selection = selection_of(ModelLibrary().get("arcm300"))
        assert not isinstance(selection, Phrase)
        station = server.stations[SERIAL]
        assert await choose_blocks(station, selection, is_confirmed=False, seconds=5) is Chosen.REFUSED
        guest.say(upload(2))
        assert await guest.hears() == (Command.DATA, b"")


def test_what_is_private_or_not_known_to_be_uploaded_is_refused(acrel: Acrel) -> None:
    private = acrel("blocks", "--device", f"{SERIAL}=ddsy1352", "--single", "0x1700", "--confirm")
    assert (private.code, private.out) == (1, "")
    assert "private" in private.err
    without = acrel("blocks", "--device", f"{SERIAL}=adl3000", "--confirm")
    assert (without.code, without.out) == (1, "")
    assert "does not list" in without.err
