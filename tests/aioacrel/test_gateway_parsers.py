"""The three dialects: each with its samples, and whatever else may stand in a message."""

import json
from collections.abc import AsyncIterator
from datetime import timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from custom_components.acrel_safety.aioacrel.gateway import numbers, overseas, platform
from custom_components.acrel_safety.aioacrel.gateway.answering import answer_to
from custom_components.acrel_safety.aioacrel.gateway.messages import MOST_RECORDS, Answer, Message, Report
from custom_components.acrel_safety.aioacrel.gateway.options import CHINA, GatewayOptions
from custom_components.acrel_safety.aioacrel.gateway.overseas import Scaling
from custom_components.acrel_safety.aioacrel.gateway.topics import Channel, Dialect, Topic, topic_of
from custom_components.acrel_safety.aioacrel.models import ModelLibrary
from custom_components.acrel_safety.aioacrel.readings import PointKey, Quality
from custom_components.acrel_safety.aioacrel.reporting.codes import MOST_EXTRAS, Codebook
from custom_components.acrel_safety.aioacrel.reporting.fields import MOST_CODES
from custom_components.acrel_safety.aioacrel.vocabulary import Kind

from .gateway_rigs import GATEWAY, KEY, METER, START, Broker

ANALOG = "platform/acrel/meter/json-v2/analog/0000"
SAMPLE = {
    "type": "data",
    "time": "20211124101800",
    "gwSN": GATEWAY,
    "meterSN": METER,
    "meterName": "adl400",
    "meterStatus": "normal",
    "ch": 0,
    "ua": 221,
    "ub": 220.9,
    "ia": 0.5,
    "pa": 0.1,
    "p": 0.31,
    "pf": 0.98,
    "pt": 1,
    "ct": 40,
    "wh": 8.98,
    "wl": 0.6,
    "varh": 5.21,
}


@pytest.fixture
async def broker() -> AsyncIterator[Broker]:
    broker = Broker(number_topics=("meters/adw",))
    yield broker
    await broker.end()


# -- platform ----------------------------------------------------------------------------------------------------------


@pytest.mark.virtual_time
async def test_the_status_words_tell_the_relay_of_a_meter_that_has_no_other_word_for_it(broker: Broker) -> None:
    heard = broker.source()
    seen = []
    for number, word in enumerate((0x01E8, "57583", 0x00E8, 0xFFFF, "off", 8.5)):  # 57583 is E0EFh
        broker.meter({"AdfState1": word, "AdfState2": 0x0080}, stamp=broker.stamp + number)
        seen.append((heard.value("RlySta"), heard.value("ForceCtrl"), heard.value("DOC_Time control")))
    assert seen == [(False, True, True), (True, True, True), (False, True, True), *[(None, None, True)] * 3]


@pytest.mark.virtual_time
async def test_two_codes_that_contradict_each_other_about_the_position_tell_none(broker: Broker) -> None:
    heard = broker.source()
    broker.meter({"AdfState1": 0xE0EF, "SwitchSta": "1"})
    assert heard.value("RlySta") is True
    broker.meter({"AdfState1": 0xE0EF, "SwitchSta": "0"}, stamp=broker.stamp + 1)
    assert (heard.value("RlySta"), heard.quality("RlySta")) == (None, Quality.INVALID)


@pytest.mark.virtual_time
async def test_devices_without_any_register_map_are_read_by_their_codes(broker: Broker) -> None:
    breaker, arc, board = (
        broker.source(model, f"2226000000{n}") for n, model in enumerate(("ascb1", "aafd", "aesp100"))
    )
    broker.update(
        {
            "0_22260000000": {"RlySta": 0, "LgHigh": "1", "Lg": "412.0", "Temp1": 41.5, "state": "ONLINE"},
            "0_22260000001": {"ArcSta": 1, "ArcNum": "14"},
            "1_22260000002": {"U": 231, "I": "1.5"},
            "2_22260000002": {"U": 232, "I": "2.5"},
        }
    )
    assert [breaker.value(code) for code in ("RlySta", "LgHigh", "Lg", "Temp1")] == [False, True, 412.0, 41.5]
    assert breaker.quality("IHigh") is None  # what is not said is not quiet
    assert [arc.value(code) for code in ("ArcSta", "ArcNum")] == [True, 14.0]
    board.want_all()
    assert [board.value("I", circuit) for circuit in ("1", "2")] == [1.5, 2.5]


@pytest.mark.virtual_time
async def test_unknown_codes_are_kept_apart_and_bounded_and_texts_only_of_states(broker: Broker) -> None:
    heard = broker.source()
    many = {f"X{number}": number for number in range(5 * MOST_EXTRAS)}
    broker.meter({"RunState": "idle", "Remark": "hello", "imei": "860000000000000", "Lg": 12, "RLYON": 1, **many})
    heard.want_all()
    assert heard.value("DOC_RunState") == "idle"
    assert heard.value("Lg") == 12
    assert len(heard.source.extras) == MOST_EXTRAS
    assert not {"DOC_Remark", "DOC_imei", "RLYON"} & {key.code for key in heard.source.points}
    extra = heard.source.points[PointKey("1", "DOC_X1")]
    assert (extra.quantity.detail, extra.quantity.kind) == (True, Kind.MEASUREMENT)


@pytest.mark.parametrize(
    ("code", "raw"),
    [
        ("Ua", 6553.5),
        ("Ia", "327.67"),
        ("PF", 7),
        ("Ua", -1),
        ("LgHigh", 255),
        ("Ua", "1e99"),
        ("RlySta", 2),
        ("Ua", ""),
    ],
)
def test_what_cannot_be_is_no_value(code: str, raw: float | str) -> None:
    codebook = Codebook(ModelLibrary().get("ascb1"), origin="gateway")
    [reading] = codebook.take({code: raw}, "", START).values()
    assert (reading.value, reading.quality) == (None, Quality.IMPLAUSIBLE)


# -- overseas ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("scaling", "more", "expected"),
    [
        (Scaling(), {}, {"ia": 20.0, "p": 12.4, "EPI": 359.2, "EQL": 208.4, "ua": 221.0}),
        (Scaling(multiplies_by_ct=False), {}, {"ia": 0.5, "p": 0.31, "EPI": 8.98, "ua": 221.0}),
        (Scaling(power_unit="W"), {}, {"p": 0.0124}),
        (Scaling(), {"ct": None, "p": 310}, {"p": 0.31, "ia": 0.5, "EPI": 8.98}),
        (Scaling(), {"pt": 100}, {"ua": None, "p": None, "EPI": None, "ia": 20.0}),
        (Scaling(multiplies_by_pt=True), {"pt": 10}, {"ua": 2210.0, "p": 124.0, "EPI": 3592.0}),
    ],
)
def test_secondary_values_are_multiplied_as_the_owner_says(
    scaling: Scaling, more: dict[str, object], expected: dict[str, float | None]
) -> None:
    topic = topic_of(f"/gw/acrelHW/null/data/{GATEWAY}")
    assert topic is not None
    report = overseas.message_of(topic, SAMPLE | more, CHINA, lambda _: scaling)
    assert isinstance(report, Report)
    [record] = report.records
    assert {code: record.values.get(code) for code in expected} == expected
    assert record.stamp == 1637720280  # 10:18 in China


@pytest.mark.virtual_time
async def test_a_meter_of_the_overseas_dialect_is_read_lost_and_told_of_before(broker: Broker) -> None:
    options = GatewayOptions(zone=timezone(timedelta(hours=-3)))
    heard = broker.source("adl400", options=options)

    def say(kind: str, minutes: int, **more: object) -> None:
        time = (broker.now() - timedelta(hours=3, minutes=minutes)).strftime(overseas.TIME)
        broker.say(f"/gw/acrelHW/null/{kind}/{GATEWAY}", SAMPLE | {"type": kind, "time": time} | more)

    say("data", 0)
    assert (heard.value("Ua"), heard.value("P")) == (221.0, 12.4)
    say("hstdata", 90, ua=200)
    say("hstdata", 90, ua=200)
    assert heard.value("Ua") == 221.0
    assert [(one.key.code, one.value) for one in broker.history if one.key.code == "Ua"] == [("Ua", 200.0)]
    say("data", -1, meterStatus="missing")
    assert heard.quality("Ua") is Quality.NO_ANSWER


# -- numbers -----------------------------------------------------------------------------------------------------------


@pytest.mark.virtual_time
@pytest.mark.parametrize(("topic", "name"), [(ANALOG, "ID"), ("meters/adw", "id")])
async def test_the_number_dictionary_is_read_with_residual_current_in_amperes(
    broker: Broker, topic: str, name: str
) -> None:
    heard = broker.source("adw300", METER, METER)
    points = [
        {name: number, "val": value} for number, value in ((0, METER), (1, 231.1), (40, 0.0301), (41, 5), (33, "8986"))
    ]
    broker.say(topic, {"data": [{"tp": broker.stamp * 1000, "point": points}]})
    assert [heard.value(code) for code in ("Ua", "Lg", "DI1", "DI2", "DI3")] == [231.1, 30.1, True, False, True]
    assert not any("8986" in str(reading.value) for reading in heard.readings.values())
    broker.say(topic, {"data": [{"tp": 1, "point": [{name: 0, "val": "77"}]}]})
    assert [stranger.serial for stranger in broker.hub.strangers] == ["77"]


# -- whatever comes ----------------------------------------------------------------------------------------------------

SCALARS = (
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(max_size=20)
)
FIELDS = (
    "method msgid payload reported timestamp sendtime state source rssi type time res meterSN meterStatus ch ct pt ua"
    " wh data point id ID val tp Ua AdfState1 upInterval devicesend"
)
NAMES = st.text(max_size=12) | st.sampled_from([*FIELDS.split(), f"0_{METER}", f"2_{METER}"])
ANYTHING = st.recursive(
    SCALARS, lambda inner: st.lists(inner, max_size=5) | st.dictionaries(NAMES, inner, max_size=6), max_leaves=20
)
WORDS = st.sampled_from(["login", "time", "topology", "update", "operate", "data", "hstdata", "para", ""])
DOCUMENTS = st.builds(
    lambda found, method: found | {"method": method, "type": method},
    st.dictionaries(NAMES, ANYTHING, max_size=8),
    WORDS,
)
TOPICS = [
    *(
        f"{channel}/{second}/{KEY}/{GATEWAY}"
        for channel, second in (("sys", "dev"), ("data", "up"), ("indicate", "dev"))
    ),
    f"/gw/acrelHW/null/data/{GATEWAY}",
    ANALOG,
]


@given(DOCUMENTS, st.sampled_from(TOPICS))
def test_whatever_stands_in_a_message_is_read_within_bounds_and_answered_with_json(
    document: dict[str, object], text: str
) -> None:
    topic = topic_of(text)
    assert topic is not None
    message = parsed(topic, document)
    if isinstance(message, Report | Answer):
        codebook = Codebook(ModelLibrary().get("dtsy1352"), METER, origin="gateway")
        assert len(message.records) <= MOST_RECORDS + 1
        for record in message.records:
            assert len(record.values) <= MOST_CODES + 1
            for key, reading in codebook.take(record.values, record.channel, START).items():
                assert (reading.value is None) is (reading.quality is not Quality.GOOD)
                assert key in codebook.points
        assert len(codebook.extras) <= MOST_EXTRAS
    if (answer := answer_to(topic, message, CHINA, START)) is not None:
        assert isinstance(json.loads(answer), dict)


def parsed(topic: Topic, document: dict[str, object]) -> Message:
    match topic.dialect:
        case Dialect.PLATFORM:
            return platform.message_of(topic, document)
        case Dialect.OVERSEAS:
            return overseas.message_of(topic, document, CHINA, lambda _: Scaling())
        case Dialect.NUMBERS:
            return numbers.message_of(document)


@given(
    st.text(max_size=60) | st.lists(st.sampled_from(["sys", "Dev", "data", "up", "", "gw", "a=", "1"])).map("/".join)
)
def test_whatever_the_topic_is_it_is_understood_as_a_whole_or_not_at_all(text: str) -> None:
    topic = topic_of(text)
    if topic is None or topic.dialect is not Dialect.PLATFORM:
        return
    first, second, rest = text.split("/", 2)
    assert (first.casefold(), second.casefold()) in {("sys", "dev"), ("data", "up"), ("indicate", "dev")}
    assert rest == f"{topic.product}/{topic.serial}"
    assert topic.answer(Channel.COMMAND).endswith(f"/{rest}")


@pytest.mark.virtual_time
@pytest.mark.parametrize("text", [*TOPICS, "sys/dev/x", "other", "/gw/acrelHW/null/data/", "a" * 1000, ""])
async def test_no_message_on_any_topic_raises(broker: Broker, text: str) -> None:
    broker.source()
    for payload in (b"", b"{}", b"[]", b"null", b'{"reported":[1]}', b'{"data":[[],{"point":{}}]}', b"\x00" * 70000):
        broker.hub.take(text, payload)
    await broker.settled()
