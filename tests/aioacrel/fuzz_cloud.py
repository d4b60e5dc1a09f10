"""A fuzz target for atheris: bytes become what a cloud answers, and every part of it is read as every call would.

.venv/bin/python tests/aioacrel/fuzz_cloud.py -runs=1000000
"""

import sys
from contextlib import suppress
from pathlib import Path

import atheris

sys.path.insert(0, str(Path(__file__).parents[2]))

with atheris.instrument_imports(include=["custom_components.acrel_safety.aioacrel.cloud"]):
    from custom_components.acrel_safety.aioacrel.cloud import days, logs, reading
    from custom_components.acrel_safety.aioacrel.cloud.address import CloudAddress
    from custom_components.acrel_safety.aioacrel.cloud.envelope import NoEnvelopeError, envelope_of, tree_of
    from custom_components.acrel_safety.aioacrel.cloud.errors import CloudAddressError
    from custom_components.acrel_safety.aioacrel.cloud.fields import CHINA, rows
    from custom_components.acrel_safety.aioacrel.cloud.loginanswer import login_of
    from custom_components.acrel_safety.aioacrel.cloud.profile_reader import profile
    from custom_components.acrel_safety.aioacrel.cloud.recognise import seems_to_be
    from custom_components.acrel_safety.aioacrel.cloud.redaction import Redaction

KNOWN = profile("acrelcloud-1000")


def one_input(data: bytes) -> None:
    """Read the bytes as an address, as a body, and as the data of one."""
    seems_to_be("cloud.example", {}, data)
    with suppress(CloudAddressError):
        CloudAddress.parse(data.decode("utf-8", "replace"), allow_http=True)
    for body in (data, b'{"code":200,"data":' + data + b"}"):
        try:
            Redaction(("secret",)).value(tree_of(body))
            found = envelope_of(body).data
        except NoEnvelopeError:
            continue
        login_of(found, "")
        reading.details(found, "1", "2", CHINA)
        logs.asked(found)
        for call in KNOWN.calls.values():
            read = rows(found, [*call.lists, ""])
            if read is not None:
                reading.meters(read, "1", CHINA)
                reading.values(read, KNOWN.leakage, "fMetercode", "fUpdatetime", CHINA)
                reading.connections(read, {}, CHINA)
                logs.alarms(read, KNOWN.recoveries, lambda _: CHINA)
                logs.commands(read, CHINA)
                days.leakage(read, KNOWN.leakage_history, CHINA)
                days.energy(read, ["1"])


if __name__ == "__main__":
    atheris.Setup(sys.argv, one_input)
    atheris.Fuzz()
