"""The Home Assistant of `push.py`, in a process of its own: `python -m benchmarks.push_worker PORT RECORDS`.

Its own web server takes what is sent; a handler of its own webhook beside it is the peer. It says `ready`, and ends
when its input does.
"""

import asyncio
import sys
import tempfile
from http import HTTPStatus
from pathlib import Path

from aiohttp.web import Request, Response, json_response
from homeassistant import loader
from homeassistant.components import webhook
from homeassistant.core import HomeAssistant
from homeassistant.helpers import frame
from homeassistant.helpers.recorder import async_initialize_recorder
from homeassistant.setup import async_setup_component
from pytest_homeassistant_custom_component.common import MockConfigEntry, async_test_home_assistant

from benchmarks.push import DEVICES, IDLE, MODEL, OURS, PEER, serial
from custom_components.acrel_safety.const import DOMAIN, SUBENTRY_DEVICE

_ALWAYS_THERE = ("file_upload", "usb")


async def _returns_at_once(_: HomeAssistant, __: str, request: Request) -> Response:
    await request.read()
    return Response(status=HTTPStatus.OK)


async def work(port: int, *, records: bool) -> None:
    """Serve until the input ends."""
    with tempfile.TemporaryDirectory() as folder:
        async with async_test_home_assistant(config_dir=folder) as hass:
            frame.async_setup(hass)
            # The test harness allows no custom integrations unless it is told to look for them.
            hass.data.pop(loader.DATA_CUSTOM_COMPONENTS, None)
            if records:
                async_initialize_recorder(hass)
                recorder = {"db_url": f"sqlite:///{Path(folder) / 'recorder.db'}", "commit_interval": 1}
                if not await async_setup_component(hass, "recorder", {"recorder": recorder}):
                    raise RuntimeError("the recorder could not be set up")
            http = {"server_host": ["127.0.0.1"], "server_port": port}
            if not await async_setup_component(hass, "http", {"http": http}):
                raise RuntimeError("the web server could not be set up")
            for component in (*_ALWAYS_THERE, "webhook"):
                await async_setup_component(hass, component, {})
            entry = MockConfigEntry(
                domain=DOMAIN,
                title="Platform",
                data={"type": "push", "webhook_id": OURS, "local_only": True, "clock": "vendor", "reports_every": 60},
                subentries_data=[
                    {
                        "subentry_type": SUBENTRY_DEVICE,
                        "title": f"Circuit {number}",
                        "unique_id": serial(number),
                        "data": {"serial_number": serial(number), "model": MODEL},
                    }
                    for number in range(DEVICES)
                ],
            )
            entry.add_to_hass(hass)
            await hass.config_entries.async_setup(entry.entry_id)
            await hass.async_block_till_done()

            async def idle(_: HomeAssistant, __: str, ___: Request) -> Response:
                """Say how many requests were worked off, and how many entities show a value."""
                coordinator, *_ = entry.runtime_data.coordinators.values()
                details = await entry.runtime_data.hub.async_details(coordinator.source)
                shown = sum(one.state not in ("unknown", "unavailable") for one in hass.states.async_all("sensor"))
                return json_response({"requests": details["requests"], "shown": shown})

            webhook.async_register(hass, DOMAIN, "Peer", PEER, _returns_at_once, local_only=True)
            webhook.async_register(hass, DOMAIN, "Idle", IDLE, idle, local_only=True)
            await hass.async_start()
            await asyncio.to_thread(_say, "ready")
            await asyncio.to_thread(sys.stdin.read)
            await hass.async_stop(force=True)


def _say(text: str) -> None:
    print(text, flush=True)


if __name__ == "__main__":
    asyncio.run(work(int(sys.argv[1]), records=sys.argv[2] == "records"))
