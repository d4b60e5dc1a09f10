"""What stands under a file's name and is none: pipes, devices, links. None is waited for or read without end."""

import os
from pathlib import Path

import pytest

from custom_components.acrel_safety.aioacrel.errors import FileProblemsError
from custom_components.acrel_safety.aioacrel.models import ModelLibrary
from custom_components.acrel_safety.aioacrel.texts import say
from custom_components.acrel_safety.aioacrel.userfiles import read_file, read_text
from tests.aioacrel.cli_rigs import Acrel

NO_FILE = say("phrases.not_a_file", "en")


def put(kind: str, path: Path) -> Path:
    """Make one of the things that may stand where a file is expected."""
    match kind:
        case "pipe":
            os.mkfifo(path)
        case "endless device":
            path.symlink_to("/dev/zero")
        case "terminal":
            path.symlink_to("/dev/tty")
        case "folder":
            path.mkdir()
        case "link to nothing":
            path.symlink_to("nothing")
        case "link to itself":
            path.symlink_to(path.name)
    return path


KINDS = {
    "pipe": NO_FILE,
    "endless device": NO_FILE,
    "terminal": NO_FILE,
    "folder": "Is a directory",
    "link to nothing": "No such file or directory",
    "link to itself": "Too many levels of symbolic links",
}


@pytest.mark.parametrize(("kind", "reason"), KINDS.items())
def test_what_is_no_file_is_refused_at_once(tmp_path: Path, kind: str, reason: str) -> None:
    path = put(kind, tmp_path / "x.toml")
    for read in (read_file, read_text):
        with pytest.raises(FileProblemsError) as caught:
            read(path, 100)
        [problem] = caught.value.problems
        assert problem.key == "unreadable"
        assert reason in problem.sentence()


def test_a_pipe_that_takes_the_place_of_a_file_is_not_waited_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "x.toml"
    path.write_text("a file")
    status = path.stat()
    path.unlink()
    put("pipe", path)
    monkeypatch.setattr(Path, "stat", lambda _path: status)
    with pytest.raises(FileProblemsError, match=NO_FILE):
        read_file(path, 100)


def test_a_file_is_read_up_to_its_limit_whatever_size_it_says(tmp_path: Path) -> None:
    path = tmp_path / "x.csv"
    path.write_bytes(b"x" * 100)
    assert read_file(path, 100) == b"x" * 100
    with pytest.raises(FileProblemsError, match="the file has 100 bytes; allowed: 99 bytes"):
        read_file(path, 99)
    # The kernel's own files say that they are empty.
    assert Path("/proc/self/smaps").stat().st_size == 0
    with pytest.raises(FileProblemsError, match="allowed: 10 bytes"):
        read_file(Path("/proc/self/smaps"), 10)


def test_things_in_the_folder_of_models_are_told_and_hide_no_model(tmp_path: Path) -> None:
    for index, kind in enumerate(KINDS):
        put(kind, tmp_path / f"x{index}.toml")
    library = ModelLibrary(tmp_path)
    assert [error.file for error in library.broken()] == [f"x{index}.toml" for index in range(len(KINDS))]
    assert {model.id for model in library.usable()} == set(ModelLibrary().ids())


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(
    "command",
    [
        ("table", "check", "x.toml"),
        ("table", "check", "x.csv"),
        ("table", "import", "x.csv", "--id", "x"),
        ("table", "export", "./x.toml"),
        ("models", "./x.toml"),
        ("models", "--models", "."),
        ("plan", "--model", "./x.toml"),
    ],
    ids=" ".join,
)
def test_no_command_waits_for_what_is_no_file(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    kind: str,
    command: tuple[str, ...],
) -> None:
    monkeypatch.chdir(tmp_path)
    for name in ("x.toml", "x.csv"):
        put(kind, tmp_path / name)
    outcome = Acrel(capsys)(*command)
    assert outcome.code == 1
    assert "the file cannot be read: " in outcome.out + outcome.err
