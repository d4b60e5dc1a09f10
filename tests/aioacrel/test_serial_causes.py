"""What is wrong with a serial port is named: none, no port at all, taken, refused by the system, an echo, noise."""

import asyncio
import errno
import fcntl
import os
import tty
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from custom_components.acrel_safety.aioacrel.errors import AcrelError, LinkUnreachableError
from custom_components.acrel_safety.aioacrel.foreign import reason_of
from custom_components.acrel_safety.aioacrel.modbus import Link, LinkAddress
from custom_components.acrel_safety.aioacrel.texts import LANGUAGES, say
from simulator.faults.frames import checksum

type Answer = Callable[[bytes], bytes]


@contextmanager
def serial_port(answer: Answer) -> Iterator[str]:
    """Offer a pseudo-terminal on which each request is answered; yields its path."""
    near, far = os.openpty()
    tty.setraw(far)
    loop = asyncio.get_running_loop()
    loop.add_reader(near, lambda: os.write(near, answer(os.read(near, 1024))))
    try:
        yield os.ttyname(far)
    finally:
        loop.remove_reader(near)
        os.close(near)
        os.close(far)


def rtu(unit: int, *pdu: int) -> bytes:
    """Return an RTU frame."""
    body = bytes((unit, *pdu))
    return body + checksum(body)


ANSWERS: dict[str, tuple[Answer, str]] = {
    "an echo": (lambda asked: asked, "mirrors"),
    "noise": (lambda asked: b"\xa5\x00\x3c" * (len(asked) // 2), "garbles"),
    "noise that begins like a page": (lambda _: b"<\x80\x81\x82\x00\x01", "garbles"),
    "another unit": (lambda _: rtu(9, 3, 2, 0, 1), "other_answer"),
}


async def said_of(device: str) -> AcrelError:
    """Return what is said when the unit behind a port is asked."""
    address = LinkAddress.parse(f"serial://{device}")
    async with Link.open(address) as link:
        unit = address.guarded(link.unit(8), 8, timeout=0.3, pulse=link.pulse)
        found: AcrelError | None = None
        for _ in range(3):
            with pytest.raises(AcrelError) as caught:
                await unit.read(3, 0, 1)
            found = caught.value
        await unit.settle()
        unit.close()
    assert found is not None
    return found


def names(error: AcrelError, phrase: str) -> bool:
    """Whether an error names a cause in both languages."""
    return all(say(f"phrases.{phrase}", language) in error.text(language) for language in LANGUAGES)


@pytest.mark.parametrize("what", ANSWERS)
async def test_what_comes_back_on_a_line_is_looked_at(what: str) -> None:
    answer, phrase = ANSWERS[what]
    with serial_port(answer) as device:
        assert names(await said_of(device), phrase)


async def test_a_silent_line_is_silent() -> None:
    with serial_port(lambda _: b"") as device:
        assert (await said_of(device)).key == "no_answer"


async def test_what_is_no_serial_port_is_said(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    for path in ("/dev/null", "nowhere://host", str(tmp_path / "file"), str(tmp_path)):
        assert names(await said_of(path), "link_not_serial")
    assert names(await said_of(str(tmp_path / "nothing")), "link_no_port")


async def test_a_port_that_another_program_uses_is_said() -> None:
    with serial_port(lambda asked: asked) as device:
        other = os.open(device, os.O_RDWR | os.O_NOCTTY)
        try:
            fcntl.flock(other, fcntl.LOCK_EX)
            assert names(await said_of(device), "link_port_busy")
        finally:
            os.close(other)


async def test_a_port_that_is_given_back_a_moment_later_is_used() -> None:
    """As by this link itself: after a reconnect the system may still be giving the port back."""
    with serial_port(lambda _: rtu(8, 3, 2, 0, 5)) as device:
        other = os.open(device, os.O_RDWR | os.O_NOCTTY)
        fcntl.flock(other, fcntl.LOCK_EX)
        asyncio.get_running_loop().call_later(0.3, os.close, other)
        address = LinkAddress.parse(f"serial://{device}")
        async with Link.open(address) as link:
            unit = address.guarded(link.unit(8), 8, timeout=1, pulse=link.pulse)
            assert await unit.read(3, 0, 1) == [5]
            unit.close()


def test_a_port_that_may_not_be_opened_is_said() -> None:
    """The user of the tests may be one who may open everything."""
    reason = reason_of(PermissionError(errno.EACCES, "Permission denied"))
    assert names(LinkUnreachableError(link="serial:///dev/ttyUSB0", detail=reason), "link_port_denied")
