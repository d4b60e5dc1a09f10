"""A link may be typed with user and password, at the right place or not: no error says the password again."""

import asyncio
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from custom_components.acrel_safety.aioacrel.addresses import without_password
from custom_components.acrel_safety.aioacrel.errors import AddressFormError
from custom_components.acrel_safety.aioacrel.foreign import python_says, reason_of, system_says
from custom_components.acrel_safety.aioacrel.modbus.link import LinkAddress
from tests.aioacrel.cli_rigs import Acrel

WORD = "s3cret"
SECRETS = (WORD, *(f"{WORD}{char}{WORD}" for char in "/@ :'?#"))
ADDRESSES = (
    "tcp://admin:{secret}@127.0.0.1:1",
    "rtu+tcp://admin:{secret}@127.0.0.1:1",
    "tcp://admin:{secret}@127.0.0.1:port",
    "tcp://admin:{secret}@127.0.0.1:1/path",
    "tcp://admin:{secret}@127.0.0.1:1?speed=9600",
    "tcp://admin:{secret}@127.0.0.1:1?baudrate=fast",
    "tcp://admin:{secret}@127.0.0.1:1?speed",
    "tcp://admin:{secret}@[::1",
    "tcp://admin:{secret}@ho℀st",
    "tcp://admin:{secret}@",
    "http://admin:{secret}@127.0.0.1:1",
    "admin:{secret}@127.0.0.1:1",
    "//admin:{secret}@127.0.0.1:1",
    "serial://admin:{secret}@127.0.0.1/dev/ttyUSB0",
    "serial:///socket://admin:{secret}@127.0.0.1:1",
    "serial://socket://admin:{secret}@127.0.0.1:1",
    "serial:///dev/ttyUSB0?user=admin:{secret}@",
)


@pytest.mark.parametrize("address", ADDRESSES)
@pytest.mark.parametrize("secret", SECRETS)
def test_what_is_said_of_an_address_holds_no_password(address: str, secret: str) -> None:
    typed = address.format(secret=secret)
    try:
        parsed = LinkAddress.parse(typed)
    except AddressFormError as error:
        said = [error.text(language) for language in ("en", "zh")] + [repr(error)]
    else:
        said = [str(parsed)]
    assert WORD not in " ".join(said)


MARKED = st.text(min_size=1).filter(lambda text: bool(text.strip("*@:/ '\"")))


@given(st.text().filter(lambda text: "\0" not in text), MARKED, st.sampled_from(ADDRESSES))
def test_no_password_is_left_whatever_it_holds(before: str, secret: str, address: str) -> None:
    typed = address.format(secret=f"\0{secret}\0")
    assert "\0" not in without_password(typed)
    assert "\0" not in without_password(f"{before} {typed}")


@pytest.mark.parametrize("text", ["Lg@3", "/dev/serial/by-id/usb-1", "tcp://127.0.0.1:502", "socket://[::1]:502", ""])
def test_what_holds_no_password_stays(text: str) -> None:
    assert without_password(text) == text


def test_what_other_programs_say_of_an_address_is_quoted_without_its_password() -> None:
    text = f"could not open socket://admin:{WORD}@127.0.0.1:1"
    for phrase in (python_says(ValueError(text)), system_says(OSError(text))):
        assert WORD not in phrase.text()
        assert "127.0.0.1" in phrase.text()
    assert WORD not in reason_of(RuntimeError(text)).text()


@pytest.mark.parametrize("command", [["scan", "--units", "1"], ["read", "--model", "aim-r100", "--unit", "1"]])
@pytest.mark.parametrize("address", ADDRESSES)
@pytest.mark.parametrize("as_json", [False, True])
async def test_the_command_line_never_says_a_password(
    capsys: pytest.CaptureFixture[str], command: list[str], address: str, *, as_json: bool
) -> None:
    name, *options = command
    arguments = [name, address.format(secret=WORD), *options, "--timeout", "0.1", *(["--json"] if as_json else [])]
    outcome = await asyncio.to_thread(Acrel(capsys), *arguments)
    assert outcome.code in (1, 2)
    assert outcome.err
    assert WORD not in outcome.out + outcome.err
    if as_json and outcome.out:
        assert "error" in json.loads(outcome.out)


@pytest.mark.parametrize(
    "arguments",
    [
        ["{link}"],
        ["read", "tcp://127.0.0.1:1", "{link}", "--unit", "1", "--model", "aim-r100"],
        ["read", "tcp://127.0.0.1:1", "--unit", "{link}", "--model", "aim-r100"],
        ["read", "tcp://127.0.0.1:1", "--unit", "1", "--model", "aim-r100", "--points", "{link}"],
        ["read", "--{link}"],
    ],
)
def test_a_link_at_the_wrong_place_is_told_without_its_password(
    capsys: pytest.CaptureFixture[str], arguments: list[str]
) -> None:
    outcome = Acrel(capsys)(*(argument.format(link=f"tcp://admin:{WORD}@127.0.0.1:1") for argument in arguments))
    assert outcome.code in (1, 2)
    assert WORD not in outcome.out + outcome.err
