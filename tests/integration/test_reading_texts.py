"""The library's texts are read where nothing waits for the disk; Home Assistant itself tells when they are not."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from homeassistant import block_async_io
from homeassistant.core import HomeAssistant

from custom_components.acrel_safety.aioacrel.texts import texts
from custom_components.acrel_safety.issues import Issue
from tests.integration.conftest import CabinetMaker, LinkMaker
from tests.integration.flows import QUICK_LINE, add_link
from tests.integration.test_support import the_issue


@pytest.fixture
def just_started(disable_block_async_io: None, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Nothing was read yet, and Home Assistant looks out for what blocks its event loop, as it does from its start."""
    texts.cache_clear()
    # In tests Home Assistant would not look at files.
    monkeypatch.setattr(block_async_io, "_IN_TESTS", False)
    block_async_io.enable()
    yield
    texts.cache_clear()


def blocked(log: pytest.LogCaptureFixture) -> list[str]:
    said = [record.getMessage() for record in log.records if "blocking call" in record.getMessage()]
    return [message for message in said if "aioacrel/texts/" in message]


async def test_a_device_with_something_to_mend_is_told_without_blocking(
    hass: HomeAssistant,
    cabinet_of: CabinetMaker,
    link_to: LinkMaker,
    caplog: pytest.LogCaptureFixture,
    just_started: None,
) -> None:
    rig = await link_to(await cabinet_of({7: "asj10l"}), {7: "asj10l", 20: "ascb1"})
    assert the_issue(rig, 20, Issue.TABLE_MISSING) is not None
    assert texts.cache_info().currsize == 2
    assert blocked(caplog) == []


async def test_the_first_flow_of_all_explains_a_failure_without_blocking(
    hass: HomeAssistant, caplog: pytest.LogCaptureFixture, just_started: None, tmp_path: Path
) -> None:
    link = await add_link(hass, "serial")
    await link.answer(device=str(tmp_path / "ttyUSB9"), line=QUICK_LINE)
    assert link.errors == {"device": "port_missing"}
    assert texts.cache_info().currsize == 2
    assert blocked(caplog) == []
