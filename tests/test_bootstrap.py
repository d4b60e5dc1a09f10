"""`scripts/bootstrap` among hostile mirrors, folders and files: it builds only what is vouched for."""

import fcntl
import hashlib
import importlib.machinery
import importlib.util
import io
import lzma
import os
import shutil
import subprocess
import sys
import tarfile
import threading
from collections.abc import Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, override

import pytest

ROOT = Path(__file__).parents[1]
VERSION = "3.14.99"
PATIENCE = 120.0
PLANTED = ("bz2", "ctypes", "demo", "ensurepip", "hashlib", "pip", "sqlite3", "ssl", "sysconfig", "venv", "zlib")
"""What the scripts import of Python's own, or run with `-m`."""


@pytest.fixture
def boot(monkeypatch: pytest.MonkeyPatch) -> Any:  # noqa: ANN401 - a script is a module without types
    """Return the script as a module."""
    loader = importlib.machinery.SourceFileLoader("bootstrap", str(ROOT / "scripts" / "bootstrap"))
    spec = importlib.util.spec_from_loader("bootstrap", loader)
    assert spec is not None
    monkeypatch.setattr(sys, "dont_write_bytecode", True)
    module = importlib.util.module_from_spec(spec)
    monkeypatch.setitem(sys.modules, "bootstrap", module)
    loader.exec_module(module)
    return module


class Quiet(SimpleHTTPRequestHandler):
    """Serves files and says nothing."""

    @override
    def log_message(self, *_: object) -> None:
        """Say nothing."""


class Mirror:
    """A package mirror on loopback, with whatever is put on it."""

    def __init__(self, folder: Path, url: str) -> None:
        self.folder, self.url = folder, url

    def put(self, path: str, data: bytes) -> str:
        """Put a file there; return its SHA-256."""
        file = self.folder / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(data)
        return hashlib.sha256(data).hexdigest()

    def put_source(self, version: str = VERSION) -> str:
        """Put a source package there whose `configure` tells that it ran."""
        packed = io.BytesIO()
        with tarfile.open(fileobj=packed, mode="w:xz") as tar:
            for name, text in (
                ("configure", "#!/bin/sh\n"),
                ("Include/patchlevel.h", f'#define PY_VERSION "{version}"'),
            ):
                info = tarfile.TarInfo(f"Python/{name}")
                info.size, info.mode = len(text), 0o755
                tar.addfile(info, io.BytesIO(text.encode()))
        return self.put(f"pool/main/p/python3.14/python3.14_{version}.orig.tar.xz", packed.getvalue())

    def put_index(self, sha: str, suite: str, version: str = VERSION) -> str:
        """Put an index there that vouches for a source; return its SHA-256."""
        text = f"Package: python3.14\nChecksums-Sha256:\n {sha} 1 python3.14_{version}.orig.tar.xz\n\n"
        return self.put(f"dists/{suite}/main/source/Sources.xz", lzma.compress(text.encode()))


@pytest.fixture
def mirror(tmp_path: Path, boot: Any, monkeypatch: pytest.MonkeyPatch, socket_enabled: None) -> Iterator[Mirror]:  # noqa: ANN401
    """Serve a mirror that the script takes for the machine's own, and nothing else."""
    folder = tmp_path / "mirror"
    folder.mkdir()
    with ThreadingHTTPServer(("127.0.0.1", 0), partial(Quiet, directory=folder)) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        url = f"http://127.0.0.1:{server.server_port}"
        monkeypatch.setattr(boot, "mirrors", lambda: [url])
        monkeypatch.setattr(boot, "KEYRINGS", tmp_path / "keyrings")
        yield Mirror(folder, url)
        server.shutdown()
        thread.join()


@pytest.mark.parametrize("version", ["3.14.7", VERSION], ids=["pinned", "unknown"])
def test_an_index_that_nobody_signed_vouches_for_nothing(
    boot: Any,  # noqa: ANN401
    mirror: Mirror,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    version: str,
) -> None:
    sha = mirror.put_source(version)
    for suite in boot.SUITES:
        index = mirror.put_index(sha, suite, version)
        mirror.put(f"dists/{suite}/InRelease", f"Suite: {suite}\nSHA256:\n {index} 1 main/source/Sources.xz\n".encode())
    with pytest.raises(boot.BootstrapError, match="with a known checksum") as caught:
        boot.unpacked_source(tmp_path)
    assert "127.0.0.1" not in str(caught.value) + capsys.readouterr().out


def test_a_pinned_source_is_taken_without_any_index(
    boot: Any,  # noqa: ANN401
    mirror: Mirror,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setattr(boot, "KNOWN_SHA256", {"3.14.1": "0" * 64, VERSION: mirror.put_source()})
    version, source = boot.unpacked_source(tmp_path)
    assert version == VERSION
    assert (source / "configure").is_file()
    assert "127.0.0.1" not in capsys.readouterr().out
    monkeypatch.setattr(boot, "MOST_SOURCE", 10)
    with pytest.raises(boot.BootstrapError):
        boot.unpacked_source(tmp_path)


@pytest.mark.skipif(not (shutil.which("gpg") and shutil.which("gpgv")), reason="makes a key of its own")
def test_an_index_is_believed_as_far_as_the_machines_keys_vouch_for_it(
    boot: Any,  # noqa: ANN401
    mirror: Mirror,
    tmp_path: Path,
) -> None:
    gpg: list[str | Path] = [
        "gpg",
        "--homedir",
        tmp_path,
        "--batch",
        "--quiet",
        "--yes",
        "--passphrase",
        "",
        "--pinentry-mode",
        "loopback",
    ]
    try:
        subprocess.run([*gpg, "--quick-gen-key", "archive", "ed25519", "sign", "never"], check=True)
        suite = boot.SUITES[0]
        index = mirror.put_index(mirror.put_source(), suite)
        release = tmp_path / "Release"

        def sign(suite_said: str) -> bytes:
            release.write_text(f"Suite: {suite_said}\nSHA256:\n {index} 1 main/source/Sources.xz\n")
            return subprocess.run([*gpg, "--clearsign", "-o", "-", release], check=True, capture_output=True).stdout

        def is_taken(inrelease: bytes) -> bool:
            mirror.put(f"dists/{suite}/InRelease", inrelease)
            try:
                return bool(boot.unpacked_source(tmp_path)[0] == VERSION)
            except boot.BootstrapError:
                return False

        good = sign(suite)
        assert not is_taken(good)  # the machine does not know the key
        (tmp_path / "keyrings").mkdir()
        keyring = tmp_path / "keyrings" / "debian-archive-keyring.gpg"
        subprocess.run([*gpg, "--export", "-o", keyring], check=True)
        assert is_taken(good)
        assert not is_taken(good.replace(index.encode(), b"0" * 64))
        assert not is_taken(release.read_bytes())
        assert not is_taken(release.read_bytes() + b"\n" + sign("other"))
        mirror.put_index("0" * 64, suite)
        assert not is_taken(good)
    finally:
        subprocess.run([shutil.which("gpgconf") or "gpgconf", "--homedir", tmp_path, "--kill", "all"], check=False)


def test_no_answer_fills_the_memory(boot: Any, mirror: Mirror, monkeypatch: pytest.MonkeyPatch) -> None:  # noqa: ANN401
    mirror.put("file", b"x" * 1000)
    assert boot.fetch(f"{mirror.url}/file", 1000) == b"x" * 1000
    assert boot.fetch(f"{mirror.url}/file", 999) is None
    assert boot.fetch("file", 1000) is None
    monkeypatch.setattr(boot, "MOST_INDEX", 1000)
    assert len(boot.unpacked_index(lzma.compress(b"x" * 10**7))) <= 10_000


def test_what_others_say_is_repeated_without_addresses(boot: Any) -> None:  # noqa: ANN401
    said = boot.quiet("sh", "-c", "echo 'cannot fetch `https://me:secret@host.invalid/simple/`: no' >&2; exit 1")
    assert said == "cannot fetch `(address)`: no"


# -- odd folders -------------------------------------------------------------------------------------------------


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """Return a copy of what the script needs, without an environment; nothing is installed into one."""
    copy = tmp_path / "checkout"
    for folder in ("scripts", "requirements"):
        shutil.copytree(ROOT / folder, copy / folder)
    shutil.copy(ROOT / "pyproject.toml", copy)
    uv = tmp_path / "bin" / "uv"
    uv.parent.mkdir()
    uv.write_text("#!/bin/sh\n")
    uv.chmod(0o755)
    return copy


def bootstrap(checkout: Path, cwd: Path, **environment: str) -> subprocess.CompletedProcess[str]:
    path = f"{checkout.parent / 'bin'}:{os.environ['PATH']}"
    return subprocess.run(
        [sys.executable, checkout / "scripts" / "bootstrap"],
        cwd=cwd,
        env=os.environ | {"PATH": path, "ACREL_PYTHON": sys.executable, **environment},
        capture_output=True,
        text=True,
        timeout=PATIENCE,
        check=False,
    )


@pytest.mark.parametrize(
    "environment",
    [
        {"XDG_CACHE_HOME": "/dev/null"},
        {"XDG_CACHE_HOME": "/proc/none"},
        {"XDG_CACHE_HOME": str(ROOT / "README.md")},
        {"XDG_CACHE_HOME": "relative", "HOME": "/dev/null"},
        {"XDG_CACHE_HOME": "", "HOME": "relative"},
    ],
    ids=str,
)
def test_a_cache_that_cannot_be_is_told_in_one_sentence(
    checkout: Path, tmp_path: Path, environment: dict[str, str]
) -> None:
    done = bootstrap(checkout, tmp_path, **environment)
    assert (done.returncode, done.stderr) == (1, "")
    [line] = done.stdout.splitlines()
    assert line.startswith("bootstrap: no folder for the cache (")
    assert not (tmp_path / "relative").exists()


@pytest.mark.parametrize("kind", ["pipe", "link", "folder"])
def test_a_lock_that_is_none_is_neither_waited_for_nor_changed(checkout: Path, tmp_path: Path, kind: str) -> None:
    lock, target = tmp_path / "acrel-safety" / "lock", tmp_path / "target"
    lock.parent.mkdir()
    target.write_text("mine")
    match kind:
        case "pipe":
            os.mkfifo(lock)
        case "link":
            lock.symlink_to(target)
        case "folder":
            lock.mkdir()
    done = bootstrap(checkout, tmp_path, XDG_CACHE_HOME=str(tmp_path))
    assert (done.returncode, done.stderr) == (1, "")
    [line] = done.stdout.splitlines()
    assert str(lock) in line
    assert target.read_text() == "mine"


def test_a_second_one_waits_for_the_first(checkout: Path, tmp_path: Path) -> None:
    lock = tmp_path / "acrel-safety" / "lock"
    lock.parent.mkdir()
    with lock.open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        with subprocess.Popen(
            [sys.executable, checkout / "scripts" / "bootstrap"],
            env=os.environ | {"XDG_CACHE_HOME": str(tmp_path), "ACREL_PYTHON": sys.executable},
            stdout=subprocess.PIPE,
            text=True,
        ) as second:
            assert second.stdout is not None
            assert second.stdout.readline() == "bootstrap: another bootstrap is running, waiting for it\n"
            second.kill()


# -- the folder one stands in ------------------------------------------------------------------------------------


@pytest.fixture
def trap(tmp_path: Path) -> Path:
    """Return a folder with files of names that Python looks for; each tells when it is run."""
    folder = tmp_path / "trap"
    folder.mkdir()
    for name in PLANTED:
        (folder / f"{name}.py").write_text(f"open({str(folder / 'RAN')!r}, 'a').write({name!r})\n")
    (folder / "uv.toml").write_text("not toml")
    return folder


def test_bootstrap_runs_nothing_of_the_folder_one_stands_in(checkout: Path, trap: Path, tmp_path: Path) -> None:
    done = bootstrap(checkout, trap, XDG_CACHE_HOME=str(tmp_path / "cache"))
    assert done.returncode == 0, done.stdout + done.stderr
    assert (checkout / ".venv" / ".ready").is_file()
    assert not (trap / "RAN").exists()


def test_the_demo_runs_nothing_of_the_folder_one_stands_in(trap: Path) -> None:
    done = subprocess.run(
        [sys.executable, ROOT / "scripts" / "demo", "--help"],
        cwd=trap,
        capture_output=True,
        text=True,
        timeout=PATIENCE,
        check=False,
    )
    assert "usage: scripts/demo" in done.stdout, done.stdout + done.stderr
    assert not (trap / "RAN").exists()
