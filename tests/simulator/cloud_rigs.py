"""Somebody who calls a simulated cloud, as the vendor's app does."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import aiohttp

from simulator.cloud import Cloud
from simulator.cloud.accounts import md5

USER, PASSWORD, SECOND = "owner", "pass-Word-1", "second-Word-2"


type Json = Any
"""What JSON makes, and what makes it."""


class App:
    """Logs in once, and calls."""

    def __init__(self, cloud: Cloud, session: aiohttp.ClientSession) -> None:
        self.cloud = cloud
        self.session = session
        self.token = ""
        self.version = "v5"

    def address(self, name: str) -> str:
        middle = f"/{self.version}{name}" if name.startswith("/") else f"/{name}"
        return f"{self.cloud.url}/{self.cloud.behaviour.prefix}{middle}"

    async def raw(self, method: str, name: str, **more: Json) -> aiohttp.ClientResponse:
        headers = {"Authorization": self.token} if self.token else {}
        return await self.session.request(method, self.address(name), headers=headers, **more)

    async def whole(self, method: str, name: str, **more: Json) -> Json:
        async with await self.raw(method, name, **more) as response:
            assert response.status == 200, await response.text()
            return await response.json()

    async def get(self, name: str, **parameters: str) -> Json:
        return (await self.whole("GET", name, params=parameters))["data"]

    async def post(self, name: str, **form: str) -> Json:
        return (await self.whole("POST", name, data=form))["data"]

    async def log_in(self, password: str = PASSWORD, user: str = USER) -> Json:
        form = {"fLoginname": user, "fPassword": password, "deviceType": "IOS", "uniqueProjectip": "127.0.0.1"}
        answer = await self.whole("POST", "user/login", data=form)
        if answer["code"] in (200, "200"):
            self.token = answer["data"]["authorization"]
            self.version = answer["data"]["webAPIInfo"]["fVersion"]
        return answer

    async def prove(self, second: str = SECOND) -> Json:
        return await self.whole("POST", "/verifySePassword", data={"sePassword": md5(second)})

    async def command(self, meter: Json, type_: str, value: str, **more: str) -> Json:
        name = "/send310ControlDemandHTTP" if meter.kind == "3" else "/sendMeterControlDemandHTTP"
        body = [{"meterCode": meter.code, "substationId": meter.site, "type": type_, "value": value, **more}]
        return await self.whole("POST", name, json=body)


@asynccontextmanager
async def called(cloud: Cloud) -> AsyncIterator[App]:
    """Start a cloud with one account, and log in."""
    cloud.account(USER, PASSWORD, second=SECOND)
    async with cloud, aiohttp.ClientSession() as session:
        app = App(cloud, session)
        await app.log_in()
        yield app
        await asyncio.sleep(0)
