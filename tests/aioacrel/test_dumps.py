"""Registers recorded with `acrel dump` read as the device's display said when they were recorded.

`dumps/NAME.json` is what `acrel dump LINK --unit N --model M -o NAME.json` wrote, `dumps/NAME.values.json` what
`acrel read … --json` said at the same time, compared with the display (only what was compared needs to be in it).
"""

import json
from pathlib import Path

import pytest
from modbus_connection import IllegalDataAddressError
from modbus_connection.mock import MockModbusConnection

from custom_components.acrel_safety.aioacrel.modbus import AcrelDevice, GuardedUnit, LinkAddress, RegisterDump
from custom_components.acrel_safety.aioacrel.models import ModelLibrary
from custom_components.acrel_safety.aioacrel.readings import PointKey
from custom_components.acrel_safety.aioacrel.vocabulary import PollGroup

FOLDER = Path(__file__).parent / "dumps"
DUMPS = {
    path.stem: (path.read_text("utf-8"), path.with_suffix(".values.json").read_text("utf-8"))
    for path in sorted(FOLDER.glob("*.json"))
    if ".values" not in path.name
}


def replayed(dump: RegisterDump) -> AcrelDevice:
    """Return a device that answers from a dump, and refuses what is not in it."""
    unit = MockModbusConnection().for_unit(dump.unit_id)
    unit.holding.update(dump.registers.get(3, {}))
    unit.input.update(dump.registers.get(4, {}))
    for address in set(range(0x10000)) - unit.holding.keys():
        unit.fail_read(address, IllegalDataAddressError())
    for address in set(range(0x10000)) - unit.input.keys():
        unit.fail_read(address, IllegalDataAddressError(), register_type="input")
    guarded = GuardedUnit(unit, dump.unit_id, address=LinkAddress.parse("tcp://127.0.0.1:502"))
    return AcrelDevice(guarded, ModelLibrary().get(dump.model), guard_totals=False)


@pytest.mark.parametrize("name", DUMPS)
async def test_recorded_registers_read_as_the_display_said(name: str) -> None:
    recorded, values = DUMPS[name]
    device = replayed(RegisterDump.from_json(recorded))
    device.want_all()
    for group in (PollGroup.SLOW, PollGroup.NORMAL, PollGroup.FAST):
        assert (await device.poll(group)).error is None
    display = json.loads(values)["circuits"]
    shown = {PointKey(circuit, code): value for circuit, values in display.items() for code, value in values.items()}
    assert shown
    assert {key: device.readings[key].value for key in shown} == shown


def test_there_are_dumps() -> None:
    assert DUMPS
