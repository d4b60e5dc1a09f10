"""A prepaid meter that may be operated, and the persons who try."""

from collections.abc import AsyncGenerator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

from homeassistant.auth.const import GROUP_ID_ADMIN, GROUP_ID_READ_ONLY, GROUP_ID_USER
from homeassistant.core import Context, HomeAssistant, State
from homeassistant.helpers import entity_registry as er
from pytest_homeassistant_custom_component.common import MockUser

from custom_components.acrel_safety.aioacrel.journal.entry import Kind
from custom_components.acrel_safety.const import DOMAIN
from custom_components.acrel_safety.desk import desk_of
from custom_components.acrel_safety.operating import Operator
from simulator.devices.prepaid import PrepaidDevice
from tests.aioacrel.control_rigs import time_passing
from tests.integration.alarm_rigs import recorded
from tests.integration.conftest import CabinetMaker, LinkMaker
from tests.integration.rigs import QUICK, LinkRig, is_now

UNIT, MODEL = 5, "ddsy1352"
ALL = ["off", "on", "settings", "tests", "tags"]
USUAL: Mapping[str, Any] = {
    "enabled": True,
    "may_close": True,
    "rights": {"administrators": ALL, "automations": ["off"]},
}


ANSWERED = ("select", "operate", "hang_tag", "list_operations", "list_alarms", "confirm_cut_off", "list_cut_offs")
"""Actions of ours that answer."""


@dataclass(frozen=True)
class ControlRig:
    """The link, and short ways to what is operated."""

    link: LinkRig
    unit_id: int = UNIT

    @property
    def hass(self) -> HomeAssistant:
        return self.link.hass

    @property
    def writes(self) -> int:
        """How many write requests the cabinet saw."""
        return sum(len(unit.writes) for unit in self.link.cabinet.units.values())

    @property
    def is_closed(self) -> bool:
        """What is so in the cabinet."""
        return self.link.cabinet.units[self.unit_id].truth()["1"]["RlySta"] is True

    @property
    def operator(self) -> Operator:
        found = self.link.coordinator(self.unit_id).operator
        assert found is not None
        return found

    @property
    def switch(self) -> str:
        """The switch of the relay."""
        return self.handle("switch", "1_remote_breaker")

    def handle(self, platform: str, name: str) -> str:
        """Return the entity of a handle."""
        found = self.find(platform, name)
        assert found is not None
        return found

    def find(self, platform: str, name: str) -> str | None:
        """Return the entity of a handle, None if there is none."""
        unique_id = f"{self.link.subentry(self.unit_id).subentry_id}_control_{name}"
        return er.async_get(self.hass).async_get_entity_id(platform, DOMAIN, unique_id)

    def state(self) -> State:
        """Return the state of the relay's switch."""
        found = self.hass.states.get(self.switch)
        assert found is not None
        return found

    def relay(self, *, closed: bool) -> None:
        """Move the relay at the meter itself, under forced control: nothing is sent for it."""
        self.link.cabinet.units[self.unit_id].device.write(0x57, [1, int(not closed)])

    def move_by_hand(self, *, closed: bool) -> None:
        """Move the relay as a hand does, or a trip."""
        meter = self.link.cabinet.units[self.unit_id].device
        assert isinstance(meter, PrepaidDevice)
        meter.move_by_hand(closed=closed)

    async def allow(self, control: Mapping[str, Any]) -> None:
        """Let the owner say something else of operating the device; the link is loaded anew."""
        subentry = self.link.subentry(self.unit_id)
        data = {**subentry.data, "control": control}
        self.hass.config_entries.async_update_subentry(self.link.entry, subentry, data=data)
        await self.hass.async_block_till_done()

    async def shows(self, word: str) -> State:
        """Return as soon as the switch shows a state."""
        return await self.link.until(self.switch, is_now(word))

    async def turn(self, way: str, user: MockUser | None, domain: str = "switch", **target: object) -> None:
        """Call a switch service for somebody, or for nobody."""
        await self.hass.services.async_call(
            domain,
            f"turn_{way}",
            target or {"entity_id": self.switch},
            blocking=True,
            context=Context(user_id=None if user is None else user.id),
        )

    async def act(self, action: str, user: MockUser | None, **data: object) -> Mapping[str, Any]:
        """Call one of our own actions; what answers is asked for its answer."""
        answer = await self.hass.services.async_call(
            DOMAIN,
            action,
            data,
            blocking=True,
            context=Context(user_id=None if user is None else user.id),
            return_response=action in ANSWERED,
        )
        return answer or {}

    async def recorded(self, kind: Kind = Kind.COMMAND) -> list[Mapping[str, Any]]:
        """Return what the record says of a kind."""
        await desk_of(self.hass).record.async_written()
        return recorded(self.link, kind)


@asynccontextmanager
async def meter(
    cabinet_of: CabinetMaker, link_to: LinkMaker, control: Mapping[str, Any] | None = USUAL
) -> AsyncGenerator[ControlRig]:
    """Set up a prepaid meter; its cabinet's time passes."""
    cabinet = await cabinet_of({UNIT: MODEL})
    data: dict[str, Any] = {} if control is None else {"control": control}
    rig = ControlRig(await link_to(cabinet, intervals=QUICK, **data))
    async with time_passing(cabinet.advance):
        yield rig


async def person(hass: HomeAssistant, group_id: str, name: str) -> MockUser:
    """Return a user of a group."""
    group = await hass.auth.async_get_group(group_id)
    assert group is not None
    return MockUser(name=name, groups=[group]).add_to_hass(hass)


async def administrator(hass: HomeAssistant) -> MockUser:
    return await person(hass, GROUP_ID_ADMIN, "Ada")


async def user(hass: HomeAssistant) -> MockUser:
    return await person(hass, GROUP_ID_USER, "Uwe")


async def reader(hass: HomeAssistant) -> MockUser:
    return await person(hass, GROUP_ID_READ_ONLY, "Rita")
