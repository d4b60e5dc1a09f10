"""Link addresses: what an installer types."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from modbus_connection import ModbusSerialParams, ModbusTcpParams

from custom_components.acrel_safety.aioacrel.errors import AddressFormError
from custom_components.acrel_safety.aioacrel.modbus import Framing, LinkAddress


def test_modbus_tcp() -> None:
    address = LinkAddress.parse("tcp://192.0.2.7:1502")
    assert address.params == ModbusTcpParams(host="192.0.2.7", port=1502)
    assert address.framing is Framing.MBAP
    assert str(address) == "tcp://192.0.2.7:1502"


def test_the_port_may_be_left_out() -> None:
    assert LinkAddress.parse("tcp://gateway.local").port == 502


def test_rtu_over_tcp_is_a_serial_stream_on_a_socket() -> None:
    address = LinkAddress.parse("rtu+tcp://[2001:db8::7]:4196?baudrate=19200")
    assert address.params == ModbusSerialParams(device="socket://[2001:db8::7]:4196", baudrate=115200)
    assert address.line.baudrate == 19200
    assert address.framing is Framing.RTU
    assert str(address) == "rtu+tcp://[2001:db8::7]:4196"


def test_a_serial_port_with_its_line() -> None:
    address = LinkAddress.parse("serial:///dev/ttyUSB0?baudrate=4800&parity=e&stopbits=1")
    assert address.params == ModbusSerialParams(device="/dev/ttyUSB0", baudrate=4800, parity="E")
    assert address.line_given
    assert str(address) == "serial:///dev/ttyUSB0"


@pytest.mark.parametrize(
    "text",
    [
        "",
        "192.0.2.7",
        "http://192.0.2.7",
        "tcp://",
        "tcp://host:0",
        "tcp://host:99999",
        "tcp://host:abc",
        "tcp://host/path",
        "tcp://[::1",
        "serial://",
        "serial:///dev/ttyUSB0?baudrate=fast",
        "serial:///dev/ttyUSB0?baudrate=0",
        "serial:///dev/ttyUSB0?parity=X",
        "serial:///dev/ttyUSB0?speed=9600",
        "serial:///dev/ttyUSB0?baudrate",
    ],
)
def test_what_is_no_link_address_is_said_so(text: str) -> None:
    with pytest.raises(AddressFormError, match="is not a link address"):
        LinkAddress.parse(text)


@given(st.text())
def test_any_text_is_understood_or_refused(text: str) -> None:
    try:
        understood = LinkAddress.parse(text)
    except AddressFormError:
        return
    assert understood.params.endpoint
