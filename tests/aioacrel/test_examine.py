"""A right answer is known as one, whatever its first bytes look like: a "<" is also a number, and a unit."""

import struct

from hypothesis import given
from hypothesis import strategies as st

from custom_components.acrel_safety.aioacrel.checksum import checksum
from custom_components.acrel_safety.aioacrel.modbus.examine import Question, Speech
from custom_components.acrel_safety.aioacrel.modbus.framing import Framing

UNITS = st.integers(1, 247) | st.sampled_from(list(b"<S2+* "))
NUMBERS = st.integers(0x1000, 0xDFFF) | st.sampled_from(list(b"<S2+*")).map(lambda first: first << 8 | 0x48)
PDUS = st.integers(0, 0xFFFF).map(lambda word: bytes((3, 2, *divmod(word, 256)))) | st.sampled_from(
    [bytes((0x83, code)) for code in (1, 2, 3, 4, 6, 0x0B)]
)


@given(unit=UNITS, number=NUMBERS, pdu=PDUS)
def test_a_right_answer_over_modbus_tcp_is_no_text(unit: int, number: int, pdu: bytes) -> None:
    question = Question(unit=unit, number=number)
    answer = struct.pack(">HHHB", number, 0, len(pdu) + 1, unit) + pdu
    assert question.heard(answer, Framing.MBAP) is Speech.ECHOES


@given(unit=UNITS, framing=st.sampled_from(list(Framing)), length=st.integers(1, 8))
def test_an_answer_that_is_cut_short_is_no_text(unit: int, framing: Framing, length: int) -> None:
    question = Question(unit=unit)
    head = struct.pack(">HHH", question.number, 0, 5) if framing is Framing.MBAP else b""
    assert question.heard((head + bytes((unit, 3, 2, 0, 7)))[:length], framing) is not Speech.TEXT


@given(unit=UNITS, pdu=PDUS)
def test_a_right_answer_on_rtu_framing_is_no_text(unit: int, pdu: bytes) -> None:
    answer = bytes((unit,)) + pdu
    assert Question(unit=unit).heard(answer + checksum(answer), Framing.RTU) is Speech.RTU


@given(
    st.sampled_from([b"HTTP/1.1 400 Bad Request\r\n\r\n", b"\r\n<html>", b"SSH-2.0-x", b"220 ready\r\n", b"* OK x\r\n"])
)
def test_text_is_text(data: bytes) -> None:
    for framing in Framing:
        assert Question(unit=1).heard(data, framing) is Speech.TEXT
