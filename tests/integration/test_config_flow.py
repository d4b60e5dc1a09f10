"""A user sets up and changes links; every answer comes from a real server on loopback."""

import asyncio
import re
import socket
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from homeassistant.components.modbus import async_get_temporary_unit
from homeassistant.config_entries import ConfigEntryState, FlowType
from homeassistant.core import HomeAssistant
from homeassistant.helpers import device_registry as dr
from homeassistant.helpers import entity_registry as er
from modbus_connection import ModbusSerialParams
from probatio import UNDEFINED, Optional
from pytest_homeassistant_custom_component.common import MockConfigEntry

from custom_components.acrel_safety.const import DOMAIN
from tests.integration.conftest import CabinetMaker, LinkMaker
from tests.integration.flows import QUICK_LINE, Walk, add_link, change_link
from tests.integration.rigs import FAST_LINE, HOST, device, link_entry
from tests.integration.serial_bridge import serial_bridge


@pytest.fixture
async def home(hass: HomeAssistant, cabinet_of: CabinetMaker) -> AsyncGenerator[HomeAssistant]:
    """Home Assistant; links that a flow made are unloaded before their cabinet stops."""
    yield hass
    for entry in hass.config_entries.async_entries(DOMAIN):
        if entry.state is ConfigEntryState.LOADED:
            await hass.config_entries.async_unload(entry.entry_id)


def links(hass: HomeAssistant) -> list[dict[str, object]]:
    """Return the data of all saved links."""
    return [dict(entry.data) for entry in hass.config_entries.async_entries(DOMAIN)]


@asynccontextmanager
async def confused_server() -> AsyncIterator[int]:
    """Offer a Modbus TCP port that answers each request as if another function had been asked for."""
    writers: list[asyncio.StreamWriter] = []

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writers.append(writer)
        while request := await reader.read(100):
            number, unit = request[:2], request[6:7]
            writer.write(number + bytes([0, 0, 0, 5]) + unit + bytes([4, 2, 0, 0]))

    listening = await asyncio.start_server(talk, HOST, 0)
    try:
        yield listening.sockets[0].getsockname()[1]
    finally:
        listening.close()
        for writer in writers:
            writer.close()
        await listening.wait_closed()


def closed_port() -> int:
    """Return a port that nobody listens on."""
    with socket.socket() as probe:
        probe.bind((HOST, 0))
        port: int = probe.getsockname()[1]
    return port


async def test_a_gateway_is_set_up_over_modbus_tcp(home: HomeAssistant, cabinet_of: CabinetMaker) -> None:
    cabinet = await cabinet_of({1: "adw300"})

    link = await add_link(home, "tcp")
    assert link.fields == ["host", "port", "name", "line"]
    await link.answer(host="127.0.0.1", port=cabinet.tcp_port, name=" Ground floor ", line=QUICK_LINE)

    assert link.is_saved
    assert link.result["title"] == "Ground floor"
    assert link.result["data"] == {
        "type": "tcp",
        "host": "127.0.0.1",
        "port": cabinet.tcp_port,
        "baudrate": 115200,
        "bytesize": 8,
        "parity": "N",
        "stopbits": 1,
        "turnaround_ms": 5,
        "duty_target": 60,
    }
    assert link.result["result"].state is ConfigEntryState.LOADED


async def test_the_first_device_is_asked_for_as_soon_as_the_link_is_there(
    home: HomeAssistant, cabinet_of: CabinetMaker
) -> None:
    cabinet = await cabinet_of({8: "aim-r100"})
    link = await add_link(home, "tcp")
    await link.answer(host=HOST, port=cabinet.tcp_port, line=QUICK_LINE)

    kind, flow_id = link.result["next_flow"]
    assert kind is FlowType.CONFIG_SUBENTRIES_FLOW
    subentries = home.config_entries.subentries
    device = Walk(subentries, await subentries.async_configure(flow_id))
    assert device.result["menu_options"] == ["search", "by_hand"]
    await device.pick("by_hand")
    await device.answer(unit_id=8, model="aim-r100")
    await device.answer()

    assert device.is_saved
    [subentry] = link.result["result"].subentries.values()
    assert subentry.title == "AIM-R100 8"
    # The link is loaded anew with it.
    await home.async_block_till_done()


@pytest.mark.parametrize(("language", "title"), [("en", "Modbus TCP gateway"), ("zh-Hans", "Modbus TCP 网关")])
async def test_a_link_without_a_name_is_not_called_by_its_address(
    home: HomeAssistant, cabinet_of: CabinetMaker, language: str, title: str
) -> None:
    home.config.language = language
    titles = []
    for _ in range(2):
        link = await add_link(home, "tcp")
        await link.answer(host=HOST, port=(await cabinet_of({})).tcp_port, name="  ", line=QUICK_LINE)
        titles.append(link.result["title"])
    assert titles == [title, f"{title} 2"]
    figures = er.async_entries_for_config_entry(er.async_get(home), link.result["result"].entry_id)
    assert figures
    assert not [figure.entity_id for figure in figures if "127" in figure.entity_id]


async def test_a_serial_servers_port_is_asked_for_and_not_guessed(home: HomeAssistant) -> None:
    network, server = await add_link(home, "tcp"), await add_link(home, "rtu_tcp")
    defaults = [
        {str(key): key.default() for key in walk.result["data_schema"].schema if key.default is not UNDEFINED}
        for walk in (network, server)
    ]
    assert defaults == [{"port": 502}, {}]
    # A required number has a 0 in Home Assistant's frontend, so the form itself says what is missing.
    [port] = [key for key in server.result["data_schema"].schema if key == "port"]
    assert isinstance(port, Optional)
    await server.answer(host=HOST, line=QUICK_LINE)
    assert server.errors == {"port": "port_needed"}
    assert server.entered == {"host": HOST}


@pytest.mark.parametrize("kind", ["tcp", "rtu_tcp"])
@pytest.mark.parametrize(
    ("wrong", "field", "key"),
    [
        ({"host": "http://192.0.2.7"}, "host", "bad_host"),
        ({"host": "192.0.2.7:502"}, "host", "bad_host"),
        ({"host": "192.0.2.7/24"}, "host", "bad_host"),
        ({"host": "192.0.2. 7"}, "host", "bad_host"),
        ({"host": "[fe80::1"}, "host", "bad_host"),
        ({"host": "[gateway]"}, "host", "bad_host"),
        ({"host": "  "}, "host", "bad_host"),
        ({"port": 0}, "port", "bad_port"),
        ({"port": -502}, "port", "bad_port"),
        ({"port": 65536}, "port", "bad_port"),
        ({"port": 502.5}, "port", "bad_port"),
        ({"line": {**QUICK_LINE, "turnaround_ms": 1001}}, "line", "bad_turnaround"),
        ({"line": {**QUICK_LINE, "duty_target": 9}}, "line", "bad_duty_target"),
        ({"line": {**QUICK_LINE, "duty_target": 91}}, "line", "bad_duty_target"),
        ({"line": {**QUICK_LINE, "duty_target": 50.5}}, "line", "bad_duty_target"),
    ],
)
async def test_a_slip_is_told_at_its_field_and_nothing_that_was_typed_is_lost(
    home: HomeAssistant, kind: str, wrong: dict[str, object], field: str, key: str
) -> None:
    typed = {"host": "192.0.2.7", "port": 4196, "name": "Cellar", **wrong}
    link = await add_link(home, kind)
    await link.answer(**{"line": QUICK_LINE, **typed})
    assert link.errors == {field: key}
    assert link.entered == {name: value for name, value in typed.items() if name != "line"}
    assert links(home) == []


@pytest.mark.parametrize("typed", ["[127.0.0.1]", " 127.0.0.1 "])
async def test_an_address_in_brackets_or_blanks_is_understood(
    home: HomeAssistant, cabinet_of: CabinetMaker, typed: str
) -> None:
    link = await add_link(home, "tcp")
    await link.answer(host=typed, port=(await cabinet_of({})).tcp_port, line=QUICK_LINE)
    assert link.result["data"]["host"] == "127.0.0.1"


async def test_an_ipv6_address_is_stored_without_its_brackets(home: HomeAssistant) -> None:
    taken = MockConfigEntry(domain=DOMAIN, data={"type": "tcp", "host": "fe80::1", "port": 502})
    taken.add_to_hass(home)
    link = await add_link(home, "tcp")
    await link.answer(host="[FE80::1]", port=502, line=QUICK_LINE)
    assert link.reason == "already_configured"


async def test_blanks_are_no_serial_port(home: HomeAssistant) -> None:
    link = await add_link(home, "serial")
    await link.answer(device="  ", line=QUICK_LINE)
    assert link.errors == {"device": "port_missing"}


async def test_a_serial_server_is_set_up_with_a_line_of_its_own(home: HomeAssistant, cabinet_of: CabinetMaker) -> None:
    cabinet = await cabinet_of({1: "adw300"})
    link = await add_link(home, "rtu_tcp")
    line = {"baudrate": "19200", "parity": "even", "stopbits": "1", "turnaround_ms": 30}
    await link.answer(host=HOST, port=cabinet.rtu_port, line=line)

    assert link.is_saved
    data = link.result["data"]
    assert (data["type"], data["baudrate"], data["parity"], data["turnaround_ms"]) == ("rtu_tcp", 19200, "E", 30)


async def test_a_serial_port_is_set_up(home: HomeAssistant, cabinet_of: CabinetMaker) -> None:
    cabinet = await cabinet_of({1: "adw300"})
    async with serial_bridge(cabinet) as port:
        link = await add_link(home, "serial")
        await link.answer(device=port, line=QUICK_LINE)

        assert link.is_saved
        assert link.result["title"] == "Serial line"
        assert link.result["data"]["device"] == port
        await home.config_entries.async_unload(link.result["result"].entry_id)


async def test_the_line_is_9600_8n1_when_nobody_says_otherwise(home: HomeAssistant, cabinet_of: CabinetMaker) -> None:
    cabinet = await cabinet_of({1: "adw300"})
    link = await add_link(home, "tcp")
    await link.answer(host=HOST, port=cabinet.tcp_port)

    data = link.result["data"]
    assert (data["baudrate"], data["bytesize"], data["parity"], data["stopbits"]) == (9600, 8, "N", 1)
    assert data["turnaround_ms"] == 20


async def test_a_gateway_on_which_no_unit_answers_yet_is_accepted(
    home: HomeAssistant, cabinet_of: CabinetMaker
) -> None:
    cabinet = await cabinet_of({77: "adw300"})
    link = await add_link(home, "tcp")
    await link.answer(host=HOST, port=cabinet.tcp_port, line=QUICK_LINE)
    assert link.is_saved


async def test_a_closed_port_is_named_and_the_right_one_then_works(
    home: HomeAssistant, cabinet_of: CabinetMaker
) -> None:
    cabinet = await cabinet_of({1: "adw300"})
    link = await add_link(home, "tcp")
    wrong = closed_port()
    await link.answer(host=HOST, port=wrong, line=QUICK_LINE)

    assert link.errors == {"port": "connection_refused"}
    assert link.entered == {"host": HOST, "port": wrong}
    assert links(home) == []

    await link.answer(host=HOST, port=cabinet.tcp_port, line=QUICK_LINE)
    assert link.is_saved


@pytest.mark.parametrize("kind", ["tcp", "rtu_tcp"])
@pytest.mark.parametrize(
    "reason",
    [
        socket.gaierror(socket.EAI_NONAME, "Name or service not known"),
        UnicodeEncodeError("idna", "gateway..home", 8, 9, "label empty"),
    ],
)
async def test_a_host_that_nobody_knows_is_named(
    home: HomeAssistant, monkeypatch: pytest.MonkeyPatch, kind: str, reason: Exception
) -> None:
    # Tests ask no name server; this is what one says about a name that does not exist or cannot be one.
    def nobody_knows(*_: object, **__: object) -> None:
        raise reason

    monkeypatch.setattr(socket, "getaddrinfo", nobody_knows)
    link = await add_link(home, kind)
    await link.answer(host="gateway.invalid", port=502, line=QUICK_LINE)
    assert link.errors == {"host": "host_unknown"}
    assert links(home) == []


async def test_a_host_that_lets_the_connection_hang_is_named(home: HomeAssistant) -> None:
    with socket.socket() as deaf, socket.socket() as first, socket.socket() as second:
        # A queue that is full: whoever connects next is never answered.
        deaf.bind((HOST, 0))
        deaf.listen(0)
        for caller in (first, second):
            caller.setblocking(False)
            caller.connect_ex(deaf.getsockname())
        link = await add_link(home, "tcp")
        # On a slow line an answer is waited for longer than a connection.
        await link.answer(host=HOST, port=deaf.getsockname()[1], line={**QUICK_LINE, "baudrate": "1200"})
    assert link.errors == {"base": "connect_timeout"}
    assert links(home) == []


async def test_answers_that_fit_no_request_are_told_from_silence(home: HomeAssistant) -> None:
    async with confused_server() as port:
        link = await add_link(home, "tcp")
        await link.answer(host=HOST, port=port, line=QUICK_LINE)
    assert link.errors == {"base": "bad_answer"}
    assert links(home) == []


async def test_a_serial_port_that_is_not_there_is_named(home: HomeAssistant, tmp_path: Path) -> None:
    link = await add_link(home, "serial")
    await link.answer(device=str(tmp_path / "ttyUSB9"), line=QUICK_LINE)
    assert link.errors == {"device": "port_missing"}
    assert links(home) == []


async def test_a_file_that_is_no_serial_port_is_refused_with_the_systems_reason(
    home: HomeAssistant, tmp_path: Path
) -> None:
    (tmp_path / "notes.txt").touch()
    link = await add_link(home, "serial")
    await link.answer(device=str(tmp_path / "notes.txt"), line=QUICK_LINE)
    assert link.errors == {"base": "link_unreachable"}
    assert "notes.txt" in link.placeholders["link"]


@pytest.mark.parametrize(
    "device", ["socket://admin:s3cret@127.0.0.1:1", "admin:s3cret@127.0.0.1:1", "rfc2217://admin:s3/cret@x@127.0.0.1:1"]
)
async def test_no_password_of_an_address_is_said_again(
    home: HomeAssistant, caplog: pytest.LogCaptureFixture, device: str
) -> None:
    link = await add_link(home, "serial")
    await link.answer(device=device, line=QUICK_LINE)
    assert list(link.errors.values()) != []
    assert not re.search("s3.?cret", str(dict(link.placeholders)))

    entry = MockConfigEntry(domain=DOMAIN, title="Cellar", data={"type": "serial", "device": device, **FAST_LINE})
    entry.add_to_hass(home)
    await home.config_entries.async_setup(entry.entry_id)
    await home.async_block_till_done()
    assert not re.search("s3.?cret", f"{entry.reason} {entry.error_reason_translation_placeholders}")
    [registered] = dr.async_entries_for_config_entry(dr.async_get(home), entry.entry_id)
    assert "s3" not in str(registered.model)
    ours = [record.getMessage() for record in caplog.records if "acrel" in record.name]
    assert not re.search("s3.?cret", " ".join(ours))


async def test_a_host_with_a_password_is_refused_without_saying_it(home: HomeAssistant) -> None:
    link = await add_link(home, "tcp")
    await link.answer(host="admin:s3cret@127.0.0.1", port=502, line=QUICK_LINE)
    assert link.errors == {"host": "bad_host"}
    assert "s3cret" not in str(dict(link.placeholders))


async def test_a_line_in_use_with_other_settings_is_named(home: HomeAssistant, cabinet_of: CabinetMaker) -> None:
    cabinet = await cabinet_of({1: "adw300"})
    others = ModbusSerialParams(device=f"socket://{HOST}:{cabinet.rtu_port}", baudrate=9600)
    link = await add_link(home, "rtu_tcp")
    async with async_get_temporary_unit(home, others, 1):
        await link.answer(host=HOST, port=cabinet.rtu_port, line=QUICK_LINE)
        assert link.errors == {"base": "link_in_use"}

    await link.answer(host=HOST, port=cabinet.rtu_port, line=QUICK_LINE)
    assert link.is_saved


@pytest.mark.parametrize("kind", ["tcp", "rtu_tcp"])
async def test_the_same_gateway_is_not_set_up_twice(
    home: HomeAssistant, cabinet_of: CabinetMaker, link_to: LinkMaker, kind: str
) -> None:
    cabinet = await cabinet_of({1: "adw300"})
    await link_to(cabinet, {})

    link = await add_link(home, kind)
    await link.answer(host=f" {HOST.upper()} ", port=cabinet.tcp_port, line=QUICK_LINE)
    assert link.reason == "already_configured"
    assert len(links(home)) == 1


@pytest.mark.parametrize(
    ("known", "typed"),
    [
        ("127.0.0.1", "localhost"),
        ("localhost", "::1"),
        ("192.0.2.7", "::ffff:192.0.2.7"),
        ("Board.local", "board.local."),
    ],
)
async def test_one_gateway_under_two_names_is_not_set_up_twice(home: HomeAssistant, known: str, typed: str) -> None:
    MockConfigEntry(domain=DOMAIN, data={"type": "tcp", "host": known, "port": 502}).add_to_hass(home)
    link = await add_link(home, "rtu_tcp")
    await link.answer(host=typed, port=502, line=QUICK_LINE)
    assert link.reason == "already_configured"


async def test_of_two_dialogs_for_one_gateway_only_one_saves(home: HomeAssistant, cabinet_of: CabinetMaker) -> None:
    cabinet = await cabinet_of({1: "adw300"})
    dialogs = [await add_link(home, "tcp"), await add_link(home, "tcp")]
    await asyncio.gather(
        *(dialog.answer(host=HOST, port=cabinet.tcp_port, line=QUICK_LINE) for dialog in dialogs),
    )
    assert sorted(dialog.is_saved for dialog in dialogs) == [False, True]
    assert sorted(str(dialog.reason) for dialog in dialogs) == ["None", "already_configured"]
    assert len(links(home)) == 1


async def test_a_dialog_that_is_closed_saves_nothing(home: HomeAssistant, cabinet_of: CabinetMaker) -> None:
    await cabinet_of({1: "adw300"})
    link = await add_link(home, "tcp")
    link.abandon()
    assert links(home) == []


async def test_a_link_that_moved_is_changed_and_its_devices_stay(
    home: HomeAssistant, cabinet_of: CabinetMaker, link_to: LinkMaker
) -> None:
    old, new = await cabinet_of({8: "aim-r100"}), await cabinet_of({8: "aim-r100"})
    rig = await link_to(old, {8: "aim-r100"})
    rig.hass.config_entries.async_update_entry(rig.entry, title=f"{HOST}:{old.tcp_port}")
    before = {entity.entity_id for entity in rig.entities()}
    new.units[8].requests.clear()

    link = await change_link(home, rig.entry, "tcp")
    former = f"{HOST}:{old.tcp_port}"
    assert link.entered == {"host": HOST, "port": old.tcp_port, "name": former}
    await link.answer(host=HOST, port=new.tcp_port, name=former, line=QUICK_LINE)
    await home.async_block_till_done()

    assert link.reason == "reconfigure_successful"
    assert rig.entry.title == f"{HOST}:{new.tcp_port}"
    assert rig.entry.state is ConfigEntryState.LOADED
    assert {entity.entity_id for entity in rig.entities()} == before
    assert new.units[8].requests


async def test_a_name_the_user_gave_stays_when_the_link_moves(
    home: HomeAssistant, cabinet_of: CabinetMaker, link_to: LinkMaker
) -> None:
    old, new = await cabinet_of({}), await cabinet_of({})
    rig = await link_to(old, {})
    link = await change_link(home, rig.entry, "tcp")
    await link.answer(host=HOST, port=new.tcp_port, line=QUICK_LINE)
    assert rig.entry.title == "Cabinet"


async def test_a_link_gets_another_name_and_its_entities_keep_their_ids(
    home: HomeAssistant, cabinet_of: CabinetMaker, link_to: LinkMaker
) -> None:
    cabinet = await cabinet_of({8: "aim-r100"})
    rig = await link_to(cabinet)
    before = {entity.entity_id for entity in rig.entities()}
    link = await change_link(home, rig.entry, "tcp")
    await link.answer(host=HOST, port=cabinet.tcp_port, name="Cellar", line=QUICK_LINE)
    await home.async_block_till_done()

    assert link.reason == "reconfigure_successful"
    assert rig.entry.title == "Cellar"
    assert {entity.entity_id for entity in rig.entities()} == before
    [named] = [found for found in rig.devices() if found.name == "Cellar" and isinstance(found, dr.DeviceEntry)]
    assert (named.model, named.manufacturer) == (f"Modbus TCP, {HOST}:{cabinet.tcp_port}", None)


async def test_a_change_to_what_does_not_work_changes_nothing(
    home: HomeAssistant, cabinet_of: CabinetMaker, link_to: LinkMaker
) -> None:
    cabinet = await cabinet_of({8: "aim-r100"})
    rig = await link_to(cabinet, {8: "aim-r100"})
    before = dict(rig.entry.data)

    link = await change_link(home, rig.entry, "tcp")
    await link.answer(host=HOST, port=closed_port(), line=QUICK_LINE)
    assert link.errors == {"port": "connection_refused"}
    assert rig.entry.data == before
    assert rig.entry.state is ConfigEntryState.LOADED

    await link.answer(host=HOST, port=cabinet.tcp_port, line={**QUICK_LINE, "baudrate": "19200"})
    await home.async_block_till_done()
    assert link.reason == "reconfigure_successful"
    assert rig.entry.data == {**before, "baudrate": 19200, "duty_target": 60}


async def test_a_link_that_could_not_be_reached_is_there_at_once_when_it_is_put_right(
    home: HomeAssistant, cabinet_of: CabinetMaker
) -> None:
    cabinet = await cabinet_of({8: "aim-r100"})
    entry = link_entry(cabinet, [device(8, "aim-r100")])
    entry.add_to_hass(home)
    home.config_entries.async_update_entry(entry, data={**entry.data, "port": closed_port()})
    assert not await home.config_entries.async_setup(entry.entry_id)
    states = [entry.state]

    link = await change_link(home, entry, "tcp")
    await link.answer(host=HOST, port=cabinet.tcp_port, line=QUICK_LINE)
    await home.async_block_till_done()
    states.append(entry.state)
    assert states == [ConfigEntryState.SETUP_RETRY, ConfigEntryState.LOADED]


async def test_a_link_that_somebody_uses_otherwise_is_set_up_when_it_is_put_right(
    home: HomeAssistant, cabinet_of: CabinetMaker
) -> None:
    cabinet = await cabinet_of({8: "aim-r100"})
    entry = link_entry(cabinet, [device(8, "aim-r100")], framing="rtu_tcp")
    entry.add_to_hass(home)
    others = ModbusSerialParams(device=f"socket://{HOST}:{cabinet.rtu_port}", baudrate=9600)
    async with async_get_temporary_unit(home, others, 1):
        assert not await home.config_entries.async_setup(entry.entry_id)
        states = [entry.state]

        link = await change_link(home, entry, "tcp")
        await link.answer(host=HOST, port=cabinet.tcp_port, line=QUICK_LINE)
        await home.async_block_till_done()
        states.append(entry.state)
    assert states == [ConfigEntryState.SETUP_RETRY, ConfigEntryState.LOADED]


async def test_a_link_cannot_move_to_where_another_one_is(
    home: HomeAssistant, cabinet_of: CabinetMaker, link_to: LinkMaker
) -> None:
    first, second = await cabinet_of({}), await cabinet_of({})
    rig = await link_to(first, {})
    await link_to(second, {})

    link = await change_link(home, rig.entry, "tcp")
    await link.answer(host=HOST, port=second.tcp_port, line=QUICK_LINE)
    assert link.reason == "already_configured"
    assert rig.entry.data["port"] == first.tcp_port


async def test_the_other_framing_is_tried_with_the_entry_off_the_line(
    home: HomeAssistant, cabinet_of: CabinetMaker, link_to: LinkMaker
) -> None:
    cabinet = await cabinet_of({8: "aim-r100"})
    # The wrong kind of link was chosen: RTU frames are sent to a Modbus TCP port or the other way round.
    rig = await link_to(cabinet, {8: "aim-r100"}, framing="tcp")
    home.config_entries.async_update_entry(rig.entry, data={**rig.entry.data, "port": cabinet.rtu_port})
    await home.async_block_till_done()

    link = await change_link(home, rig.entry, "rtu_tcp")
    await link.answer(host=HOST, port=cabinet.rtu_port, line=QUICK_LINE)
    await home.async_block_till_done()

    assert link.reason == "reconfigure_successful"
    assert rig.entry.data["type"] == "rtu_tcp"
    assert rig.entry.state is ConfigEntryState.LOADED
    assert rig.state("sensor", 8, "Lg").state not in ("unknown", "unavailable")


async def test_a_link_whose_device_has_the_id_that_speaks_to_all_does_not_become_a_line(
    home: HomeAssistant, cabinet_of: CabinetMaker, link_to: LinkMaker
) -> None:
    cabinet = await cabinet_of({0: "aim-r100"})
    rig = await link_to(cabinet)
    link = await change_link(home, rig.entry, "rtu_tcp")
    for _ in range(2):
        await link.answer(host=HOST, port=cabinet.rtu_port, line=QUICK_LINE)
        assert link.errors == {"base": "broadcast_device"}
        assert link.placeholders["name"] == rig.subentry(0).title
    assert rig.entry.data["type"] == "tcp"


async def test_another_speed_of_a_serial_port_is_tried_and_the_entry_comes_back(
    home: HomeAssistant, cabinet_of: CabinetMaker
) -> None:
    cabinet = await cabinet_of({8: "aim-r100"})
    async with serial_bridge(cabinet) as port:
        link = await add_link(home, "serial")
        await link.answer(device=port, line=QUICK_LINE)
        entry = link.result["result"]

        change = await change_link(home, entry, "serial")
        await change.answer(device=port, line={**QUICK_LINE, "baudrate": "57600"})
        await home.async_block_till_done()

        assert change.reason == "reconfigure_successful"
        assert entry.data["baudrate"] == 57600
        assert entry.state is ConfigEntryState.LOADED
        await home.config_entries.async_unload(entry.entry_id)
