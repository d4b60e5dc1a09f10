"""A fuzz target for atheris: bytes become answers of a device, a link address and a dump.

.venv/bin/python tests/aioacrel/fuzz_decoders.py -runs=1000000
"""

import contextlib
import math
import struct
import sys
from pathlib import Path

import atheris

sys.path.insert(0, str(Path(__file__).parents[2]))

with atheris.instrument_imports(include=["custom_components.acrel_safety.aioacrel"]):
    from custom_components.acrel_safety.aioacrel.errors import AddressFormError
    from custom_components.acrel_safety.aioacrel.modbus.link import LinkAddress
    from custom_components.acrel_safety.aioacrel.models import ModelLibrary
    from custom_components.acrel_safety.aioacrel.points import Model
    from custom_components.acrel_safety.aioacrel.registers.decode import decoded
    from custom_components.acrel_safety.aioacrel.registers.dump import RegisterDump

MODELS: list[Model] = [model for model in ModelLibrary().usable() if not model.needs_table]


def one_input(data: bytes) -> None:
    """Decode the bytes in every way there is; anything but a proper refusal ends the run."""
    registers(data)
    text = data.decode("utf-8", "replace")
    with contextlib.suppress(AddressFormError):
        LinkAddress.parse(text)
    with contextlib.suppress(ValueError, KeyError, TypeError):
        RegisterDump.from_json(text)


def registers(data: bytes) -> None:
    """Take the first byte for the model, the rest for its registers, again and again as often as needed."""
    if len(data) < 3:
        return
    model = MODELS[data[0] % len(MODELS)]
    words = struct.unpack(f">{(len(data) - 1) // 2}H", data[1 : 1 + (len(data) - 1) // 2 * 2])
    for index, (key, place) in enumerate(model.registers.places.items()):
        taken = [words[(index + offset) % len(words)] for offset in range(place.count)]
        value = decoded(model.points[key], place, taken)
        if isinstance(value, float) and not math.isfinite(value):
            raise ValueError(f"{model.id} {key}: {taken} became {value}")


if __name__ == "__main__":
    atheris.Setup(sys.argv, one_input)
    atheris.Fuzz()
