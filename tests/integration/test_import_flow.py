"""A user brings a register table or a model file: errors by line, a look at live values, and only then it is saved."""

from pathlib import Path

import pytest
from homeassistant.config_entries import ConfigEntryState
from homeassistant.core import HomeAssistant
from pytest_homeassistant_custom_component.typing import ClientSessionGenerator

from custom_components.acrel_safety.aioacrel.models import read_model
from custom_components.acrel_safety.const import MODEL_FOLDER
from tests.integration.conftest import CabinetMaker, LinkMaker
from tests.integration.flows import Walk, add_device, change_device, upload
from tests.integration.loops import LOOPS
from tests.integration.rigs import LinkRig
from tests.integration.test_device_flow import devices, users_model

HEADER = "id,group,data_name,unit,reg_add,reg_type,endian,dcm,k,fun_num,calc,style\n"
TWO_LOOPS = f"{HEADER}1,1,Lg,mA,004AH,6,1,0,0,3,,0\n2,2,Lg,mA,0x4B,6,1,0,0,3,,0\n"
IN_DOUBT = (
    f"{HEADER}1,1,Lg,mA,74,6,1,1,2,3,,0\n"  # k may be decimals or a multiplier
    "2,2,DOC_Sum,mA,75,8,1,0,0,3,,0\n"  # the order may be a generator's default
)
BROKEN_ROWS = (
    f"{TWO_LOOPS}3,3,Lg,mA,99999,6,1,0,0,3,,0\n4,4,Lg,mA,77,13,0,0,0,3,,0\n"
    "5,5,Lg,mA,78,6,7,0,0,3,,0\n6,6,Lg,mA,79,6,1,0,0,16,,0\n7,7,Lg\n"
)


@pytest.fixture
def hass_config_dir(hass_tmp_config_dir: str) -> str:
    """Keep the user's files of a test to itself."""
    return hass_tmp_config_dir


class Desk:
    """A user with a file, before a cabinet with one residual-current monitor."""

    def __init__(self, rig: LinkRig, client: ClientSessionGenerator) -> None:
        self.rig, self.hass, self._client = rig, rig.hass, client

    async def table(self, *, model: str = "import", unit_id: int = 8, name: str = "Sockets") -> Walk:
        """Add a device up to the form that asks for the file."""
        device = await add_device(self.hass, self.rig.entry)
        await device.answer(unit_id=unit_id, model=model, name=name)
        assert device.step == "table"
        return device

    async def file(self, content: str | bytes, name: str = "My loops.csv") -> str:
        return await upload(self._client, name, content)

    def saved(self) -> dict[str, str]:
        """Return the user's model files."""
        folder = Path(self.hass.config.path(MODEL_FOLDER))
        return {path.name: path.read_text("utf-8") for path in folder.glob("*")}

    @property
    def truth(self) -> dict[str, dict[str, float | int | bool]]:
        return self.rig.cabinet.units[8].truth()


@pytest.fixture
async def desk(
    hass: HomeAssistant, cabinet_of: CabinetMaker, link_to: LinkMaker, hass_client: ClientSessionGenerator
) -> Desk:
    cabinet = await cabinet_of({8: "aim-r100"})
    return Desk(await link_to(cabinet, {}), hass_client)


async def test_a_table_is_saved_after_its_values_were_seen(desk: Desk) -> None:
    device = await desk.table()
    assert device.fields == ["file", "base", "model_id"]
    await device.answer(file=await desk.file(TWO_LOOPS), base="none")
    assert device.step == "settings"
    assert device.fields == ["detail", "allow_automations", "intervals"]
    await device.answer()

    assert device.step == "preview"
    assert device.fields == ["next"]
    leaks = [desk.truth[circuit]["Lg"] for circuit in ("1", "2")]
    assert device.placeholders["table"].splitlines() == [
        "| Circuit | Quantity | Code | Register | Value |",
        "| --- | --- | --- | --- | --- |",
        f"| Circuit 1 | Residual current | Lg | 004Ah | {leaks[0]:g} mA |",
        f"| Circuit 2 | Residual current | Lg | 004Bh | {leaks[1]:g} mA |",
    ]
    assert (desk.saved(), devices(desk.rig)) == ({}, {})

    await device.answer(next="save")
    await desk.hass.async_block_till_done()
    assert device.is_saved
    assert devices(desk.rig) == {"Sockets": {"unit_id": 8, "model": "my-loops", "allow_changes": False}}
    assert list(desk.saved()) == ["my-loops.toml"]
    assert float(desk.rig.state("sensor", 8, "Lg", "2").state) == leaks[1]


async def test_a_table_completes_a_model_that_waits_for_it(desk: Desk) -> None:
    device = await desk.table(model="arcm310")
    assert device.entered == {"base": "arcm310"}
    await device.answer(file=await desk.file(TWO_LOOPS), base="arcm310")
    await device.answer()
    assert device.placeholders["model"] == "ARCM310"
    await device.answer(next="save")
    await desk.hass.async_block_till_done()

    assert devices(desk.rig)["Sockets"]["model"] == "arcm310"
    saved = read_model(desk.saved()["arcm310.toml"], file="arcm310.toml")
    assert saved.waiting
    assert float(desk.rig.state("sensor", 8, "Lg").state) == desk.truth["1"]["Lg"]


async def test_each_broken_row_is_named_and_nothing_is_used_unasked(desk: Desk) -> None:
    device = await desk.table()
    await device.answer(file=await desk.file(BROKEN_ROWS), base="none", model_id="loops")

    assert device.step == "rejected"
    assert device.placeholders["count"] == "5"
    rows = device.placeholders["listing"].splitlines()
    for row, (line, found) in zip(rows, [(4, "99999"), (5, "13"), (6, "7"), (7, "16"), (8, "3")], strict=True):
        assert row.startswith(f"- {line}: ")
        assert found in row
    assert (desk.saved(), devices(desk.rig)) == ({}, {})

    # The file is mended and chosen again.
    await device.pick("table")
    assert device.entered == {"base": "none", "model_id": "loops"}
    await device.answer(file=await desk.file(TWO_LOOPS), base="none", model_id="loops")
    assert device.step == "settings"


async def test_a_table_can_be_used_without_its_broken_rows(desk: Desk) -> None:
    device = await desk.table()
    await device.answer(file=await desk.file(BROKEN_ROWS), base="none")
    await device.pick("settings")
    await device.answer()
    await device.answer(next="save")
    assert len(read_model(desk.saved()["my-loops.toml"], file="").points) == 2


async def test_the_findings_are_in_chinese_where_home_assistant_is(desk: Desk) -> None:
    desk.hass.config.language = "zh-Hans"
    device = await desk.table()
    await device.answer(file=await desk.file(BROKEN_ROWS), base="none")
    assert "寄存器地址" in device.placeholders["listing"]
    await device.pick("settings")
    await device.answer()
    assert device.placeholders["table"].startswith("| 回路 | 量 |")


async def test_what_a_model_file_may_hold_is_said_in_chinese_too(desk: Desk) -> None:
    desk.hass.config.language = "zh-Hans"
    device = await desk.table()
    await device.answer(file=await desk.file(LOOPS.replace("0x004A", '"74"'), "model.toml"), base="none")
    assert device.errors == {"base": "file_problems"}
    assert '发现："74"；允许：0 至 65535 的整数' in device.placeholders["listing"]


@pytest.mark.parametrize(
    ("name", "content", "found"),
    [
        ("table.csv", TWO_LOOPS.replace("reg_add", "address"), "address"),
        ("table.csv", HEADER, "no usable row"),
        ("table.csv", b"\xff\xfe" + TWO_LOOPS.encode("utf-16-le"), "UTF-16"),
        ("table.csv", b"0" * 4_100_000, "4100000 bytes"),
        ("model.toml", "[model", "TOML"),
        ("model.toml", LOOPS.replace("0x004A", "70000"), "70000"),
        ("model.toml", b"\xff\xff", "UTF-8"),
    ],
    ids=["header", "no rows", "encoding", "too large", "syntax", "address", "binary"],
)
async def test_a_file_that_cannot_be_used_is_told_and_another_one_then_works(
    desk: Desk, name: str, content: str | bytes, found: str
) -> None:
    device = await desk.table()
    await device.answer(file=await desk.file(content, name), base="none", model_id="loops")
    assert device.errors == {"base": "file_problems"}
    assert device.placeholders["file"] == name
    assert found in device.placeholders["listing"]
    assert (desk.saved(), devices(desk.rig)) == ({}, {})

    await device.answer(file=await desk.file(TWO_LOOPS), base="none", model_id="loops")
    await device.answer()
    await device.answer(next="save")
    assert list(desk.saved()) == ["loops.toml"]


async def test_of_very_many_findings_the_first_are_shown(desk: Desk) -> None:
    rows = "".join(f"{line},1,Lg,mA,ZZ,6,1,0,0,3,,0\n" for line in range(500))
    device = await desk.table()
    await device.answer(file=await desk.file(TWO_LOOPS + rows), base="none")
    lines = device.placeholders["listing"].splitlines()
    assert len(lines) == 41
    assert lines[-1] == "- and 460 more"


async def test_a_hostile_name_stays_text(desk: Desk) -> None:
    device = await desk.table()
    table = f'{HEADER}1,1,"DOC_<img src=x>|**|[a](b)",mA,74,6,1,0,0,3,,0\n'
    await device.answer(file=await desk.file(table), base="none")
    await device.answer()
    assert r"\<img src=x\>\|\*\*\|\[a\](b)" in device.placeholders["table"]


async def test_an_upload_that_did_not_arrive_is_told(desk: Desk) -> None:
    device = await desk.table()
    await device.answer(file="0123456789abcdef0123456789abcdef", base="none")
    assert device.errors == {"file": "upload_gone"}


async def test_doubtful_rows_are_shown_both_ways_and_the_user_decides(desk: Desk) -> None:
    cabinet = desk.rig.cabinet
    cabinet.units[8].hold("Lg", 100, "1")
    cabinet.units[8].hold("Lg", 1, "2")
    cabinet.units[8].hold("Lg", 2, "3")
    device = await desk.table()
    await device.answer(file=await desk.file(IN_DOUBT), base="none")
    await device.answer()

    assert device.fields == ["k_mode", "order", "next"]
    header, _, k_row, order_row = device.placeholders["table"].splitlines()
    assert header.endswith("| Value | Number of decimals | Multiplier | Normal Modbus order (high word first) |")
    assert k_row.endswith("| 004Ah | 10.0 mA | 10.0 mA | 20.0 mA |  |")
    assert order_row.endswith(f"| 004Bh | {0x02000100} mA |  |  | {0x00010002} mA |")
    assert device.placeholders["listing"].count("\n") == 1

    await device.answer(next="save")
    assert device.errors == {"k_mode": "choose"}
    await device.answer(k_mode="multiplier", next="save")
    assert device.errors == {"order": "choose"}
    assert device.entered == {"k_mode": "multiplier"}
    assert (desk.saved(), devices(desk.rig)) == ({}, {})

    await device.answer(k_mode="multiplier", order="normal", next="save")
    await desk.hass.async_block_till_done()
    assert device.is_saved
    assert float(desk.rig.state("sensor", 8, "Lg").state) == 20
    assert read_model(desk.saved()["my-loops.toml"], file="").k_mode == "multiplier"
    assert float(desk.rig.state("sensor", 8, "DOC_Sum", "2").state) == 0x00010002


async def test_addresses_that_may_mean_two_registers_are_read_at_both(desk: Desk) -> None:
    """The AIM-R100 has residual currents from 004Ah on: 0050 is a loop in hexadecimal only."""
    desk.rig.cabinet.units[8].hold("Lg", 123, "7")
    device = await desk.table()
    table = f"{HEADER}1,1,Lg,mA,0050,6,1,0,0,3,,0\n2,2,Lg,mA,0074,6,1,0,0,3,,0\n"
    await device.answer(file=await desk.file(table), base="none")
    await device.answer()

    assert device.fields == ["address_mode", "next"]
    assert list(device.options("address_mode")) == ["as_written", "hex"]
    header, _, first, second = device.placeholders["table"].splitlines()
    assert header.endswith("| Value | Hexadecimal without a mark (0061 is register 97) |")
    assert first.endswith("| 0032h | 0 mA | 123 mA (0050h) |")
    assert second.endswith(f"| 004Ah | {desk.truth['1']['Lg']:g} mA | refused by the device (0074h) |")
    assert "50 = 0032h" in device.placeholders["listing"]

    await device.answer(next="save")
    assert device.errors == {"address_mode": "choose"}
    assert (desk.saved(), devices(desk.rig)) == ({}, {})
    await device.answer(address_mode="hex", next="save")
    await desk.hass.async_block_till_done()
    assert device.is_saved
    saved = read_model(desk.saved()["my-loops.toml"], file="")
    assert [place.address for place in saved.registers.places.values()] == [0x50, 0x74]
    assert float(desk.rig.state("sensor", 8, "Lg").state) == 123


async def test_a_way_to_write_addresses_that_loses_rows_is_not_taken_unseen(desk: Desk) -> None:
    device = await desk.table()
    table = f"{HEADER}1,1,Lg,mA,004B,6,1,0,0,3,,0\n2,2,Lg,mA,0050,6,1,0,0,3,,0\n"
    await device.answer(file=await desk.file(table), base="none")
    await device.answer()
    await device.answer(address_mode="as_written", next="save")
    assert device.errors == {"address_mode": "rows_lost"}
    assert device.placeholders["lines"] == "2"
    assert (desk.saved(), devices(desk.rig)) == ({}, {})
    await device.answer(address_mode="hex", next="save")
    assert device.is_saved


async def test_a_way_to_write_addresses_that_leaves_no_row_is_no_column(desk: Desk) -> None:
    """As a number of the data model the value would lie across the end of a block of the ARCM300."""
    device = await desk.table()
    await device.answer(
        file=await desk.file(f"{HEADER}1,1,EP,kWh,44138,8,0,0,0,3,,0\n"), base="arcm300", model_id="edge"
    )
    await device.answer()
    assert device.errors == {"base": "nothing_read"}
    device.abandon()


async def test_the_choice_of_addresses_is_asked_in_chinese(desk: Desk) -> None:
    desk.hass.config.language = "zh-Hans"
    device = await desk.table()
    await device.answer(file=await desk.file(f"{HEADER}1,1,Lg,mA,40075,6,1,0,0,3,,0\n"), base="none")
    await device.answer()
    assert "Modbus 数据模型编号（40001 即寄存器 0）" in device.placeholders["table"]
    assert "请与设备显示对照后选择 address\\_mode" in device.placeholders["listing"]
    await device.answer(address_mode="data_model", next="save")
    await desk.hass.async_block_till_done()
    assert float(desk.rig.state("sensor", 8, "Lg").state) == desk.truth["1"]["Lg"]


async def test_the_order_in_the_file_can_be_confirmed(desk: Desk) -> None:
    device = await desk.table()
    await device.answer(file=await desk.file(IN_DOUBT), base="none")
    await device.answer()
    await device.answer(k_mode="auto", order="as_written", next="save")
    saved = read_model(desk.saved()["my-loops.toml"], file="")
    assert {place.layout.order.name for place in saved.registers.places.values()} == {"NORMAL", "REVERSED"}


async def test_values_are_read_again_on_request_and_with_another_unit_id(desk: Desk) -> None:
    device = await desk.table(unit_id=9)
    await device.answer(file=await desk.file(TWO_LOOPS), base="none")
    await device.answer()
    assert device.errors == {"base": "no_answer_link"}
    assert device.placeholders["table"] == ""
    assert list(device.options("next")) == ["again", "back"]

    await device.answer(next="back")
    await device.answer(unit_id=8, model="import", name="Sockets")
    assert "My loops.csv" in device.placeholders["upload"]
    await device.answer(base="none")
    await device.answer()
    assert device.errors == {}
    await device.answer(next="save")
    assert device.is_saved


async def test_a_table_of_another_device_is_told_when_nothing_can_be_read(desk: Desk) -> None:
    device = await desk.table()
    await device.answer(file=await desk.file(TWO_LOOPS.replace("004AH", "7000H").replace("0x4B", "28673")), base="none")
    await device.answer()
    assert device.errors == {"base": "nothing_read"}
    assert list(device.options("next")) == ["again", "back"]
    device.abandon()
    assert (desk.saved(), devices(desk.rig)) == ({}, {})


async def test_registers_the_device_does_not_have_are_shown_beside_the_others(desk: Desk) -> None:
    device = await desk.table()
    table = f"{TWO_LOOPS}3,1,LgFauSta,,7000H,1,3,0,0,3,,0\n4,1,TempA,C,74,7,1,0,1000,3,,0\n"
    await device.answer(file=await desk.file(table), base="none")
    await device.answer()
    shown = device.placeholders["table"]
    assert "| LgFauSta | 7000h | refused by the device |" in shown
    assert "| TempA | 004Ah | not plausible |" in shown


async def test_of_a_long_table_the_doubtful_rows_are_shown_first(desk: Desk) -> None:
    rows = "".join(f"{n},{n},Lg,mA,{73 + n},6,1,0,0,3,,0\n" for n in range(1, 13))
    rows += "".join(f"{n},{n},DOC_Bit {n},,74,1,{n % 16},0,0,3,,0\n" for n in range(1, 101))
    device = await desk.table()
    await device.answer(file=await desk.file(f"{HEADER}{rows}200,100,EP,kWh,75,6,1,1,2,3,,0\n"), base="none")
    await device.answer()
    table = device.placeholders["table"]
    assert table.count("| 00") == 60
    assert "| EP | 004Bh |" in table
    assert table.endswith("53 further points are not shown.")


async def test_states_are_shown_as_words(desk: Desk) -> None:
    device = await desk.table()
    table = f"{TWO_LOOPS}3,1,LgHIGH1,,74,1,15,0,0,3,,0\n"
    await device.answer(file=await desk.file(table), base="none")
    await device.answer()
    assert "| no |" in device.placeholders["table"]


async def test_a_model_file_is_saved_as_it_was_written(desk: Desk) -> None:
    device = await desk.table()
    text = f"# My own notes\n{LOOPS}"
    await device.answer(file=await desk.file(text, "anything.toml"), base="none")
    await device.answer()
    assert device.step == "preview"
    await device.answer(next="save")
    await desk.hass.async_block_till_done()
    assert desk.saved() == {"loops.toml": text}
    assert float(desk.rig.state("sensor", 8, "Lg").state) == desk.truth["1"]["Lg"]


async def test_a_model_file_gets_another_id_on_request(desk: Desk) -> None:
    device = await desk.table()
    await device.answer(file=await desk.file(LOOPS, "loops.toml"), base="none", model_id="loops-2")
    await device.answer()
    await device.answer(next="save")
    assert read_model(desk.saved()["loops-2.toml"], file="").id == "loops-2"


async def test_a_model_file_without_any_address_is_told(desk: Desk) -> None:
    device = await desk.table()
    text = LOOPS[: LOOPS.index("stride")] + 'needs = ["Lg"]\n'
    await device.answer(file=await desk.file(text, "loops.toml"), base="none")
    assert device.errors == {"base": "register_table_missing"}


async def test_what_cannot_be_an_id_is_told_and_the_file_kept(desk: Desk) -> None:
    device = await desk.table()
    await device.answer(file=await desk.file(TWO_LOOPS), base="none", model_id="../Loops")
    assert device.errors == {"model_id": "bad_model_id"}
    await device.answer(base="none", model_id="loops")
    assert device.step == "settings"


@pytest.mark.parametrize("name", ["回路.csv", "--.csv"])
async def test_a_file_name_that_makes_no_id_gets_one(desk: Desk, name: str) -> None:
    device = await desk.table()
    await device.answer(file=await desk.file(TWO_LOOPS, name), base="none")
    await device.answer()
    await device.answer(next="save")
    assert list(desk.saved()) == ["imported.toml"]


@pytest.mark.parametrize("taken", ["loops", "aim-r100"])
async def test_a_model_that_is_there_is_replaced_only_on_request(desk: Desk, taken: str) -> None:
    users_model(desk.hass, "loops", LOOPS)
    device = await desk.table()
    await device.answer(file=await desk.file(TWO_LOOPS), base="none", model_id=taken)
    assert device.errors == {"model_id": "model_exists"}
    assert device.placeholders["id"] == taken
    assert device.fields == ["file", "base", "model_id", "overwrite"]
    assert desk.saved() == {"loops.toml": LOOPS}

    await device.answer(base="none", model_id=taken, overwrite=True)
    await device.answer()
    await device.answer(next="save")
    assert read_model(desk.saved()[f"{taken}.toml"], file="").evidence == "imported"


async def test_all_devices_of_a_replaced_model_are_read_with_the_new_file(
    desk: Desk, cabinet_of: CabinetMaker, link_to: LinkMaker
) -> None:
    users_model(desk.hass, "loops", LOOPS)
    other = await link_to(await cabinet_of({5: "aim-r100"}), {5: "loops"})
    assert other.entity_id("sensor", 5, "Lg", "3") is None

    device = await desk.table()
    table = f"{TWO_LOOPS}3,3,Lg,mA,76,6,1,0,0,3,,0\n"
    await device.answer(file=await desk.file(table), base="none", model_id="loops")
    await device.answer(base="none", model_id="loops", overwrite=True)
    await device.answer()
    await device.answer(next="save")
    await desk.hass.async_block_till_done()
    assert other.entity_id("sensor", 5, "Lg", "3") is not None
    assert other.entry.state is ConfigEntryState.LOADED


async def test_a_device_gets_a_better_table_under_the_same_name(
    desk: Desk, cabinet_of: CabinetMaker, link_to: LinkMaker
) -> None:
    users_model(desk.hass, "loops", LOOPS)
    rig = await link_to(await cabinet_of({5: "aim-r100"}), {5: "loops"})
    device = await change_device(desk.hass, rig.entry, rig.subentry(5).subentry_id)
    await device.answer(unit_id=5, model="import", name="loops 5")
    table = f"{TWO_LOOPS}3,3,Lg,mA,76,6,1,0,0,3,,0\n"
    await device.answer(file=await desk.file(table), base="none", model_id="loops")
    await device.answer(base="none", model_id="loops", overwrite=True)
    await device.answer()
    await device.answer(next="save")
    await desk.hass.async_block_till_done()

    assert device.reason == "reconfigure_successful"
    assert devices(rig) == {"loops 5": {"unit_id": 5, "model": "loops", "allow_changes": False}}
    assert rig.entity_id("sensor", 5, "Lg", "3") is not None


@pytest.fixture
def blocked_folder(desk: Desk) -> Path:
    """Put a file where the folder of models has to be."""
    path = Path(desk.hass.config.path(MODEL_FOLDER))
    path.parent.mkdir(exist_ok=True)
    path.write_text("in the way")
    return path


async def test_a_folder_that_cannot_be_written_is_told_and_nothing_saved(desk: Desk, blocked_folder: Path) -> None:
    device = await desk.table()
    await device.answer(file=await desk.file(TWO_LOOPS), base="none")
    await device.answer()
    await device.answer(next="save")
    assert device.errors == {"base": "cannot_write"}
    assert device.placeholders["folder"] == str(blocked_folder)
    assert devices(desk.rig) == {}

    await desk.hass.async_add_executor_job(blocked_folder.unlink)
    await device.answer(next="save")
    assert device.is_saved


async def test_ratios_of_the_base_model_apply_to_the_preview(desk: Desk) -> None:
    device = await desk.table()
    text = LOOPS.replace("[[circuits]]", '[ratios]\nct = "ask"\n\n[[circuits]]').replace(
        "Lg = { at = 0x004A }", 'Ia = { at = 0x004A, ratios = ["ct"] }'
    )
    await device.answer(file=await desk.file(text, "loops.toml"), base="none")
    assert device.fields == ["ct", "detail", "allow_automations", "intervals"]
    await device.answer(ct=10)
    assert f"| {desk.truth['1']['Lg'] * 10:.2f} A |" in device.placeholders["table"]


async def test_a_ratio_that_the_device_tells_is_read_for_the_preview(desk: Desk) -> None:
    cabinet = desk.rig.cabinet
    cabinet.units[8].hold("Lg", 20, "3")
    device = await desk.table()
    text = (
        LOOPS.replace('numbers = "1-2"\nstride = 1', 'numbers = "1"')
        .replace("[[circuits]]", '[ratios]\nct = "CT"\n\n[[circuits]]')
        .replace("Lg = { at = 0x004A }", 'Ia = { at = 0x004A, ratios = ["ct"] }\nCT = { at = 0x004C }')
    )
    await device.answer(file=await desk.file(text, "loops.toml"), base="none")
    await device.answer()
    assert f"| {desk.truth['1']['Lg'] * 20:.2f} A |" in device.placeholders["table"]

    cabinet.units[8].hold("Lg", 0, "3")
    await device.answer(next="again")
    assert "| ratio not known |" in device.placeholders["table"]


async def test_a_value_is_not_shown_without_a_ratio_that_cannot_be_read(desk: Desk) -> None:
    device = await desk.table()
    text = LOOPS.replace("[[circuits]]", '[ratios]\nct = "CT@1"\n\n[[circuits]]').replace(
        "Lg = { at = 0x004A }", 'Ia = { at = 0x004A, ratios = ["ct"] }\nCT = { at = 0x7000 }'
    )
    await device.answer(file=await desk.file(text, "loops.toml"), base="none")
    await device.answer()
    assert device.placeholders["table"].count("| ratio not known |") == 2
    assert device.placeholders["table"].count("| refused by the device |") == 2


async def test_what_belongs_to_the_device_as_a_whole_is_shown_in_words(desk: Desk) -> None:
    device = await desk.table()
    point = '"DOC_Meter type" = { at = 0x000B, type = "bit4", bit = 12, words = { 1 = "residual_current" } }'
    text = LOOPS.replace('numbers = "1-2"\nstride = 1', 'numbers = "0"').replace("Lg = { at = 0x004A }", point)
    await device.answer(file=await desk.file(text, "loops.toml"), base="none")
    await device.answer()
    assert r"| Device | Meter type | DOC\_Meter type | 000Bh | residual\_current |" in device.placeholders["table"]


async def test_a_gateway_that_cannot_reach_the_unit_is_told_in_the_preview(desk: Desk) -> None:
    desk.rig.cabinet.set_scenario("exception", 8, code=11)
    device = await desk.table()
    await device.answer(file=await desk.file(TWO_LOOPS), base="none")
    await device.answer()
    assert device.errors == {"base": "no_answer_gateway"}
