"""Guarded units on a faulty line in virtual time: what the tests of the link stand on."""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass

from custom_components.acrel_safety.aioacrel.modbus import GuardedUnit, Link, LinkAddress, LinkPulse
from simulator.faults import Fault, FaultProxy, Framing, Plan, Script, TruthServer
from simulator.faults.drive import READABLE

TIMEOUT = 0.5
UNITS = (1, 2, 3)


def address_at(port: int, framing: Framing) -> LinkAddress:
    """Return the link's address on this machine."""
    scheme = "tcp" if framing is Framing.MBAP else "rtu+tcp"
    return LinkAddress.parse(f"{scheme}://127.0.0.1:{port}")


@dataclass(frozen=True)
class FaultRig:
    """A server of traceable values, the proxy before it, and guarded units that read through it."""

    truth: TruthServer
    proxy: FaultProxy
    link: Link
    units: dict[int, GuardedUnit]
    pulse: LinkPulse

    async def read(self, unit: int, function: int, address: int, count: int) -> list[int]:
        """Read as the device code does: with leave to stretch the read."""
        return await self.units[unit].read(function, address, count, within=READABLE)

    async def read_truly(
        self, unit: int, address: int, count: int, *, within: tuple[int, int] | None = READABLE
    ) -> bool:
        """Read holding registers and say whether they are true."""
        after = self.truth.number
        words = await self.units[unit].read(3, address, count, within=within)
        return len(words) == count and self.truth.is_true(unit, 3, address, words, after)


@asynccontextmanager
async def fault_rig(
    framing: Framing,
    plan: Plan | Sequence[Fault] = (),
    *,
    service: float = 0.01,
    timeout: float | None = TIMEOUT,  # noqa: ASYNC109 - of each request
) -> AsyncIterator[FaultRig]:
    """Set everything up and take it down again."""
    faults = Script(plan) if isinstance(plan, Sequence) else plan
    async with (
        TruthServer(framing, frozenset(UNITS), service=service) as truth,
        FaultProxy("127.0.0.1", truth.port, framing, faults) as proxy,
    ):
        address = address_at(proxy.port, framing)
        async with Link.open(address) as link:
            pulse = link.pulse
            units = {unit: address.guarded(link.unit(unit), unit, timeout=timeout, pulse=pulse) for unit in UNITS}
            yield FaultRig(truth, proxy, link, units, pulse)
            for unit in units.values():
                await unit.settle()
