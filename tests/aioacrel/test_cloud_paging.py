"""The pages of a list are read to their end, however long the server makes them, and no page is asked for in vain."""

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta

import aiohttp
import pytest
from hypothesis import given
from hypothesis import strategies as st

from custom_components.acrel_safety.aioacrel.cloud.account import Account
from custom_components.acrel_safety.aioacrel.cloud.address import CloudAddress
from custom_components.acrel_safety.aioacrel.cloud.paging import LEAST_ROWS, MOST_PAGES, PageSize, all_pages
from custom_components.acrel_safety.aioacrel.cloud.profile_reader import profile
from simulator.cloud import ARCM300T, Cloud

NOW = datetime(2026, 11, 22, 4, tzinfo=UTC)
USER, PASSWORD = "owner", "pass-Word-1"
CALL = profile("acrelcloud-1000").calls["sites"]


@asynccontextmanager
async def account_of(cloud: Cloud) -> AsyncIterator[Account]:
    cloud.account(USER, PASSWORD)
    async with cloud, aiohttp.ClientSession(cookie_jar=aiohttp.DummyCookieJar()) as session:
        address = CloudAddress.parse(cloud.url, allow_http=True)
        account = Account(session, address, profile("acrelcloud-1000"), user=USER, password=PASSWORD, now=lambda: NOW)
        await account.login()
        yield account


@pytest.mark.parametrize("total", ["", "right", "wrong"])
@pytest.mark.parametrize("skips_as_asked", [False, True])
async def test_a_server_with_short_pages_is_read_to_the_end_with_one_request_a_page(
    total: str, skips_as_asked: bool
) -> None:
    cloud = Cloud(now=lambda: NOW)
    cloud.behaviour.most_rows, cloud.behaviour.total = 100, total
    cloud.behaviour.skips_as_asked = skips_as_asked
    for number in range(350):
        cloud.site(f"Site {number}")
    async with account_of(cloud) as account:
        for polls in range(1, 4):
            assert len({site.id for site in await account.sites()}) == 350
            assert cloud.count("getSubstationListByUser") == 4 * polls


@pytest.mark.parametrize("is_newest_first", [False, True])
async def test_no_event_is_left_on_a_page_that_nobody_reads(is_newest_first: bool) -> None:
    cloud = Cloud(now=lambda: NOW)
    cloud.behaviour.most_rows, cloud.behaviour.logs_newest_first = 20, is_newest_first
    box = cloud.site().add(ARCM300T, "Box")
    async with account_of(cloud) as account:
        for number in range(75):
            cloud.tell(box, description=f"event {number}", time=NOW - timedelta(minutes=number))
            since, until = NOW - timedelta(days=1), NOW + timedelta(days=1)
            assert len(await account.alarms(since=since, until=until)) == number + 1


async def test_a_list_that_is_whole_costs_one_request_and_a_longer_one_a_second_only_once() -> None:
    cloud = Cloud(now=lambda: NOW)
    box = cloud.site().add(ARCM300T, "Box")
    asked: list[int] = []
    async with account_of(cloud) as account:
        for count in (0, 3, 9, 37, 37, 12, 36, 37):
            while len(cloud.log.events) < count:
                cloud.tell(box)
            del cloud.log.events[count:]
            before = cloud.count("getAlarmEventLogList")
            await account.alarms(since=NOW - timedelta(days=1), until=NOW + timedelta(days=1))
            asked.append(cloud.count("getAlarmEventLogList") - before)
    assert asked == [1, 1, 1, 2, 1, 1, 1, 1]


class Server:
    """Gives pages in some way."""

    def __init__(self, count: int, most: int, total: int | None, *, skips_as_asked: bool, ignores: bool) -> None:
        self.count, self.most, self.total = count, most, total
        self.skips_as_asked, self.ignores = skips_as_asked, ignores
        self.asked = 0

    async def ask(self, paging: Mapping[str, str]) -> object:
        self.asked += 1
        page, size = int(paging["page"]), int(paging["size"])
        given_rows = min(size, self.most)
        begin = (page - 1) * (size if self.skips_as_asked else given_rows)
        end = begin + given_rows
        if self.ignores:
            begin, end = 0, self.count
        # What a row says besides changes with each request.
        found = [{"fSubid": str(one), "fSubname": f"{self.asked}"} for one in range(begin, min(end, self.count))]
        return {"list": found, **({} if self.total is None else {"total": self.total})}


@given(
    st.lists(st.integers(0, 400), min_size=1, max_size=6),
    st.sampled_from([1, 5, LEAST_ROWS, 16, 20, 50, 100, 500, 999, 5000]),
    st.sampled_from(["", "right", "more", "less"]),
    st.booleans(),
    st.booleans(),
)
async def test_whatever_a_server_does_with_pages_all_rows_come_and_no_more_is_asked_than_there_are_pages(
    counts: list[int], most: int, said: str, skips_as_asked: bool, ignores: bool
) -> None:
    known = PageSize()
    for count in counts:
        total = {"right": count, "more": count + 5, "less": count // 2}.get(said)
        server = Server(count, most, total, skips_as_asked=skips_as_asked, ignores=ignores)
        found = await all_pages(server.ask, CALL, known)
        assert found is not None
        rows, is_whole = found
        pages = 1 if ignores else max(1, -(-count // min(most, CALL.page_size)))
        # One more tells that the last one was the last.
        assert server.asked <= min(pages + 1, MOST_PAGES)
        if (most >= LEAST_ROWS or said in ("right", "more") or ignores) and is_whole:
            assert {row["fSubid"] for row in rows} == {str(one) for one in range(count)}
        assert is_whole or pages > MOST_PAGES - 1


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.text(),
        lambda inside: st.lists(inside) | st.dictionaries(st.sampled_from(["list", "total", "fSubid", "x"]), inside),
        max_leaves=12,
    )
)
async def test_no_answer_of_whatever_shape_is_asked_for_without_end(answer: object) -> None:
    asked = 0

    async def ask(_: Mapping[str, str]) -> object:
        nonlocal asked
        asked += 1
        return answer

    await all_pages(ask, CALL, PageSize())
    assert asked <= 2
