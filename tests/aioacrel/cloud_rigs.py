"""A cloud that answers what a test says, over a real socket of this machine; shapes as public programs expect them.

Names, numbers and values are made up. What is asked for and not prepared is answered as a server does that has no such
page.
"""

import json
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from typing import Any, Self

import aiohttp
from aiohttp import web

from custom_components.acrel_safety.aioacrel.cloud.account import Account
from custom_components.acrel_safety.aioacrel.cloud.address import CloudAddress
from custom_components.acrel_safety.aioacrel.cloud.profile_reader import profile

USER, PASSWORD, SECOND = "olga@example.org", "pass-wörd-1", "second-secret-2"
TOKEN, RENEWED = "eyJhbGciOiJIUzI1NiJ9.first.token", "eyJhbGciOiJIUzI1NiJ9.second.token"
SITE, ARCM300T, ARCM310 = "10100001", "100101", "100102"
PREFIX = "/SubstationWEBV2/"

LOGIN = {
    "authorization": TOKEN,
    "userId": "1001",
    "username": USER,
    "fProjectname": "Demo project",
    "fCoaccountNo": "77",
    "fConame": "Demo Company",
    "webAPIInfo": {"fVersion": "v5"},
    "partyUserInfo": {"energy": {"dns": "x", "accountNum": "a", "password": "party-secret"}},
}
METERS = {
    "1,2": [{"meterCode": ARCM300T, "meterName": "1F distribution box", "meterType": "1", "meterStatus": "0"}],
    "3": [
        {
            "meterCode": ARCM310,
            "meterName": "Kitchen breaker",
            "meterType": "3",
            "meterStatus": "1",
            "meterCurrentValue": json.dumps(
                {"status": "0", "receiveTime": "2026-11-22 09:02:00", "timerStatus": "0", "switchStatus": "1"}
            ),
        }
    ],
}
MINUTE_LATER = "2026-11-22 09:01:00.0"
DETAIL = {"temp": {"tempA": "A相温度报警"}, "iLeakage": {"iLeakage": "漏电报警"}}
ALARM = {
    "fAlarmeventlogid": "810001",
    "fSubid": 10100001,
    "fSubname": "Demo site",
    "fDevicecode": ARCM300T,
    "fDevicename": "1F distribution box",
    "fAlarmtime": "2026-11-22 08:59:10",
    "fAlarmtype": "高限报警",
    "fAlarmdesc": "漏电流 412 mA",
    "fMessInfoExplain": "遥测越限",
    "fMessInfoTypeExplain": "重大",
    "fConfirmstatus": False,
}
LEAKAGE = {
    "fMetercode": ARCM300T,
    "fMeterName": "1F distribution box",
    "fIl": 43.5,
    "fTempa": 31.2,
    "fTempb": "30.8",
    "fTempc": 31.0,
    "fTempn": 29.9,
    "fUpdatetime": "2026-11-22 09:00:00",
}


def ok(data: object) -> dict[str, Any]:
    """Return an envelope."""
    return {"code": 200, "msg": "ok", "data": data}


def usual() -> dict[str, Any]:
    """Return what a server answers, by path below the prefix."""
    return {
        "main/getAppIndexSets": ok({"appIndexSets": [], "imgURL": "", "indexencryptAll": False}),
        "user/login": ok(LOGIN),
        "v5/logout": ok(None),
        "v5/getSubstationListByUser": ok({"list": [{"fSubid": 10100001, "fSubname": "Demo site"}]}),
        "v5/selectByStationId": lambda asked: ok({"list": METERS[asked.query["meterType"]]}),
        "v5/selectOne": lambda asked: ok({"meterInfo": {"meterCode": asked.query["meterCode"], **OF_ONE}}),
        "main/runningStatus/CommunicationStatus": ok({"MeterUseInfoList": {"gateways": [{"meterUseInfos": HEARD}]}}),
        "sys/getCircuitInfo": ok({"res": [{"fCircuitid": "c1", "fMetercode": ARCM300T}]}),
        "v5/energySecurity/leakageMonitor": ok({"leakageCurrentValues": [LEAKAGE]}),
        "v5/getTempABCResult": ok(
            {
                "list": [
                    {
                        "f_MeterCode": ARCM310,
                        "a": 30,
                        "b": "31.5",
                        "c": None,
                        "n": "-",
                        "timeA": "2026-11-22 09:01:00.0",
                    }
                ]
            }
        ),
        "sys/startOpenMqtt": ok(True),
        "main/getParamList": ok({"result": [{"fParamcode": "P", "fUnitcode": "kW"}, {"fParamcode": "Q"}]}),
        "v5/getMessInfoType": ok({"tDtMessInfoType": [{"fMessinfotypeid": 2, "fMessinfotypeexplain": "重大"}]}),
        "v5/getAlarmEventLogList": ok({"tDtMessInfoType": {}, "alarmEventLogList": {"list": [ALARM]}}),
        "v5/confirmAlarmEvents": ok(None),
        "v5/setAlarmEventUnConfirmed": ok(None),
        "v5/getControlValidType": ok({"validType": "password", "userPhone": "13912345678"}),
        "v5/verifySePassword": ok(None),
        "v5/sendSMSValid": ok(4711),
        "v5/checkSMSValid": ok(True),
        "v5/send310ControlDemandHTTP": ok({"a": "命令发送成功"}),
        "v5/sendMeterControlDemandHTTP": ok({"a": "命令发送成功"}),
        "v5/getARCM310ControlLogList": ok({"pageInfo": {"list": [LOGGED]}}),
        "v5/getARCMControlLogList": ok({"pageInfo": {"list": []}}),
        "v5/energySecurity/leakageCurrentAndTemp": ok({"leakageCurrentAndTempValues": [OF_DAY]}),
        "v5/powerMonitoring/ElectricData": ok({"CircuitValueByDate": ELECTRIC}),
        "v5/powerAnalysis/ConsumeEnergyReport": ok(
            [{"fCircuitname": "Feeder 1", "fStartvalue": "1000.5", "fEndvalue": 1010.5, "fConsumevalue": 10}]
        ),
    }


OF_ONE = {
    "meterId": "1",
    "meterName": "1F distribution box",
    "stationId": SITE,
    "updateTime": "2026-11-22 09:02:00",
    "meterStatus": "1",
    "meterDetail": json.dumps(DETAIL, ensure_ascii=False),
}
HEARD = [
    {"fMetername": "1F distribution box", "fIsdisconnnect": "0", "fLastcollecttime": "2026-11-22 09:02:00"},
    {"fMetername": "Kitchen breaker", "fIsdisconnnect": 1, "fDisconnecttime": "2026-11-22 08:00:00"},
    {"fMetername": "Unheard of", "fIsdisconnnect": "?"},
]
LOGGED = {
    "fControltype": "DO",
    "fSendtime": "2026-11-22 09:03:00",
    "fUsername": "Olga",
    "meterInfoname": "Kitchen breaker",
    "fMeterserialnumber": "22112200000011",
    "fAcktime": "2026-11-22 09:03:02",
    "fResult": "成功",
}
OF_DAY = {
    "origCurrentValues": [
        {"fCollecttime": "2026-11-22 00:30:00", "fIl": "41"},
        {"fCollecttime": "2026-11-22 00:00:00", "fIl": 40},
        {"fCollecttime": "never", "fIl": 40},
    ],
    "origEnvironmentValues": [{"fCollecttime": "2026-11-22 00:00:00", "fTempa": 30.5, "fTempb": None}],
}
ELECTRIC = [
    {"fCollecttime": "2026-11-22 00:00:00", "fParamcode": "Ia", "fParamvalue": "1.5"},
    {"fCollecttime": "2026-11-22 00:00:00", "fParamcode": "fIb", "fParamvalue": 2},
    {"fCollecttime": "2026-11-22 00:00:00", "fParamcode": "Zz", "fParamvalue": 3},
]


@dataclass(frozen=True, kw_only=True)
class Heard:
    """A request as the server got it."""

    method: str
    path: str
    """Below the prefix, or whole where it is not below."""
    query: dict[str, str]
    form: dict[str, str]
    json: Any
    headers: dict[str, str]


type Made = web.StreamResponse | bytes | object
type Answering = Callable[[Heard], Made | Awaitable[Made]]


@dataclass
class Rig:
    """The server and what it heard."""

    answers: dict[str, Any] = field(default_factory=usual)
    """By path: an envelope, bytes, a response, a list of these for one after the other, or what makes one."""
    heard: list[Heard] = field(default_factory=list)
    url: str = ""
    session: aiohttp.ClientSession = field(init=False)

    @property
    def address(self) -> CloudAddress:
        return CloudAddress.parse(self.url, allow_http=True)

    def account(self, **more: object) -> Account:
        kept: dict[str, Any] = {"user": USER, "password": PASSWORD, **more}
        known = kept.pop("profile", None) or profile("acrelcloud-1000")
        return Account(self.session, self.address, known, **kept)

    def asked(self, path: str) -> list[Heard]:
        """Return the requests for a path."""
        return [one for one in self.heard if one.path == path]

    async def handle(self, request: web.Request) -> web.StreamResponse:
        body = await request.read()
        is_json = request.content_type == "application/json"
        one = Heard(
            method=request.method,
            path=request.path.removeprefix(PREFIX),
            query=dict(request.query),
            form={name: str(value) for name, value in (await request.post()).items()} if not is_json else {},
            json=json.loads(body) if is_json and body else None,
            headers=dict(request.headers),
        )
        self.heard.append(one)
        answer = self.answers.get(one.path)
        if isinstance(answer, list):
            answer = answer.pop(0) if len(answer) > 1 else answer[0]
        if callable(answer):
            answer = answer(one)
            if isinstance(answer, Awaitable):
                answer = await answer
        if answer is None:
            return web.Response(status=404, text="<html>404</html>", content_type="text/html")
        if isinstance(answer, web.StreamResponse):
            return answer
        if isinstance(answer, bytes):
            return web.Response(body=answer, content_type="application/json")
        return web.json_response(answer)

    @classmethod
    @asynccontextmanager
    async def running(cls) -> AsyncIterator[Self]:
        """Serve, and hold a session that keeps nothing."""
        rig = cls()
        async with cls.serving(rig):
            yield rig

    @classmethod
    @asynccontextmanager
    async def serving(cls, rig: Rig) -> AsyncIterator[None]:
        """Serve what a rig handles from now on."""
        async with AsyncExitStack() as stack:
            application = web.Application(client_max_size=1024**2)
            application.router.add_route("*", "/{path:.*}", rig.handle)
            runner = web.AppRunner(application, access_log=None, handle_signals=False, shutdown_timeout=0.1)
            await runner.setup()
            stack.push_async_callback(runner.cleanup)
            site = web.TCPSite(runner, "127.0.0.1", 0)
            await site.start()
            rig.url = f"http://127.0.0.1:{runner.addresses[0][1]}"
            rig.session = await stack.enter_async_context(
                aiohttp.ClientSession(cookie_jar=aiohttp.DummyCookieJar(), trust_env=False)
            )
            yield
