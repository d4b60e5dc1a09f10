"""`acrel table check`, `import` and `export`."""

from pathlib import Path

import pytest

from custom_components.acrel_safety.aioacrel.models import ModelLibrary, read_model
from custom_components.acrel_safety.aioacrel.points import Model
from custom_components.acrel_safety.aioacrel.readings import PointKey
from tests.aioacrel.cli_rigs import Acrel

LIBRARY = ModelLibrary()
READABLE = [model for model in LIBRARY.usable() if not model.needs_table]
HEADER = "id,group,data_name,unit,reg_add,reg_type,endian,dcm,k,fun_num,calc,style\n"
SOUND = HEADER + "1,1,Ua,V,0x0100,6,1,1,1,3,,0\n2,1,Lg,mA,262,6,1,0,0,3,,0\n3,2,Lg,mA,263,6,1,0,0,3,,0\n"
DOUBTFUL = HEADER + "1,1,EPE,kWh,516,8,1,2,2,3,,0\n2,1,DOC_Scaled,V,521,6,1,1,2,3,,0\n"
BROKEN = SOUND + "4,1,Ub,V,70000,6,1,1,1,3,,0\n5,1,Uc,V,258,13,1,1,1,3,,0\n6,1,Ua,V,259,6,1,1,1,3,,0\n"


@pytest.fixture
def acrel(capsys: pytest.CaptureFixture[str]) -> Acrel:
    return Acrel(capsys)


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "table.csv"


# -- check ---------------------------------------------------------------------------------------------------------


def test_a_sound_table_passes(acrel: Acrel, file: Path) -> None:
    file.write_text(SOUND)
    outcome = acrel("table", "check", file)
    assert (outcome.code, outcome.out) == (0, "")
    assert outcome.err == f"{file}: 3 usable points, 0 errors, 0 warnings\n"
    assert acrel("table", "check", file, "--json").json == {
        "file": str(file),
        "ok": True,
        "points": 3,
        "problems": [],
    }


def test_each_error_is_a_line_with_its_place(acrel: Acrel, file: Path) -> None:
    file.write_text(BROKEN)
    outcome = acrel("table", "check", file)
    assert outcome.code == 1
    lines = outcome.out.splitlines()
    assert lines[0].startswith(f"{file}:5: reg_add: ")
    assert lines[1].startswith(f"{file}:6: reg_type: '13' is not a data type")
    assert lines[2].startswith(f"{file}:7: data_name: ")
    assert len(lines) == 3
    problems = acrel("table", "check", file, "--json")
    assert problems.code == 1
    assert [(problem["line"], problem["column"]) for problem in problems.json["problems"]] == [
        (5, "reg_add"),
        (6, "reg_type"),
        (7, "data_name"),
    ]
    chinese = acrel("table", "check", file, "--language", "zh").out
    assert "不是数据类型" in chinese


def test_warnings_alone_do_not_fail(acrel: Acrel, file: Path) -> None:
    file.write_text(DOUBTFUL)
    outcome = acrel("table", "check", file)
    assert outcome.code == 0
    assert [line.split(": ")[1] for line in outcome.out.splitlines()] == ["warning", "warning"]
    decided = acrel("table", "check", file, "--k-mode", "decimals").out.splitlines()
    assert len(decided) == 1


def test_model_files_are_checked_too(acrel: Acrel, tmp_path: Path) -> None:
    path = tmp_path / "mine.toml"
    path.write_text('[model]\nid = "mine"\nname = "Mine"\nevidence = "sure"\n')
    outcome = acrel("table", "check", path)
    assert outcome.code == 1
    assert f"{path}:4: evidence: '\"sure\"' is not known here" in outcome.out
    path.write_text("[model\n")
    assert acrel("table", "check", path).out.startswith(f"{path}:1: not valid TOML")


@pytest.mark.parametrize("name", ["none.csv", "none.toml", "."])
def test_a_file_that_cannot_be_read(acrel: Acrel, tmp_path: Path, name: str) -> None:
    outcome = acrel("table", "check", tmp_path / name)
    assert outcome.code == 1
    assert "the file cannot be read" in outcome.out


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "header"),
        (b"\x00\x01\xff\xfe", "UTF-8"),
        ("名称,地址\n".encode("gb18030"), "名称"),
        (HEADER.encode(), "no usable row"),
        (b"x" * 2_100_000, "the file has"),
        (b"=cmd|' /C calc'!A0,2\n", "header"),
    ],
)
def test_hostile_files_are_refused_with_a_sentence(acrel: Acrel, file: Path, content: bytes, said: str) -> None:
    file.write_bytes(content)
    outcome = acrel("table", "check", file)
    assert outcome.code == 1
    assert said in outcome.out
    assert acrel("table", "import", file, "--id", "x", "--json").error == "file_problems"


# -- import --------------------------------------------------------------------------------------------------------


def test_a_table_becomes_a_model_file_that_reads_back(acrel: Acrel, file: Path, tmp_path: Path) -> None:
    file.write_text(SOUND)
    made = tmp_path / "mine.toml"
    outcome = acrel("table", "import", file, "--id", "Mine", "-o", made)
    assert outcome.code == 0
    assert outcome.out == f"{made}: 3 points, 0 errors, 0 warnings\n"
    model = read_model(made.read_text("utf-8"), file="mine.toml")
    assert (model.id, model.source) == ("mine", "register table table.csv")
    assert set(model.points) == {PointKey("1", "Ua"), PointKey("1", "Lg"), PointKey("2", "Lg")}
    assert model.registers.places[PointKey("1", "Ua")].address == 0x0100
    printed = acrel("table", "import", file, "--id", "mine").out
    assert printed == made.read_text("utf-8")
    assert acrel("plan", "--model", made, "--json").json["reads"]
    assert acrel("plan", "--model", "mine", "--models", tmp_path, "--json").json["reads"]


def test_with_a_bad_row_nothing_is_made_unless_the_user_does_without_it(
    acrel: Acrel, file: Path, tmp_path: Path
) -> None:
    file.write_text(BROKEN)
    made = tmp_path / "mine.toml"
    refused = acrel("table", "import", file, "--id", "mine", "-o", made)
    assert (refused.code, refused.out) == (1, "")
    assert len(refused.err.splitlines()) == 3
    assert f"{file}:6: reg_type: '13'" in refused.err
    assert not made.exists()
    accepted = acrel("table", "import", file, "--id", "mine", "-o", made, "--accept-rejected")
    assert accepted.code == 0
    assert "3 points, 3 errors, 0 warnings" in accepted.out
    assert f"{file}:6: reg_type: '13'" in accepted.err
    assert len(read_model(made.read_text("utf-8"), file="mine.toml").points) == 3


def test_doubtful_rows_are_named_with_what_they_may_mean(acrel: Acrel, file: Path) -> None:
    file.write_text(DOUBTFUL)
    document = acrel("table", "import", file, "--id", "mine", "--json").json
    assert document["points"] == 2
    assert [problem["severity"] for problem in document["problems"]] == ["warning", "warning"]
    order, factor = document["choices"]
    assert (order["point"], order["about"], order["chosen"]) == ("EPE@1", "order", "endian 1")
    assert set(order["alternatives"]) == {"endian 0", "endian 1"}
    assert (factor["point"], factor["about"], factor["chosen"]) == ("DOC_Scaled@1", "factor", "factor 1")
    model = read_model(document["model"], file="mine.toml")
    assert model.registers.places[PointKey("1", "DOC_Scaled")].scale * 10 == 1
    times = acrel("table", "import", file, "--id", "mine", "--json", "--k-mode", "multiplier").json["model"]
    assert read_model(times, file="mine.toml").registers.places[PointKey("1", "DOC_Scaled")].scale * 10 == 2


@pytest.mark.parametrize(
    ("mode", "address", "warnings"), [("auto", 40_098, 1), ("as_written", 40_098, 0), ("data_model", 97, 0)]
)
def test_how_addresses_are_written_is_asked_and_can_be_said(
    acrel: Acrel, file: Path, mode: str, address: int, warnings: int
) -> None:
    file.write_text(HEADER + "1,1,Ua,V,40098,6,1,1,1,3,,0\n")
    checked = acrel("table", "check", file, "--address-mode", mode)
    assert (checked.code, checked.out.count("97 = 0061h")) == (0, warnings)
    document = acrel("table", "import", file, "--id", "mine", "--json", "--address-mode", mode).json
    assert read_model(document["model"], file="mine.toml").registers.places[PointKey("1", "Ua")].address == address
    (choice,) = document["choices"]
    assert choice["about"] == "address"
    assert choice["chosen"] == ("register 97 = 0061h" if address == 97 else "register 40098 = 9CA2h")
    assert choice["alternatives"] == ["register 40098 = 9CA2h", "register 97 = 0061h"]


def test_a_table_gives_a_known_device_its_addresses(acrel: Acrel, file: Path, tmp_path: Path) -> None:
    waiting = LIBRARY.get("ascb1").waiting
    assert PointKey("1", "Ua") in waiting
    file.write_text(SOUND)
    for arguments in (["--id", "ascb1"], ["--id", "mine", "--base", "ASCB1"]):
        document = acrel("table", "import", file, "--json", *arguments).json
        model = read_model(document["model"], file="mine.toml")
        assert model.registers.places[PointKey("1", "Ua")].address == 0x0100
        assert document["waiting"] == len(model.waiting) > 0
        assert model.operations == LIBRARY.get("ascb1").operations
    made = tmp_path / "ascb1.toml"
    assert "more wait for an address" in acrel("table", "import", file, "--id", "ascb1", "-o", made).out
    assert acrel("table", "import", file, "--id", "x", "--base", "nothing", "--json").error == "unknown_model"


def test_a_place_that_cannot_be_written(acrel: Acrel, file: Path, tmp_path: Path) -> None:
    file.write_text(SOUND)
    nowhere = tmp_path / "none" / "out"
    outcome = acrel("table", "import", file, "--id", "mine", "-o", nowhere, "--json")
    assert outcome.error == "system_error"
    assert str(nowhere) in outcome.err
    assert acrel("table", "export", "adw300", "-o", nowhere, "--json").error == "system_error"


# -- export --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("model", READABLE, ids=lambda model: model.id)
def test_what_is_exported_imports_back(acrel: Acrel, model: Model, file: Path) -> None:
    exported = acrel("table", "export", model.id, "-o", file, "--json")
    assert exported.code == 0
    assert exported.json["table"] == str(file)
    assert exported.json["rows"] + len(exported.json["left_out"]) == len(model.points)
    assert acrel("table", "check", file).code == 0
    again = acrel("table", "import", file, "--id", "again", "--json").json
    assert again["points"] == exported.json["rows"]
    back = read_model(again["model"], file="again.toml")
    for key in model.points:
        if str(key) in exported.json["left_out"]:
            continue
        circuit = "1" if key.circuit == "0" else key.circuit
        place, found = model.registers.places[key], back.registers.places[PointKey(circuit, key.code)]
        assert (found.address, found.layout, found.scale) == (place.address, place.layout, place.scale)


def test_a_model_file_is_exported_and_what_is_left_out_is_said(acrel: Acrel, file: Path, tmp_path: Path) -> None:
    file.write_text(SOUND)
    made = tmp_path / "mine.toml"
    acrel("table", "import", file, "--id", "ascb1", "-o", made)
    exported = acrel("table", "export", made)
    assert exported.code == 0
    assert exported.out.splitlines()[0] == HEADER.strip()
    assert len(exported.out.splitlines()) == 4
    missing = len(read_model(made.read_text("utf-8"), file="mine.toml").waiting)
    assert exported.err.startswith(f"Left out are {missing} points without an address or a place in the format: ")
    assert exported.err.endswith(f" and {missing - 10} more\n")
    counted = acrel("table", "export", made, "-o", tmp_path / "out.csv")
    assert counted.out == f"{tmp_path / 'out.csv'}: 3 rows\n"


def test_an_export_says_that_transformer_ratios_are_lost(acrel: Acrel, file: Path) -> None:
    assert acrel("table", "export", "adl400", "-o", file).err == ""
    said = acrel("table", "export", "adl3000", "-o", file).err
    assert said.startswith("Warning: a table cannot say that values are multiplied with CT and PT")


def test_a_model_without_registers_gives_no_table(acrel: Acrel) -> None:
    assert acrel("table", "export", "ascb1", "--json").error == "nothing_to_export"
    assert acrel("table", "export", "nothing", "--json").error == "unknown_model"
