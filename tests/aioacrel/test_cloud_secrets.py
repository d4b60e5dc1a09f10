"""Nothing secret is in an exception, a log, a figure or how something is shown, whatever goes wrong."""

import json
import logging
import traceback
from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import UTC, datetime
from typing import Any

import pytest
from aiohttp import web

from custom_components.acrel_safety.aioacrel.cloud.account import Account
from custom_components.acrel_safety.aioacrel.cloud.caller import formed
from custom_components.acrel_safety.aioacrel.cloud.exchange import Exchange
from custom_components.acrel_safety.aioacrel.cloud.profile import Form
from custom_components.acrel_safety.aioacrel.errors import AcrelError

from .cloud_rigs import ARCM310, PASSWORD, RENEWED, SECOND, SITE, TOKEN, USER, Heard, Rig, usual

NOON = datetime(2026, 11, 22, 4, tzinfo=UTC)
CODE = "654321"
SECRETS = (
    *(USER, PASSWORD, SECOND, TOKEN, RENEWED, CODE, "Demo Company", "13912345678", "party-secret", "com.acrel"),
    formed(SECOND, Form.MD5),
    "pass-w%C3%B6rd",
    json.dumps(PASSWORD)[1:-1],
)
CALLS: list[Callable[[Account], Awaitable[object]]] = [
    lambda account: account.login(),
    lambda account: account.sites(),
    lambda account: account.meters(SITE),
    lambda account: account.details(SITE, ARCM310),
    lambda account: account.connections(SITE),
    lambda account: account.leakage(SITE),
    lambda account: account.alarms(since=NOON, until=NOON, site=SITE),
    lambda account: account.confirm_alarms(["1"]),
    lambda account: account.asked(),
    lambda account: account.prove_by_password(SECOND),
    lambda account: account.check_sms(CODE, "4711"),
    lambda account: account.command(ARCM310, SITE, "3", "DO", "0"),
    lambda account: account.command_log(SITE, "arcm310", since=NOON, until=NOON),
    lambda account: account.leakage_of_day(SITE, ARCM310, NOON.date()),
    lambda account: account.logout(),
]


def echo(asked: Heard) -> dict[str, object]:
    """Return all that was sent, as careless servers do."""
    return {"query": asked.query, "form": asked.form, "json": asked.json, "headers": asked.headers, "user": USER}


def said(code: object) -> Callable[[Heard], object]:
    return lambda asked: {
        "code": code,
        "msg": json.dumps(echo(asked)),
        "data": {**echo(asked), "stackTrace": ["com.acrel"]},
    }


WRONG: list[Callable[[Heard], object]] = [
    *(
        said(code)
        for code in (0, 1, 144, 147, 200, 335, 348, 387, 392, 401, 410, 414, 415, 416, 430, 500, 600, 5000, "x")
    ),
    lambda asked: {"code": 700, "msg": json.dumps(echo(asked)), "token": RENEWED, "data": {}},
    lambda asked: {"code": 1, "msg": "Unauthorized", "data": echo(asked)},
    lambda asked: json.dumps(echo(asked)).encode(),
    lambda asked: f"<html>{echo(asked)}</html>".encode(),
    lambda asked: web.Response(status=500, text=str(echo(asked))),
    lambda asked: web.Response(status=302, headers={"Location": f"http://x.example/{PASSWORD}?t={TOKEN}"}),
    lambda asked: web.Response(status=404, text=str(echo(asked))),
    lambda asked: web.Response(status=429, headers={"Retry-After": TOKEN}),
    lambda asked: web.Response(text="x", headers={"Content-Encoding": "gzip"}),
]


@pytest.fixture
async def rig() -> AsyncIterator[Rig]:
    async with Rig.running() as running:
        yield running


@pytest.mark.parametrize("wrong", WRONG)
@pytest.mark.parametrize("place", ["main/getAppIndexSets", "user/login", "the call"])
async def test_nothing_secret_is_told_whatever_goes_wrong(
    rig: Rig, caplog: pytest.LogCaptureFixture, place: str, wrong: Callable[[Heard], object]
) -> None:
    caplog.set_level(logging.DEBUG)
    exchanges: list[Exchange] = []
    rig.answers = usual() if place == "the call" else {**usual(), place: wrong}
    if place == "the call":
        rig.answers |= {path: wrong for path in usual() if path not in ("main/getAppIndexSets", "user/login")}
    told: list[str] = []
    for call in CALLS:
        account = rig.account(on_exchange=exchanges.append)
        try:
            await call(account)
        except AcrelError as error:
            told += [error.text("en"), error.text("zh"), repr(error), str(error.placeholders)]
            told += traceback.format_exception(error)
        told += [repr(account), str(account.figures), repr(account.login_known), repr(account.address)]
        told += [repr(vars(account)), repr(account.profile.calls["login"])]
    told += [record.getMessage() + str(record.exc_text) for record in caplog.records]
    told += [repr(one) for one in exchanges]
    assert exchanges
    whole = "\n".join(told)
    assert [secret for secret in SECRETS if secret in whole] == []


async def test_what_is_kept_of_a_login_holds_no_secret(rig: Rig) -> None:
    account = rig.account()
    login: Any = await account.login()
    kept = repr(login)
    assert [secret for secret in (*SECRETS, "77", "1001") if secret in kept] == []
