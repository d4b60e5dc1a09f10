"""A real cabinet on loopback and a real Home Assistant: nothing between them is mocked."""

from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping
from typing import Protocol

import pytest
from homeassistant.config_entries import ConfigEntryState
from homeassistant.core import HomeAssistant
from pytest_homeassistant_custom_component.common import MockConfigEntry

from custom_components.acrel_safety.hubs import modbus_data
from simulator import Cabinet
from simulator.scenarios import Option
from tests.integration.rigs import Framing, LinkRig, device, link_entry


@pytest.fixture(autouse=True)
def _acrel_safety_is_found(request: pytest.FixtureRequest) -> None:
    """Let Home Assistant load custom integrations; a recorder has to be there before it starts."""
    for name in ("recorder_mock", "enable_custom_integrations"):
        if name == "enable_custom_integrations" or name in request.fixturenames:
            request.getfixturevalue(name)


@pytest.fixture
def hass_config_dir(hass_tmp_config_dir: str) -> str:
    """Give each test a configuration folder of its own: the record is kept there."""
    return hass_tmp_config_dir


class CabinetMaker(Protocol):
    """Starts a cabinet whose clock stands still, so that truth and registers agree for ever."""

    def __call__(
        self, models: Mapping[int, str], *, options: Mapping[int, Mapping[str, Option]] | None = None
    ) -> Awaitable[Cabinet]: ...


@pytest.fixture
async def cabinet_of(socket_enabled: None) -> AsyncGenerator[CabinetMaker]:
    """Make cabinets; they are stopped at the end."""
    cabinets: list[Cabinet] = []

    async def make(models: Mapping[int, str], *, options: Mapping[int, Mapping[str, Option]] | None = None) -> Cabinet:
        cabinet = Cabinet.of(models, frozen=True, options=options or {})
        cabinet.advance(60)
        await cabinet.start()
        cabinets.append(cabinet)
        return cabinet

    yield make
    for cabinet in cabinets:
        await cabinet.stop()


class LinkMaker(Protocol):
    """Sets up a link to a cabinet with some of its units; keywords are subentry data of all of them."""

    def __call__(
        self, cabinet: Cabinet, models: Mapping[int, str] | None = None, *, framing: Framing = "tcp", **data: object
    ) -> Awaitable[LinkRig]: ...


@pytest.fixture
def any_interval(monkeypatch: pytest.MonkeyPatch) -> Callable[[], None]:
    """Let a test read more often, or less, than a user may ask for."""

    def allow() -> None:
        monkeypatch.setattr(modbus_data, "INTERVALS", dict.fromkeys(modbus_data.INTERVALS, (0.01, 1e9)))

    return allow


@pytest.fixture
async def link_to(
    hass: HomeAssistant, cabinet_of: CabinetMaker, any_interval: Callable[[], None]
) -> AsyncGenerator[LinkMaker]:
    """Set up links; they are unloaded at the end, before the cabinets stop."""
    entries: list[MockConfigEntry] = []

    async def make(
        cabinet: Cabinet, models: Mapping[int, str] | None = None, *, framing: Framing = "tcp", **data: object
    ) -> LinkRig:
        if models is None:
            models = {unit_id: unit.model for unit_id, unit in cabinet.units.items()}
        if "intervals" in data:
            any_interval()
        devices = [device(unit_id, model, data=data) for unit_id, model in models.items()]
        entry = link_entry(cabinet, devices, framing=framing)
        entry.add_to_hass(hass)
        entries.append(entry)
        await hass.config_entries.async_setup(entry.entry_id)
        await hass.async_block_till_done()
        return LinkRig(hass, entry, cabinet)

    yield make
    for entry in entries:
        if entry.state is ConfigEntryState.LOADED:
            await hass.config_entries.async_unload(entry.entry_id)
    await hass.async_block_till_done()
