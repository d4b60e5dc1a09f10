"""What all tests share."""

import logging
import signal
import tempfile
from collections.abc import Iterator, Mapping

import pytest
from hypothesis import settings

# Home Assistant's test package puts an empty `custom_components` of its own on the path. The one
# imported first wins; without this line Home Assistant says "Integration not found".
import custom_components.acrel_safety  # noqa: F401 - imported for that effect alone
from tests.virtual_time import LoopFactory, loop_factories

# How long an example takes says how busy the machine is; where it matters, benchmarks measure it.
settings.register_profile("patient", settings(), deadline=None)
settings.load_profile("patient")

# In the background of a shell, or of a machine that tests, SIGINT is ignored, and children inherit that: those that
# are to end on it would not. They do not inherit a handler; with this one pytest itself goes on ignoring it.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, lambda number, frame: None)

# In debug mode, which Home Assistant's test package turns on, it warns of everything that took long, our own names
# and texts within: that says how busy the machine is.
logging.getLogger("asyncio").setLevel(logging.ERROR)


@pytest.fixture(scope="session", autouse=True)
def _own_temporary_folder(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Give each process that tests a folder of its own: Home Assistant clears one of a fixed name in it."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(tempfile, "tempdir", str(tmp_path_factory.mktemp("temporary")))
        yield


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Begin with the end-to-end tests: each takes up to a minute, and at the end one process would wait for another."""
    items.sort(key=lambda item: "e2e" not in item.path.parts)


def pytest_asyncio_loop_factories(item: pytest.Item) -> Mapping[str, LoopFactory]:
    """Let tests that are marked so run in virtual time."""
    return loop_factories(item)
