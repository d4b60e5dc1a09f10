"""Tests of the library talk to a simulated cabinet over real sockets on the loopback address."""

from collections.abc import Iterator

import pytest

from custom_components.acrel_safety.aioacrel.cli.language import LOCALE


@pytest.fixture(scope="session", autouse=True)
def _own_state_folder(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Let no command line of a test remember anything in the folder of who runs it."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("XDG_STATE_HOME", str(tmp_path_factory.mktemp("state")))
        yield


@pytest.fixture(scope="session", autouse=True)
def _english() -> Iterator[None]:
    """Let the command line speak English, whatever whoever runs the tests speaks."""
    with pytest.MonkeyPatch.context() as patch:
        for name in LOCALE:
            patch.delenv(name, raising=False)
        yield


@pytest.fixture(autouse=True)
def _loopback(socket_enabled: None) -> None:
    """Let a test open sockets; the address is still limited to this machine."""
