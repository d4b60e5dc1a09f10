"""What it costs to ask an account for 1,000 devices in 50 sites.

    python -m benchmarks cloud

The simulated cloud runs in a process of its own, and answers as fast as it can. Each device has a `Device` with all its
points wanted. Counted at the server: which calls came, and how many. CPU is that of the asking process alone.
"""

import asyncio
import gc
import multiprocessing
import resource
import time
from collections import Counter
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from multiprocessing.connection import Connection
from pathlib import Path

import aiohttp

from benchmarks.report import Table
from custom_components.acrel_safety.aioacrel.alarms.reported import Report
from custom_components.acrel_safety.aioacrel.cloud.account import Account
from custom_components.acrel_safety.aioacrel.cloud.address import CloudAddress
from custom_components.acrel_safety.aioacrel.cloud.alarmfeed import AlarmFeed
from custom_components.acrel_safety.aioacrel.cloud.hub import CloudHub
from custom_components.acrel_safety.aioacrel.cloud.profile_reader import profile
from custom_components.acrel_safety.aioacrel.device import Device
from custom_components.acrel_safety.aioacrel.models import ModelLibrary
from simulator.cloud import Cloud

SITES, DEVICES = 50, 20
"""So many sites, with so many devices each."""
POLLS = 5
APART = 60.0
"""Seconds between two polls, by both clocks: each value is another one, of another time."""
USER, PASSWORD = "owner", "pass-Word-1"
_PAGE = resource.getpagesize()
_LISTS = {"selectByStationId": 2 * SITES, "leakageMonitor": SITES, "CommunicationStatus": SITES}
"""At most so many requests of each in one poll; the devices of a site come in two lists."""


def _serve(pipe: Connection) -> None:
    """Be a cloud until told to end; what was counted is told on request."""

    async def run() -> None:
        cloud = Cloud()
        cloud.account(USER, PASSWORD)
        for index in range(SITES):
            for _ in cloud.site(f"Site {index}").fill(DEVICES):
                pass
        async with cloud:
            pipe.send(
                (
                    cloud.url,
                    {site.id: [(m.code, m.kind) for m in site.meters.values()] for site in cloud.sites.values()},
                )
            )
            while True:
                said = await asyncio.to_thread(pipe.recv)
                if said == "end":
                    return
                cloud.pass_time(APART)
                if said == "expire":
                    cloud.expire()
                pipe.send(dict(cloud.counts))
                cloud.forget()

    asyncio.run(run())


def _memory() -> float:
    """Return the resident memory in KiB."""
    gc.collect()
    return int(Path("/proc/self/statm").read_text("ascii").split()[1]) * _PAGE / 1024


async def _measure(pipe: Connection, table: Table) -> None:
    url, sites = await asyncio.to_thread(pipe.recv)
    passed = 0.0

    async def counted(said: str = "counts") -> Mapping[str, int]:
        nonlocal passed
        passed += APART
        pipe.send(said)
        found: Mapping[str, int] = await asyncio.to_thread(pipe.recv)
        return found

    library, kind_of = ModelLibrary(), profile("acrelcloud-1000")
    async with aiohttp.ClientSession(cookie_jar=aiohttp.DummyCookieJar()) as session:
        address = CloudAddress.parse(url, allow_http=True)
        hub = CloudHub(
            Account(session, address, kind_of, user=USER, password=PASSWORD),
            now=lambda: datetime.now(UTC) + timedelta(seconds=passed),
        )
        feed, devices, before = AlarmFeed(), list[Device](), _memory()
        for site, meters in sites.items():
            for code, kind in meters:
                source = hub.source(site, code, library.get(kind_of.model_of(kind) or ""), kind)
                device = Device(code, source.shown_as)
                device.attach(source)
                device.want(frozenset(source.points))
                devices.append(device)
                feed.on(code, list[Report]().extend)
        hub.hooks.append(feed.look)
        await hub.start()
        await counted()
        for number in range(POLLS):
            told = "expire" if number == POLLS - 1 else "counts"
            await counted(told)
            began, cpu = time.perf_counter(), time.process_time()
            await hub.poll()
            cpu, seconds = time.process_time() - cpu, time.perf_counter() - began
            counts = Counter(await counted())
            table.add(
                poll=f"{number + 1}" + (", the token ends in it" if told == "expire" else ""),
                requests=sum(counts.values()),
                most_of_one_list_and_site=max(counts[name] / most for name, most in _LISTS.items()),
                details=counts["selectOne"],
                cpu_s=cpu,
                seconds=seconds,
                devices_heard=sum(device.is_heard for device in devices),
            )
        table.details = {"memory_kib_per_device": round((_memory() - before) / len(devices), 1)}
        await hub.stop()


def measure() -> Table:
    """Ask a few times."""
    table = Table(
        "cloud",
        "Asking an account for 1,000 devices",
        f"{SITES * DEVICES} devices in {SITES} sites, of three types; each with all its points wanted. *Most of one "
        "list and site*: requests for each page of a list of a site, at the list for which there were most. The log of "
        "events is asked for once for all, and details only of devices in alarm.",
        ["poll", "requests", "most of one list and site", "details", "cpu s", "seconds", "devices heard"],
    )
    here, there = multiprocessing.get_context("spawn").Pipe()
    server = multiprocessing.get_context("spawn").Process(target=_serve, args=(there,), daemon=True)
    server.start()
    try:
        asyncio.run(_measure(here, table))
        here.send("end")
    finally:
        server.join(10)
        server.kill()
    table.text += f" Memory: {table.details['memory_kib_per_device']} KiB for each device, its points included."
    return table
