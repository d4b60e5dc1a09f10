"""The history of an account whose server is another one by now: what the former one had counts for nothing."""

import pytest
from homeassistant.components.recorder.core import Recorder
from homeassistant.core import HomeAssistant

from tests.integration.test_cloud_history import DAYS, fetching

pytestmark = pytest.mark.usefixtures("socket_enabled")


async def test_what_another_server_had_does_not_count_as_fetched(recorder_mock: Recorder, hass: HomeAssistant) -> None:
    async with fetching(hass) as rig:
        # As of a former version, which did not keep where it was fetched from.
        await rig.fetch()
        rig.history._host = "a.example"
        await rig.fetch()
        rig.cloud.forget()
        await rig.fetch()
        again = rig.cloud.counts.total()
        rig.history._host = "b.example"
        rig.cloud.forget()
        await rig.fetch()
        assert rig.cloud.counts.total() >= 2 * DAYS > again
        assert len(await rig.rows("EPI")) == DAYS


async def test_nothing_is_stored_of_a_device_that_may_be_another_one(
    recorder_mock: Recorder, hass: HomeAssistant
) -> None:
    async with fetching(hass) as rig:
        rig.history.is_doubted = lambda _: True
        assert await rig.fetch() == 0
        assert await rig.rows("EPI") == {}
        rig.history.is_doubted = lambda _: False
        assert await rig.fetch() == 100
