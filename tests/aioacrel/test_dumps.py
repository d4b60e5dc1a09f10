"""Registers recorded with `acrel dump` read as the device's display said when they were recorded.

`dumps/NAME.json` is what `acrel dump LINK --unit N --model M -o NAME.json` wrote, `dumps/NAME.values.json` what
`acrel read … --json` said at the same time, compared with the display (only what was compared needs to be in it).
"""

import json
from pathlib import Path

import pytest
from modbus_connection import IllegalDataAddressError
from modbus_connection.mock import MockModbusConnection

from custom_components.acrel_safety.aioacrel.modbus import LinkAddress, PolledUnit
from custom_components.acrel_safety.aioacrel.models import ModelLibrary
from custom_components.acrel_safety.aioacrel.readings import PointKey, Value
from custom_components.acrel_safety.aioacrel.registers.decode import decode_dump
from custom_components.acrel_safety.aioacrel.registers.dump import RegisterDump
from custom_components.acrel_safety.aioacrel.vocabulary import Pace

FOLDER = Path(__file__).parent / "dumps"
DUMPS = {
    path.stem: (path.read_text("utf-8"), path.with_suffix(".values.json").read_text("utf-8"))
    for path in sorted(FOLDER.glob("*.json"))
    if ".values" not in path.name
}


def replayed(dump: RegisterDump) -> PolledUnit:
    """Return a device that answers from a dump, and refuses what is not in it."""
    unit = MockModbusConnection().for_unit(dump.unit_id)
    unit.holding.update(dump.registers.get(3, {}))
    unit.input.update(dump.registers.get(4, {}))
    for address in set(range(0x10000)) - unit.holding.keys():
        unit.fail_read(address, IllegalDataAddressError())
    for address in set(range(0x10000)) - unit.input.keys():
        unit.fail_read(address, IllegalDataAddressError(), register_type="input")
    guarded = LinkAddress.parse("tcp://127.0.0.1:502").guarded(unit, dump.unit_id)
    return PolledUnit(guarded, ModelLibrary().get(dump.model))


def displayed(values: str) -> dict[PointKey, Value]:
    """Return what the display said."""
    display = json.loads(values)["circuits"]
    shown = {PointKey(circuit, code): value for circuit, codes in display.items() for code, value in codes.items()}
    assert shown
    return shown


@pytest.mark.parametrize("name", DUMPS)
async def test_recorded_registers_read_as_the_display_said(name: str) -> None:
    recorded, values = DUMPS[name]
    device = replayed(RegisterDump.from_json(recorded))
    device.want_all()
    for group in (Pace.SLOW, Pace.NORMAL, Pace.FAST):
        assert (await device.poll(group)).error is None
    shown = displayed(values)
    assert {key: device.readings[key].value for key in shown} == shown


@pytest.mark.parametrize("name", DUMPS)
def test_a_dump_is_decoded_as_its_device_would_be(name: str) -> None:
    recorded, values = DUMPS[name]
    dump = RegisterDump.from_json(recorded)
    readings = decode_dump(ModelLibrary().get(dump.model), dump)
    shown = displayed(values)
    assert {key: readings[key].value for key in shown} == shown
    assert {(reading.time, reading.origin) for reading in readings.values()} == {(dump.taken, "dump")}


def test_there_are_dumps() -> None:
    assert DUMPS
