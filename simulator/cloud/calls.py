"""One call: its parameters, its refusals, and how what it answers is spelt."""

import json
from collections.abc import Awaitable, Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from simulator.cloud.accounts import Account
from simulator.cloud.behaviour import Behaviour
from simulator.cloud.clock import Clock
from simulator.cloud.meters import Meter, Site
from simulator.cloud.requests import Heard

if TYPE_CHECKING:
    from simulator.cloud.server import Cloud

OK, WRONG_PASSWORD, MUST_LOG_IN, RENEWED, DISABLED = 200, 144, 401, 700, 335
NO_SITE, NO_ACCESS, MISSING, INVALID, UNHOSTED = 368, 348, 387, 393, 392
PROOF_MISSING, PROOF_WRONG, PROOF_NONE = 414, 415, 416
UNAUTHORIZED = "Unauthorized"
_MOST_ON_PAGE = 999

type Handler = Callable[["Call"], Awaitable[object]]


class RefusedError(Exception):
    """An answer with another code than 200."""

    def __init__(self, code: int, msg: str = "", data: object = None, **top: object) -> None:
        """Take the code, the text, and what else stands in the envelope."""
        super().__init__(code, msg)
        self.code, self.msg, self.data, self.top = code, msg, data, top


@dataclass(slots=True, kw_only=True)
class Call:
    """A call that was let in."""

    cloud: Cloud
    heard: Heard
    account: Account = field(default_factory=lambda: Account(user="", password=""))

    @property
    def behaviour(self) -> Behaviour:
        """The server's ways."""
        return self.cloud.behaviour

    def text(self, name: str, default: str | None = None) -> str:
        """Return a parameter. Raises RefusedError (387) if it is missing and there is no default."""
        value = self.heard.parameters.get(name, default)
        if value is None:
            raise RefusedError(MISSING, f"{name} 参数缺失")
        return value

    def site(self, name: str = "fSubid") -> Site:
        """Return the site that is asked about. Raises RefusedError."""
        return self.site_of(self.text(name))

    def site_of(self, site_id: str) -> Site:
        """Return a site by its id. Raises RefusedError (368 no such site, 348 not this account's)."""
        site = self.cloud.sites.get(site_id)
        if site is None:
            raise RefusedError(NO_SITE, "站点不存在")
        if self.account.sites is not None and site_id not in self.account.sites:
            raise RefusedError(NO_ACCESS, "无该站点权限")
        return site

    def clock_of(self, site: str) -> Clock:
        """Return the clock by which times of a site are spelled."""
        return self.cloud.sites[site].clock

    def sites(self) -> list[Site]:
        """Return those that the account sees."""
        seen = self.account.sites
        return [site for site in self.cloud.sites.values() if seen is None or site.id in seen]

    def meter(self, code: str) -> Meter:
        """Return a device by its code. Raises RefusedError."""
        for site in self.cloud.sites.values():
            if (meter := site.meters.get(code)) is not None:
                self.site_of(site.id)
                return meter
        raise RefusedError(INVALID, "设备不存在")

    def paged[T](self, rows: Iterable[T]) -> dict[str, object]:
        """Return the page that is asked for as an object, with what the server tells besides. Raises RefusedError."""
        found = list(rows)
        count = {"right": len(found), "wrong": len(found) + 7}.get(self.behaviour.total)
        return {"list": self.page(found), **({} if count is None else {"total": count})}

    def page[T](self, rows: Iterable[T]) -> list[T]:
        """Return the page that is asked for. Raises RefusedError."""
        found = list(rows)
        number, size = self._number("pageNo", 1), self._number("pageSize", _MOST_ON_PAGE)
        most = self.behaviour.most_rows
        if most is not None and size > most:
            begin = (number - 1) * (size if self.behaviour.skips_as_asked else most)
            return found[begin : begin + most]
        if self.behaviour.endless:
            return [found[index % len(found)] for index in range(size)] if found else []
        return found[(number - 1) * size : number * size]

    def _number(self, name: str, default: int) -> int:
        text = self.text(name, str(default))
        if not text.isdecimal() or not 0 < int(text) <= _MOST_ON_PAGE:
            raise RefusedError(INVALID, f"{name} 参数错误")
        return int(text)


def envelope(code: int, msg: str, data: object, behaviour: Behaviour, count: int, **top: object) -> bytes:
    """Spell an answer as this server does; `count` is the number of the request."""
    as_text = behaviour.codes == "text" or (behaviour.codes == "mixed" and count % 2 == 0)
    answer = {"code": str(code) if as_text else code, "msg": msg, **top, "data": _spelt(data, behaviour)}
    return json.dumps(answer, ensure_ascii=False).encode()


def _spelt(content: Any, behaviour: Behaviour) -> Any:  # noqa: ANN401 - JSON
    if behaviour.numbers == "plain" and not behaviour.extra:
        return content
    if isinstance(content, Mapping):
        return {key: _spelt(value, behaviour) for key, value in content.items()} | behaviour.extra
    if isinstance(content, list):
        return [_spelt(each, behaviour) for each in content]
    if behaviour.numbers == "text" and isinstance(content, int | float) and not isinstance(content, bool):
        return str(content)
    is_number = isinstance(content, str) and content.isascii() and content.isdecimal() and str(int(content)) == content
    return int(content) if behaviour.numbers == "number" and is_number else content
