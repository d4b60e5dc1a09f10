"""The cloud of a standard cabinet, over the command line and the control channel; many sites."""

import asyncio
import re
import signal
import sys
from contextlib import suppress
from pathlib import Path

import aiohttp

from simulator import Cabinet
from simulator.channel import Channel
from simulator.cloud import Cloud
from simulator.cloud.standard import BREAKER, MONITOR, PASSWORD, SECOND, TOWN, TWIN_CODE, USER, CloudSite, fill
from simulator.control import ControlServer
from tests.simulator.cloud_rigs import App, called

ROOT = Path(__file__).parents[2]
LOOP_SECONDS = 20.0


async def test_the_command_line_runs_a_cloud_with_many_sites(tmp_path: Path) -> None:
    control = tmp_path / "control"
    options = ("--cloud", "0", "--cloud-sites", "2x3", "--control", str(control), "--tcp-port", "0", "--rtu-port", "0")
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "simulator", *options, cwd=ROOT, stdout=asyncio.subprocess.PIPE
    )
    try:
        assert process.stdout is not None
        said = b""
        async with asyncio.timeout(LOOP_SECONDS):
            while b"Ctrl-C" not in said:
                said += await process.stdout.read(4096)
        found = re.search(r"cloud +(\S+), account", said.decode())
        assert found is not None
        async with aiohttp.ClientSession() as session:
            form = {"fLoginname": USER, "fPassword": PASSWORD}
            async with session.post(f"{found[1]}/SubstationWEBV2/user/login", data=form) as response:
                assert (await response.json())["code"] == 200
        heard = await Channel.of(control).ask({"do": "heard", "who": "cloud"})
        assert heard["heard"] == ["POST /SubstationWEBV2/user/login"]
        process.send_signal(signal.SIGTERM)
        assert await process.wait() == 0
    finally:
        with suppress(ProcessLookupError):
            process.kill()
        await process.wait()


async def test_the_control_channel_does_things_to_it() -> None:
    cabinet = Cabinet.standard(frozen=True)
    site = CloudSite(cabinet)
    control = ControlServer(cabinet, {one.serial: one for one in site.stations})
    async with site.cloud, aiohttp.ClientSession() as session:
        app = App(site.cloud, session)
        await app.log_in(PASSWORD, USER)
        rows = (await app.get("/selectByStationId", stationId=TOWN))["list"]
        assert [row["meterType"] for row in rows] == ["3", "1"]
        assert site.units == {BREAKER: BREAKER, rows[1]["meterCode"]: MONITOR, TWIN_CODE: 1}
        assert control.answer('{"do": "act", "who": "cloud", "what": "be_busy"}')["ok"]
        assert (await app.whole("GET", "/getMessInfoType"))["code"] == 5000
        control.answer('{"do": "act", "who": "cloud", "what": "be_broken"}')
        control.answer('{"do": "act", "who": "cloud", "what": "be_well"}')
        control.answer('{"do": "act", "who": "cloud", "what": "lose_devices"}')
        assert await lost(app) == ["Kitchen breaker", "Cellar monitor"]
        control.answer('{"do": "act", "who": "cloud", "what": "find_devices"}')
        assert await lost(app) == []
        control.answer('{"do": "act", "who": "cloud", "what": "expire_tokens"}')
        assert (await app.whole("GET", "/getMessInfoType"))["code"] == 700
        control.answer('{"do": "act", "who": "cloud", "what": "kick_out"}')
        assert (await app.whole("GET", "/getMessInfoType"))["msg"] == "Unauthorized"
        await app.log_in(PASSWORD, USER)
        await app.prove(SECOND)
        await app.command(site.breaker, "DO", "0")
        assert not cabinet.unit(BREAKER).closed
        control.answer('{"do": "act", "who": "cloud", "what": "want_codes"}')
        assert (await app.get("/getControlValidType"))["validType"] == "sms"
        message = await app.get("/sendSMSValid")
        code = str(control.answer('{"do": "heard", "who": "phone"}')["heard"]).strip("[]'")
        control.answer('{"do": "act", "who": "cloud", "what": "expire_codes"}')
        assert await app.get("/checkSMSValid", code=code, msgId=message) is False
        control.answer('{"do": "act", "who": "cloud", "what": "want_passwords"}')
        assert (await app.get("/getControlValidType"))["validType"] == "password"


async def test_many_sites_answer_and_keep_their_answers_for_a_while() -> None:
    cloud = Cloud()
    fill(cloud, 50, 20)
    async with called(cloud) as app:
        sites = (await app.get("/getSubstationListByUser", pageNo="1", pageSize="999"))["list"]
        assert len(sites) == 50
        cloud.behaviour.keeps_s = 1e9
        (meter, *_) = cloud.sites[sites[7]["fSubid"]].meters.values()
        first = await app.get("/energySecurity/leakageMonitor", fSubid=meter.site)
        meter.figures.set["Lg"] = 999.0
        assert await app.get("/energySecurity/leakageMonitor", fSubid=meter.site) == first
        cloud.expire()
        assert (await app.whole("GET", "/energySecurity/leakageMonitor", params={"fSubid": meter.site}))["code"] == 700


async def lost(app: App) -> list[str]:
    answer = await app.get("main/runningStatus/CommunicationStatus", fSubid=TOWN, fIsdisconnnect="1")
    return [row["fMetername"] for gateway in answer["MeterUseInfoList"]["gateways"] for row in gateway["meterUseInfos"]]
