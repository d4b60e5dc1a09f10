"""What a server may answer instead: each number has its error, tokens are replaced once, nothing foreign passes."""

import asyncio
import json
import socket
import ssl
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import Any

import aiohttp
import pytest
from aiohttp import web

from custom_components.acrel_safety.aioacrel.cloud.account import Account
from custom_components.acrel_safety.aioacrel.cloud.address import CloudAddress
from custom_components.acrel_safety.aioacrel.cloud.errors import (
    AccountDisabledError,
    AccountError,
    CloudBusyError,
    CloudError,
    CloudUnreachableError,
    CommandDeclinedError,
    CommandNotSentError,
    ForeignCloudError,
    LicenceError,
    NotPermittedError,
    ProofError,
    ProofNoneError,
    ProofWrongError,
    ServerSaysError,
    SiteGoneError,
    UnfitAnswerError,
)
from custom_components.acrel_safety.aioacrel.cloud.profile_reader import profile, profile_of_text
from custom_components.acrel_safety.aioacrel.cloud.wire import Wire, waiting
from custom_components.acrel_safety.aioacrel.errors import AcrelError
from simulator.cloud import Cloud

from .cloud_rigs import ARCM310, LOGIN, PASSWORD, RENEWED, SECOND, SITE, TOKEN, USER, Heard, Rig, ok, usual

SITES = "v5/getSubstationListByUser"
CONTROL = "v5/send310ControlDemandHTTP"
UNAUTHORISED = {"code": 401, "msg": "Unauthorized", "data": None}
NOON = datetime(2026, 11, 22, 4, tzinfo=UTC)


@pytest.fixture
async def rig() -> AsyncIterator[Rig]:
    async with Rig.running() as running:
        yield running


# -- numbers ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("spelled", [int, str, float])
@pytest.mark.parametrize(
    ("code", "error"),
    [
        *((code, LicenceError) for code in (600, 392, 396)),
        (335, AccountDisabledError),
        *((code, NotPermittedError) for code in (147, 364, 363)),
        *((code, SiteGoneError) for code in (348, 372, 368)),
        *((code, CloudBusyError) for code in (500, 5000)),
        # Of the second step before a command: nothing of the kind was asked for.
        *((code, ServerSaysError) for code in (414, 415, 416)),
        *((code, ServerSaysError) for code in (1, 410, 411, 430, 437, 387, 393, 394, 4711, -1)),
    ],
)
async def test_each_number_has_its_error_in_both_languages(
    rig: Rig, code: int, error: type[AcrelError], spelled: type
) -> None:
    rig.answers[SITES] = {"code": spelled(code), "msg": "java.lang.Trace", "data": {"stackTrace": ["at com.acrel.X"]}}
    account = rig.account()
    with pytest.raises(error) as raised:
        await account.sites()
    for language in ("en", "zh"):
        said = raised.value.text(language)
        assert said
        assert "acrel.X" not in said
        assert "java" not in said
    assert raised.value.text("en") != raised.value.text("zh")
    assert account.figures["last_code"] == code
    if isinstance(raised.value, ServerSaysError):
        assert raised.value.code == code
    # A number that is no wrong token costs no second request.
    assert len(rig.asked(SITES)) == 1


@pytest.mark.parametrize(("code", "error"), [(414, ProofNoneError), (415, ProofWrongError), (416, ProofNoneError)])
async def test_what_is_said_of_a_second_password_is_so_of_the_call_that_asks_about_it(
    rig: Rig, code: int, error: type[AcrelError]
) -> None:
    rig.answers["v5/verifySePassword"] = {"code": code, "msg": "", "data": None}
    with pytest.raises(error) as raised:
        await rig.account().prove_by_password(SECOND)
    assert raised.value.text("en") != raised.value.text("zh")


@pytest.mark.parametrize("code", [0, "0", 144, "144"])
async def test_a_wrong_password_is_not_tried_again_by_itself(rig: Rig, code: object) -> None:
    rig.answers["user/login"] = {"code": code, "msg": "wrong", "data": None}
    account = rig.account()
    for _ in range(3):
        with pytest.raises(AccountError):
            await account.sites()
    assert len(rig.asked("user/login")) == 1
    with pytest.raises(AccountError):
        await account.login()
    assert len(rig.asked("user/login")) == 2
    rig.answers["user/login"] = ok(LOGIN)
    await account.login()
    await account.sites()


async def test_a_disabled_account_is_told_as_that(rig: Rig) -> None:
    rig.answers["user/login"] = {"code": 335, "msg": "", "data": None}
    account = rig.account()
    for _ in range(2):
        with pytest.raises(AccountDisabledError):
            await account.sites()
    assert len(rig.asked("user/login")) == 1


# -- tokens -----------------------------------------------------------------------------------------------------------


async def test_a_renewed_token_is_stored_and_the_call_repeated_once(rig: Rig) -> None:
    first = usual()[SITES]
    rig.answers[SITES] = [{"code": "700", "msg": "", "token": RENEWED, "data": {}}, first]
    account = rig.account()
    assert await account.sites()
    assert [one.headers["Authorization"] for one in rig.asked(SITES)] == [TOKEN, RENEWED]
    assert account.figures["renewals"] == 1
    await account.sites()
    assert rig.heard[-1].headers["Authorization"] == RENEWED
    assert len(rig.asked("user/login")) == 1


@pytest.mark.parametrize("wrong", [None, "", 5, "with space", "with\r\nX-Header: 1", "é", "x" * 10_000])
async def test_a_renewal_without_a_token_that_can_be_is_a_login(rig: Rig, wrong: object) -> None:
    rig.answers[SITES] = [{"code": 700, "msg": "", "token": wrong, "data": {}}, usual()[SITES]]
    assert await rig.account().sites()
    assert len(rig.asked("user/login")) == 2


async def test_a_renewal_after_a_renewal_ends(rig: Rig) -> None:
    rig.answers[SITES] = {"code": 700, "msg": "", "token": RENEWED, "data": {}}
    with pytest.raises(ServerSaysError):
        await rig.account().sites()
    assert len(rig.asked(SITES)) == 2


@pytest.mark.parametrize(
    "answer",
    [
        UNAUTHORISED,
        {"code": 200, "msg": "Unauthorized", "data": {"list": []}},
        {"code": "401", "msg": "", "data": None},
        lambda _: web.Response(status=401, text="<html>log in</html>", content_type="text/html"),
    ],
)
async def test_a_token_that_is_refused_means_one_login_and_one_more_call(rig: Rig, answer: object) -> None:
    rig.answers[SITES] = [answer, usual()[SITES]]
    assert await rig.account().sites()
    assert [len(rig.asked("user/login")), len(rig.asked(SITES))] == [2, 2]
    # Refused again after a login that was accepted: another program may have logged in between. Its owner need not.
    rig.answers[SITES] = answer
    account = rig.account()
    with pytest.raises(ServerSaysError):
        await account.sites()
    assert [len(rig.asked("user/login")), len(rig.asked(SITES))] == [4, 4]
    rig.answers[SITES] = usual()[SITES]
    assert await account.sites()


async def test_a_renewed_token_that_is_refused_means_a_login(rig: Rig) -> None:
    rig.answers[SITES] = [{"code": 700, "msg": "", "token": "new", "data": None}, UNAUTHORISED, usual()[SITES]]
    assert await rig.account().sites()
    assert [len(rig.asked("user/login")), len(rig.asked(SITES))] == [2, 3]


async def test_two_programs_that_throw_each_other_out_make_no_storm_of_logins(rig: Rig) -> None:
    rig.answers[SITES] = UNAUTHORISED
    account = rig.account()
    for _ in range(20):
        with pytest.raises(CloudError):
            await account.sites()
    assert len(rig.asked("user/login")) == 6
    with pytest.raises(CloudBusyError, match="another program") as busy:
        await account.sites()
    assert busy.value.retry_after == pytest.approx(360, abs=30)


async def test_calls_at_once_log_in_once_and_go_one_by_one(rig: Rig) -> None:
    running = most = 0

    async def slowly(_: Heard) -> object:
        nonlocal running, most
        running += 1
        most = max(most, running)
        await asyncio.sleep(0)
        running -= 1
        return usual()[SITES]

    rig.answers[SITES] = slowly
    account = rig.account()
    await asyncio.gather(*(account.sites() for _ in range(20)))
    assert most == 1
    assert len(rig.asked("user/login")) == 1
    assert len(rig.asked(SITES)) == 20


async def test_a_command_goes_before_reads_that_wait(rig: Rig) -> None:
    begun, go_on = asyncio.Event(), asyncio.Event()

    async def slowly(_: Heard) -> object:
        begun.set()
        await go_on.wait()
        return usual()[SITES]

    rig.answers[SITES] = slowly
    account = rig.account()
    reads = [asyncio.create_task(account.sites()) for _ in range(3)]
    await begun.wait()
    reads.append(asyncio.create_task(account.sites()))
    await asyncio.sleep(0)
    command = asyncio.create_task(account.command(ARCM310, SITE, "3", "DO", "0"))
    await asyncio.sleep(0)
    go_on.set()
    await asyncio.gather(*reads, command)
    assert [one.path for one in rig.heard[2:5]] == [SITES, CONTROL, SITES]


# -- commands ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "answer",
    [
        UNAUTHORISED,
        {"code": 700, "msg": "", "token": RENEWED, "data": {}},
        {"code": 0, "msg": "", "data": {}},
        {"code": 5000, "msg": "", "data": {"stackTrace": ["x"]}},
        {"code": 500, "msg": "", "data": {}},
        b"<html>",
        b"",
        b"{}",
        lambda _: web.Response(status=502),
        lambda _: web.Response(status=307, headers={"Location": "/elsewhere"}),
    ],
)
async def test_a_command_is_never_repeated_whatever_comes_back(rig: Rig, answer: object) -> None:
    rig.answers[CONTROL] = answer
    account = rig.account()
    await account.sites()
    with pytest.raises(CloudError) as unknown:
        await account.command(ARCM310, SITE, "3", "DO", "0")
    # It may have been carried out: nothing here says that it was not.
    assert not isinstance(unknown.value, CommandNotSentError | AccountError)
    await account.sites()
    assert len(rig.asked(CONTROL)) == 1


@pytest.mark.parametrize("code", [414, 415, 416])
async def test_what_answers_the_command_itself_is_no_word_about_a_proof_that_was_given(rig: Rig, code: int) -> None:
    rig.answers[CONTROL] = {"code": code, "msg": "", "data": None}
    with pytest.raises(CommandDeclinedError, match=str(code)) as declined:
        await rig.account().command(ARCM310, SITE, "3", "DO", "0")
    # It had left: whoever says that nothing was sent says too much.
    assert not isinstance(declined.value, CommandNotSentError | ProofError)
    assert len(rig.asked(CONTROL)) == 1


@pytest.mark.parametrize(("code", "error"), [(414, ProofNoneError), (415, ProofWrongError), (416, ProofNoneError)])
async def test_a_proof_that_is_refused_is_not_tried_again(rig: Rig, code: int, error: type[AcrelError]) -> None:
    account = rig.account()
    rig.answers["v5/verifySePassword"] = {"code": code, "msg": "", "data": None}
    with pytest.raises(error):
        await account.prove_by_password(SECOND)
    with pytest.raises(ProofNoneError):
        await account.prove_by_password("")
    assert len(rig.asked("v5/verifySePassword")) == 1


async def test_nothing_is_sent_where_the_login_fails_or_nobody_listens(rig: Rig) -> None:
    rig.answers["user/login"] = {"code": 144, "msg": "", "data": None}
    with pytest.raises(CommandNotSentError):
        await rig.account().command(ARCM310, SITE, "3", "DO", "0")
    assert rig.asked(CONTROL) == []
    rig.answers = usual()
    account = rig.account()
    await account.sites()
    account._caller._wire.address = CloudAddress.parse("http://127.0.0.1:1", allow_http=True)
    with pytest.raises(CommandNotSentError):
        await account.command(ARCM310, SITE, "3", "DO", "0")


async def test_a_command_that_was_cancelled_is_unknown_and_not_repeated(rig: Rig) -> None:
    begun, ended = asyncio.Event(), asyncio.Event()

    async def slowly(_: Heard) -> object:
        begun.set()
        await ended.wait()
        return ok({"a": "x"})

    rig.answers[CONTROL] = slowly
    account = rig.account()
    await account.sites()
    command = asyncio.create_task(account.command(ARCM310, SITE, "3", "DO", "0"))
    await begun.wait()
    command.cancel()
    with pytest.raises(asyncio.CancelledError):
        await command
    await account.sites()
    ended.set()
    assert len(rig.asked(CONTROL)) == 1


async def test_one_that_is_cancelled_while_it_waits_takes_nobodys_turn(rig: Rig) -> None:
    begun, go_on = asyncio.Event(), asyncio.Event()

    async def slowly(_: Heard) -> object:
        begun.set()
        await go_on.wait()
        return usual()[SITES]

    rig.answers[SITES] = slowly
    account = rig.account()
    first = asyncio.create_task(account.sites())
    await begun.wait()
    waiting_ones = [asyncio.create_task(account.command(ARCM310, SITE, "3", "DO", "0")) for _ in range(3)]
    last = asyncio.create_task(account.sites())
    await asyncio.sleep(0)
    waiting_ones[0].cancel()
    go_on.set()
    first.cancel()
    waiting_ones[1].cancel()
    await asyncio.gather(first, last, *waiting_ones, return_exceptions=True)
    assert last.done()
    assert last.exception() is None
    assert len(rig.asked(CONTROL)) == 1


# -- the login --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("encrypts", [True, 1, "1", "true", "yes", {}, 7])
async def test_where_logins_are_encrypted_and_nobody_knows_how_no_password_leaves(rig: Rig, encrypts: object) -> None:
    rig.answers["main/getAppIndexSets"] = ok({"indexencryptAll": encrypts})
    with pytest.raises(ForeignCloudError, match="password was not sent"):
        await rig.account().sites()
    assert rig.asked("user/login") == []


@pytest.mark.parametrize("answer", [ok({"indexencryptAll": no}) for no in (False, 0, "0", "false", "", None)])
async def test_where_they_are_not_it_goes_as_it_was_typed(rig: Rig, answer: object) -> None:
    rig.answers["main/getAppIndexSets"] = answer
    await rig.account().sites()
    assert rig.asked("user/login")[0].form["fPassword"] == PASSWORD


@pytest.mark.parametrize("code", [410, "411"])
async def test_a_server_without_settings_for_its_name_is_logged_in_to_as_the_profile_says(
    rig: Rig, code: object
) -> None:
    rig.answers["main/getAppIndexSets"] = {"code": code, "msg": "", "data": None}
    assert await rig.account().sites()


async def test_a_profile_may_know_how_logins_are_encrypted(rig: Rig) -> None:
    mine = profile_of_text(
        '[profile]\nid = "mine"\nlike = "acrelcloud-1000"\ntitle = { en = "Mine" }\nconfidence = "low"\nsource = "me"\n'
        '[login]\nencrypted_form = "md5"\n',
        "mine.toml",
    )
    rig.answers["main/getAppIndexSets"] = ok({"indexencryptAll": "1"})
    await rig.account(profile=mine, password="a").sites()  # noqa: S106 - no secret
    assert rig.asked("user/login")[0].form["fPassword"] == "0cc175b9c0f1b6a831c399e269772661"


@pytest.mark.parametrize("version", ["", None, "v5/..", "../v5", "v 5", "v5?x", "%2e", "x" * 30, {}, ["v5"]])
async def test_a_version_that_is_no_segment_of_a_path_is_not_taken(rig: Rig, version: object) -> None:
    rig.answers["user/login"] = ok({**LOGIN, "webAPIInfo": {"fVersion": version}})
    with pytest.raises(UnfitAnswerError):
        await rig.account().sites()
    assert [one.path for one in rig.heard] == ["main/getAppIndexSets", "user/login"]


@pytest.mark.parametrize(
    "data", [None, [], "x", {}, {**LOGIN, "authorization": None}, {**LOGIN, "authorization": "a b"}]
)
async def test_a_login_without_a_token_is_none(rig: Rig, data: object) -> None:
    rig.answers["user/login"] = ok(data)
    with pytest.raises(UnfitAnswerError):
        await rig.account().login()


# -- what is no answer ------------------------------------------------------------------------------------------------


def page(body: str, **headers: str) -> Any:  # noqa: ANN401 - an answer
    return lambda _: web.Response(text=body, content_type="text/html", headers=headers)


@pytest.mark.parametrize(
    ("answers", "seems"),
    [
        ({"main/getAppIndexSets": page("<html>hello</html>")}, "a web page"),
        ({}, "a web page"),
        ({"main/getAppIndexSets": page("<form action='/Home/newLogin'>")}, "ASP.NET"),
        ({"/": page("<script>post('/Ajax/UserLogin.ashx')</script>")}, "ASP.NET"),
        ({"main/getAppIndexSets": page("<html>", **{"X-Powered-By": "ASP.NET"})}, "ASP.NET"),
        ({"main/getAppIndexSets": b'{"success":"0","errorCode":"10006","errorMsg":"no token"}'}, "IoT EMS"),
        ({"/": page("<script src='/basic/prepayment/x.js'>")}, "IoT EMS"),
        ({"/": page("<a href='/SubstationWEBV2/'>")}, "of this family"),
        ({"main/getAppIndexSets": b'{"hello": 1}'}, "nothing in its answer is known"),
    ],
)
async def test_a_host_of_another_kind_is_recognised_before_any_password_leaves(
    rig: Rig, answers: dict[str, Any], seems: str
) -> None:
    rig.answers = answers
    with pytest.raises(ForeignCloudError, match=seems) as foreign:
        await rig.account().login()
    assert foreign.value.text("zh")
    assert {one.method for one in rig.heard} == {"GET"}
    assert PASSWORD not in repr(rig.heard)


@pytest.mark.parametrize(
    ("body", "error"),
    [
        (b"", UnfitAnswerError),
        (b"null", UnfitAnswerError),
        (b"[1]", UnfitAnswerError),
        (b'"text"', UnfitAnswerError),
        (b"{", UnfitAnswerError),
        (b'{"code": true, "data": {}}', UnfitAnswerError),
        (b'{"code": 200.5, "data": {}}', UnfitAnswerError),
        (b'{"code": "two", "data": {}}', UnfitAnswerError),
        (b'{"code": NaN, "data": {}}', UnfitAnswerError),
        (b'{"code": 1e999, "data": {}}', UnfitAnswerError),
        (b'{"data": {"list": []}}', UnfitAnswerError),
        (b'{"code": 200, "data": {"other": []}}', UnfitAnswerError),
        (b'{"code": 200, "data": {"list": 5}}', UnfitAnswerError),
        (b"\xff\xfe", UnfitAnswerError),
        (b"[" * 100_000, UnfitAnswerError),
        (b'{"code":' + b"[" * 100_000 + b"]" * 100_000 + b"}", UnfitAnswerError),
        (b'{"code": 200, "data": {"list": [' + b"{}," * 300_000 + b"{}]}}", UnfitAnswerError),
        (b'{"code": ' + b"9" * 5000 + b"}", UnfitAnswerError),
        (b'{"code": 200, "x": "' + b"0" * 10_000_000 + b'"}', UnfitAnswerError),
        (b"  <!DOCTYPE html><title>Bad gateway</title>", ForeignCloudError),
        (b"\xef\xbb\xbf<html>", ForeignCloudError),
    ],
)
async def test_what_is_no_answer_is_refused(rig: Rig, body: bytes, error: type[CloudError]) -> None:
    rig.answers[SITES] = body
    with pytest.raises(error) as refused:
        await rig.account().sites()
    assert len(str(refused.value)) < 300


async def test_json_with_another_name_and_a_mark_in_front_is_read_all_the_same(rig: Rig) -> None:
    body = b"\xef\xbb\xbf " + json.dumps(usual()[SITES]).encode()
    rig.answers[SITES] = lambda _: web.Response(body=body, content_type="text/html")
    assert await rig.account().sites()


async def test_packed_answers_are_not_asked_for_and_not_unpacked(rig: Rig) -> None:
    async def packed(request: Heard) -> object:
        assert request.headers["Accept-Encoding"] == "identity"
        return web.Response(body=b"\x1f\x8b", headers={"Content-Encoding": "gzip"})

    rig.answers[SITES] = packed
    with pytest.raises(UnfitAnswerError):
        await rig.account().sites()


@pytest.mark.parametrize(
    ("status", "error"),
    [(404, ForeignCloudError), (403, ForeignCloudError), (429, CloudBusyError), (500, CloudBusyError)],
)
async def test_a_status_is_told(rig: Rig, status: int, error: type[CloudError]) -> None:
    rig.answers[SITES] = lambda _: web.Response(status=status, headers={"Retry-After": "17"})
    with pytest.raises(error) as told:
        await rig.account().sites()
    if isinstance(told.value, CloudBusyError):
        assert told.value.retry_after == 17
        assert str(status) in str(told.value)


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("5", 5.0),
        ("0", 1.0),
        ("999999", 3600.0),
        ("Sun, 22 Nov 2026 04:00:30 GMT", 30.0),
        ("Sun, 22 Nov 2026 03:00:00 GMT", 1.0),
        ("Sun, 22 Nov 2099 03:00:00 GMT", 3600.0),
        ("soon", None),
        ("-5", None),
        ("9" * 400, None),
        ("", None),
        (None, None),
    ],
)
def test_how_long_a_server_wants_to_be_left_alone(text: str | None, seconds: float | None) -> None:
    assert waiting(text, NOON) == seconds


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
@pytest.mark.parametrize(
    ("target", "said"),
    [("https://other.example/x?token=1", "https://other.example"), ("/login?user=olga", "/"), ("http://[::1", "?")],
)
async def test_redirections_are_told_and_never_followed(rig: Rig, status: int, target: str, said: str) -> None:
    for path in ("main/getAppIndexSets", "user/login", SITES):
        rig.answers = {**usual(), path: lambda _: web.Response(status=status, headers={"Location": target})}
        asked = len(rig.heard)
        with pytest.raises(ForeignCloudError) as told:
            await rig.account().sites()
        assert f"leads to {said}" in str(told.value)
        assert "token=1" not in str(told.value)
        assert rig.heard[-1].path == path
        assert len(rig.heard) - asked <= 3


async def test_a_connection_that_ends_too_early_is_told(rig: Rig) -> None:
    async with Cloud() as cloud:
        cloud.account(USER, PASSWORD)
        address = CloudAddress.parse(cloud.url, allow_http=True)
        account = Account(rig.session, address, profile("acrelcloud-1000"), user=USER, password=PASSWORD)
        await account.login()
        for kind in ("close", "cut", "huge", "deep", "html", "trace"):
            cloud.fail(kind, at="getMessInfoType", times=3)
            with pytest.raises(CloudError):
                await account.levels()
            cloud.faults.clear()
            assert await account.levels()
    nobody = CloudAddress.parse("http://127.0.0.1:1", allow_http=True)
    with pytest.raises(CloudUnreachableError, match=r"127\.0\.0\.1:1 "):
        await Account(rig.session, nobody, account.profile, user=USER, password=PASSWORD).login()


async def test_pages_without_end_and_measure_are_read_no_further(rig: Rig) -> None:
    account = rig.account()
    page = [{"fSubid": f"{number}", "fSubname": "x" * 4000} for number in range(999)]
    count = 0

    def more(_: Heard) -> object:
        nonlocal count
        count += 1
        return ok({"list": [{**row, "fSubid": f"{count}{row['fSubid']}"} for row in page]})

    rig.answers["v5/getSubstationListByUser"] = more
    with pytest.raises(UnfitAnswerError):
        await account.sites()
    assert 1 < count < 5


async def test_a_server_that_does_not_answer_is_left_after_a_while(rig: Rig, monkeypatch: pytest.MonkeyPatch) -> None:
    over = asyncio.Event()

    async def never(_: Heard) -> object:
        await over.wait()
        return ok(None)

    rig.answers["v5/getControlValidType"] = never
    monkeypatch.setattr("custom_components.acrel_safety.aioacrel.cloud.caller.CONTROL_TIMEOUT", 0.05)
    account = rig.account()
    with pytest.raises(CloudUnreachableError, match=r"within 0\.05 s"):
        await account.asked()
    over.set()
    assert await account.sites()


# -- certificates and sessions ----------------------------------------------------------------------------------------


async def test_a_certificate_that_nobody_knows_ends_it_before_anything_is_sent(rig: Rig) -> None:
    async with Cloud(https=True) as cloud:
        cloud.account(USER, PASSWORD)
        account = Account(
            rig.session, CloudAddress.parse(cloud.url), profile("acrelcloud-1000"), user=USER, password=PASSWORD
        )
        with pytest.raises(CloudUnreachableError, match="certificate"):
            await account.login()
        assert cloud.heard == []
        known = ssl.create_default_context(cadata=cloud.certificate)
        connector = aiohttp.TCPConnector(ssl=known)
        async with aiohttp.ClientSession(connector=connector, cookie_jar=aiohttp.DummyCookieJar()) as session:
            account = Account(session, account.address, account.profile, user=USER, password=PASSWORD)
            await account.login()
        assert cloud.heard[-1].secure


async def test_a_session_that_takes_proxies_from_the_environment_is_refused(rig: Rig) -> None:
    async with aiohttp.ClientSession(trust_env=True) as session:
        with pytest.raises(ValueError, match="proxies"):
            Wire(session, rig.address, title="x")


async def test_a_session_that_was_closed_sends_nothing_and_whoever_lent_it_lends_another(rig: Rig) -> None:
    sessions = [aiohttp.ClientSession(cookie_jar=aiohttp.DummyCookieJar()) for _ in range(2)]
    account = Account(lambda: sessions[0], rig.address, profile("acrelcloud-1000"), user=USER, password=PASSWORD)
    assert len(await account.sites()) == 1
    heard = len(rig.heard)
    await sessions[0].close()
    with pytest.raises(CloudUnreachableError, match="closed for all who use it"):
        await account.sites()
    assert len(rig.heard) == heard
    assert account.figures["requests"] == heard
    sessions.pop(0)
    assert len(await account.sites()) == 1
    await sessions[0].close()


async def test_polling_a_simulated_cloud_outlives_its_tokens() -> None:
    async with Cloud() as cloud, aiohttp.ClientSession(cookie_jar=aiohttp.DummyCookieJar()) as session:
        cloud.account(USER, PASSWORD)
        for number in range(3):
            cloud.site(f"Site {number}").add("3", "Breaker")
        address = CloudAddress.parse(cloud.url, allow_http=True)
        account = Account(session, address, profile("acrelcloud-1000"), user=USER, password=PASSWORD)
        for renews in (True, False):
            cloud.behaviour.renews = renews
            for codes in ("number", "text", "mixed"):
                cloud.behaviour.codes = codes
                cloud.behaviour.numbers = {"number": "plain", "text": "text", "mixed": "number"}[codes]
                cloud.expire()
                sites = await account.sites()
                assert len(sites) == 3
                for site in sites:
                    cloud.expire()
                    (meter,) = await account.meters(site.id)
                    assert meter.is_closed is True
                    (values,) = await account.leakage(site.id)
                    assert values.measured is not None
                    assert abs(values.measured - cloud.clock.now()) < timedelta(minutes=2)
                    (connection,) = await account.connections(site.id)
                    assert (connection.code, connection.is_online) == (meter.code, True)
                if not renews:
                    break
        # Four times in each of three rounds; the first one was before the login.
        assert account.figures["renewals"] == 11


async def test_cookies_are_not_kept_in_a_session_that_keeps_them(rig: Rig) -> None:
    def with_cookie(_: Heard) -> web.Response:
        response = web.json_response(usual()[SITES])
        response.set_cookie("session", "remembered")
        return response

    rig.answers[SITES] = with_cookie
    async with aiohttp.ClientSession(cookie_jar=aiohttp.CookieJar(unsafe=True)) as session:
        account = Account(session, rig.address, profile("acrelcloud-1000"), user=USER, password=PASSWORD)
        await account.sites()
        await account.sites()
        assert len(session.cookie_jar) == 0
    assert not any("Cookie" in one.headers for one in rig.heard)


async def test_a_server_that_wants_to_be_left_alone_is(rig: Rig) -> None:
    rig.answers[SITES] = lambda _: web.Response(status=429, headers={"Retry-After": "600"})
    account = rig.account()
    with pytest.raises(CloudBusyError):
        await account.sites()
    asked = len(rig.heard)
    rig.answers = usual()
    for _ in range(3):
        with pytest.raises(CloudBusyError, match="left alone") as busy:
            await account.levels()
        assert busy.value.retry_after == pytest.approx(600, abs=30)
    assert len(rig.heard) == asked
    # What a person does is tried all the same.
    await account.command(ARCM310, SITE, "3", "DO", "0")


async def test_failures_before_the_login_are_no_logins_too_many(rig: Rig) -> None:
    rig.answers["user/login"] = {"code": 600, "msg": "", "data": None}
    account = rig.account()
    for _ in range(10):
        with pytest.raises(LicenceError):
            await account.sites()
    rig.answers = usual()
    assert await account.sites()


async def test_a_body_without_end_is_read_no_further_than_it_may_be_long(rig: Rig) -> None:
    async def endless(request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse(headers={"Content-Type": "application/json"})
        await response.prepare(request)
        try:
            while True:
                await response.write(b"[" * 65536)
        except ConnectionError:
            return response

    account = rig.account()
    await account.login()
    other = Rig()
    other.handle = endless  # type: ignore[method-assign]
    async with Rig.serving(other):
        account._caller._wire.address = other.address
        with pytest.raises(UnfitAnswerError, match="too large"):
            await account.sites()
    received = account.figures["received_bytes"]
    assert received is not None
    assert 8 * 2**20 < received < 9 * 2**20


async def test_a_body_that_stops_coming_is_left_after_a_while(rig: Rig, monkeypatch: pytest.MonkeyPatch) -> None:
    over = asyncio.Event()

    async def halting(request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse(headers={"Content-Type": "application/json"})
        await response.prepare(request)
        await response.write(b'{"code": 200')
        await over.wait()
        return response

    account = rig.account()
    await account.login()
    other = Rig()
    other.handle = halting  # type: ignore[method-assign]
    monkeypatch.setattr("custom_components.acrel_safety.aioacrel.cloud.caller.READ_TIMEOUT", 0.05)
    async with Rig.serving(other):
        account._caller._wire.address = other.address
        with pytest.raises(CloudUnreachableError, match="no answer within"):
            await account.sites()
        over.set()


async def test_who_listens_changes_nothing_of_what_comes(rig: Rig, caplog: pytest.LogCaptureFixture) -> None:
    def broken(exchange: object) -> None:
        raise RuntimeError(PASSWORD)

    assert await rig.account(on_exchange=broken).sites()
    assert "could not be recorded" in caplog.text
    assert PASSWORD not in caplog.text


# -- hosts that are not reached ---------------------------------------------------------------------------------------


class Unresolved(aiohttp.abc.AbstractResolver):
    """Knows no name, and says so as aiohttp's own resolvers do."""

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_INET
    ) -> list[aiohttp.abc.ResolveResult]:
        raise OSError(None, "Domain name not found")

    async def close(self) -> None:
        pass


async def test_a_name_that_nobody_knows_is_told_as_such() -> None:
    connector = aiohttp.TCPConnector(resolver=Unresolved())
    async with aiohttp.ClientSession(connector=connector, trust_env=False) as session:
        known = profile("acrelcloud-1000")
        account = Account(session, CloudAddress.parse("cloud.example"), known, user=USER, password=PASSWORD)
        with pytest.raises(CloudUnreachableError) as raised:
            await account.login()
    assert "name is not known" in raised.value.text("en")
    assert "主机名" in raised.value.text("zh")


async def test_a_connection_that_is_closed_is_no_matter_of_gateways() -> None:
    async with Cloud() as cloud, aiohttp.ClientSession(trust_env=False) as session:
        cloud.fail("cut", times=None)
        address = CloudAddress.parse(cloud.url, allow_http=True)
        account = Account(session, address, profile("acrelcloud-1000"), user=USER, password=PASSWORD)
        with pytest.raises(CloudUnreachableError) as raised:
            await account.login()
    assert "closed before the answer was whole" in raised.value.text("en")
    assert "gateway" not in raised.value.text("en")
    assert "网关" not in raised.value.text("zh")


async def test_each_request_is_in_the_debug_log_without_what_it_says(
    rig: Rig, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("DEBUG")
    await rig.account().sites()
    assert "login: 200, " in caplog.text
    assert "sites: 200, " in caplog.text
    for secret in (USER, PASSWORD, TOKEN, SITE):
        assert secret not in caplog.text
