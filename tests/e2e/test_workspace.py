"""What a killed demo leaves behind, the next one takes away."""

import fcntl
import os
import signal
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

from demo.workspace import workspace

ROOT = Path(__file__).resolve().parents[2]
HOLDER = """
import subprocess, sys
from demo.workspace import workspace
with workspace() as (folder, held):
    child = subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE, pass_fds=[held])
    print(folder, child.pid, flush=True)
    child.wait()
"""


@pytest.fixture
def temporary(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Use a folder of the test's own for temporary files."""
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    return tmp_path


def test_a_folder_goes_with_its_demo(temporary: Path) -> None:
    with workspace() as (folder, _), workspace() as (other, _):
        assert folder.is_dir()
        assert other.is_dir()
    assert list(temporary.iterdir()) == []


def test_the_folder_of_a_killed_demo_goes_with_the_next_one_once_all_its_processes_are_gone(temporary: Path) -> None:
    with subprocess.Popen(
        [sys.executable, "-c", HOLDER],
        stdout=subprocess.PIPE,
        text=True,
        env=os.environ | {"PYTHONPATH": str(ROOT), "TMPDIR": str(temporary)},
    ) as killed:
        assert killed.stdout is not None
        folder, child = killed.stdout.readline().split()
        os.kill(int(child), signal.SIGSTOP)  # it would end with its parent's pipe
        killed.kill()
        killed.wait()
        with workspace():
            assert Path(folder).is_dir()
        os.kill(int(child), signal.SIGKILL)
        with (Path(folder) / "held").open() as held:
            fcntl.flock(held, fcntl.LOCK_EX)  # waits for its end
    with workspace():
        assert not Path(folder).exists()


def test_what_only_looks_like_a_folder_of_a_demo_stays(temporary: Path) -> None:
    elsewhere = temporary / "elsewhere"
    elsewhere.mkdir()
    (elsewhere / "held").touch()
    (temporary / "acrel-demo-link").symlink_to(elsewhere)
    (temporary / "acrel-demo-empty").mkdir()
    (temporary / "acrel-demo-file").touch()
    (temporary / "acrel-demo-pipe").mkdir()
    os.mkfifo(temporary / "acrel-demo-pipe" / "held")
    before = sorted(temporary.iterdir())
    with workspace():
        pass
    assert sorted(temporary.iterdir()) in (before, [path for path in before if path.name != "acrel-demo-pipe"])
    assert (elsewhere / "held").exists()
