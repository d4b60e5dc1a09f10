"""An ADW300 that reports by itself with numbers in place of names."""

import json
from collections.abc import Mapping, Sequence

from simulator.gateway.station import Record, Station

_TOPIC = "platform/acrel/meter/json-v2/analog/0000"
_ICCID, _SIGNAL, _LEAKAGE, _INPUTS = 33, 27, 40, 41
_CODES: Mapping[int, Sequence[str]] = {
    1: ("Ua", "Ub", "Uc", "Uab", "Ubc", "Uca", "Ia", "Ib", "Ic"),
    10: ("Pa", "Pb", "Pc", "P", "Qa", "Qb", "Qc", "Q", "Sa", "Sb", "Sc", "S"),
    22: ("PFa", "PFb", "PFc", "PF", "Fr"),
    28: ("EPI", "EPE", "EQL", "EQC"),
    34: ("PT", "CT", "TempA", "TempB", "TempC", "TempN"),
    63: ("Uub", "Iub"),
    65: ("EPIJ", "EPIF", "EPIP", "EPIG"),
}
"""Codes by the number of the first; the others follow."""


class DirectMeter(Station):
    """Neither greets nor is told anything: it only reports."""

    _said_iccid = False

    @property
    def topics(self) -> Sequence[str]:
        """Listen to nothing that anybody has a reason to say."""
        return [f"platform/acrel/meter/none/{self.serial}"]

    async def shake_hands(self) -> None:
        """Begin at once."""
        self._said_iccid = False

    async def take(self, topic: str, payload: bytes) -> None:
        """Ignore it."""

    async def publish(self, record: Record, *, is_late: bool) -> None:
        """Send all of the dictionary that the instrument knows."""
        del is_late
        (values,) = record.values.values()
        points: dict[int, object] = {0: self.serial}
        for first, codes in _CODES.items():
            points |= {number: values[code] for number, code in enumerate(codes, start=first) if code in values}
        points[_SIGNAL] = -71
        points[_LEAKAGE] = float(values["Lg"]) / 1000
        points[_INPUTS] = sum(bool(values[f"DI{bit + 1}"]) << bit for bit in range(4))
        if not self._said_iccid:
            self._said_iccid = True
            points[_ICCID] = "89860000000000000000"
        name = "ID" if self.quirks.writes_id_large else "id"
        spelled = [{name: number, "val": value} for number, value in sorted(points.items())]
        message = {"data": [{"tp": round(1000 * record.moment), "point": spelled}]}
        await self.say(_TOPIC, json.dumps(message), retain=self.quirks.retains)
