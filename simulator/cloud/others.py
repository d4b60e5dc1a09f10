"""Hosts of other generations, which a client has to tell apart: the IoT EMS platform, and the ASP.NET programs."""

import json
from collections.abc import Mapping
from types import TracebackType
from typing import Self, Unpack

from aiohttp import web

from simulator.cloud.clock import utcnow
from simulator.cloud.hosting import Host, Options
from simulator.cloud.requests import Heard

IOT, ASP, PAGE = "iot", "asp", "page"
NO_TOKEN, BAD_TOKEN, GENERIC = "10006", "10004", "2100"
_IOT_PREFIXES = ("/basic/prepayment/", "/basic/currency/")
_IOT_LOGINS = ("auth_user/login", "app/appUserLogin")
_ASP_HEADERS = {"Server": "Microsoft-IIS/8.5", "X-AspNet-Version": "4.0.30319", "X-Powered-By": "ASP.NET"}
_ASP_ROUTES = ("/Home/newLogin", "/Ajax/UserLogin.ashx")
_ASP_PAGE = (
    '<!DOCTYPE html><html><head><title>登录</title></head><body><form id="form1" action="/Home/newLogin" method="post">'
    '<input type="hidden" name="data"/><input id="user"/></form><script src="/Scripts/login.js"></script></body></html>'
)
_ASP_LOST = (
    "<!DOCTYPE html><html><head><title>The resource cannot be found.</title></head>"
    "<body><h1>Server Error in '/' Application.</h1></body></html>"
)
_PAGE = "<!DOCTYPE html><html><head><title>Router</title></head><body>Welcome</body></html>"


class OtherHost:
    """A host of a kind: `iot`, `asp`, or `page` that has a page for everything."""

    def __init__(self, kind: str, **ways: Unpack[Options]) -> None:
        """Take what it is. Raises ValueError."""
        self._serve = {IOT: self._iot, ASP: self._asp, PAGE: self._page}.get(kind)
        if self._serve is None:
            raise ValueError(f"no host {kind!r}; there are: {IOT}, {ASP}, {PAGE}")
        self.heard: list[Heard] = []
        self._host = Host(self._answer, **ways)

    @property
    def url(self) -> str:
        """Where it is."""
        return self._host.url

    async def __aenter__(self) -> Self:
        """Listen. Raises OSError."""
        await self._host.start("127.0.0.1", 0)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Close."""
        await self._host.stop()

    async def _answer(self, request: web.BaseRequest, path: str, *, secure: bool) -> web.StreamResponse:
        headers = {name.lower(): value for name, value in request.headers.items()}
        is_form = request.method == "POST" and request.content_type != "application/json"
        form = {name: str(value) for name, value in (await request.post()).items()} if is_form else {}
        content = await request.read() if not is_form else b""
        self.heard.append(
            Heard(
                method=request.method,
                path=path,
                name=path.rpartition("/")[2],
                query=dict(request.query),
                form=form,
                json=content.decode(errors="replace"),
                headers=headers,
                secure=secure,
                at=utcnow(),
            )
        )
        assert self._serve is not None  # noqa: S101 - refused above
        return self._serve(path, headers)

    def _iot(self, path: str, headers: Mapping[str, str]) -> web.Response:
        prefix = next((prefix for prefix in _IOT_PREFIXES if path.startswith(prefix)), None)
        if prefix is None:
            return _said(GENERIC, "接口不存在", status=404)
        if path.removeprefix(prefix) in _IOT_LOGINS:
            return _said(GENERIC, "用户名或密码错误")
        return _said(BAD_TOKEN if headers.get("token") else NO_TOKEN, "token无效")

    def _asp(self, path: str, headers: Mapping[str, str]) -> web.Response:
        del headers
        if path in _ASP_ROUTES:
            return web.Response(text='{"result":"-1"}', headers=_ASP_HEADERS, content_type="text/html")
        is_page = path == "/"
        return web.Response(
            text=_ASP_PAGE if is_page else _ASP_LOST,
            status=200 if is_page else 404,
            headers=_ASP_HEADERS,
            content_type="text/html",
        )

    def _page(self, path: str, headers: Mapping[str, str]) -> web.Response:
        del path, headers
        return web.Response(text=_PAGE, content_type="text/html")


def _said(code: str, text: str, *, status: int = 200) -> web.Response:
    content = {"success": "0", "errorCode": code, "errorMsg": text, "data": None}
    return web.Response(text=json.dumps(content, ensure_ascii=False), content_type="application/json", status=status)
