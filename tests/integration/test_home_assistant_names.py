"""What the integration takes from Home Assistant is there, and is there for integrations."""

import ast

import pytest

from tests.home_assistant_names import exists, is_meant_for_us, own_keys, problems, reaches_in, trees, uses


def test_every_name_exists_and_none_is_private() -> None:
    assert problems() == []


def test_names_are_found_in_every_file_of_home_assistants_side() -> None:
    named = {file: {str(use) for use in uses(file, tree)} for file, tree in trees().items()}
    assert "homeassistant.core.callback" in named["coordinator.py"]
    assert "homeassistant.helpers.issue_registry.async_create_issue" in named["issues.py"]
    assert "homeassistant.config_entries.SubentryFlowResult" in named["flow/look_steps.py"]


@pytest.mark.parametrize(
    "code",
    [
        "from homeassistant.helpers.restore_state import async_get",
        "from homeassistant.components.sensor import _private",
        "from homeassistant.components.sensor.recorder import compile_statistics",
        "from homeassistant.components.hue import bridge",
        "from homeassistant.components import hue",
        "from homeassistant.bootstrap import async_setup_hass",
        "from homeassistant.helpers import restore_state as rs\nrs.async_get(hass)",
        "import homeassistant.core as ha\nha._hass.hass",
    ],
)
def test_what_is_home_assistants_own_is_noticed(code: str) -> None:
    found = list(uses("it.py", ast.parse(code)))
    assert not all(is_meant_for_us(use, {"sensor"}) for use in found)


@pytest.mark.parametrize(
    "code",
    [
        "from homeassistant.core import call_back",
        "from homeassistant.nowhere import something",
        "from homeassistant.helpers import issue_registry as ir\nir.IssueSeverity.FATAL",
    ],
)
def test_a_name_that_is_not_there_is_noticed(code: str) -> None:
    assert not all(map(exists, uses("it.py", ast.parse(code))))


@pytest.mark.parametrize(
    "code", ["hass.data['hue']", "self.hass.data.get(KEY)", "entry._async_process_on_unload(hass)", "a.b._c"]
)
def test_reaching_into_other_objects_is_noticed(code: str) -> None:
    assert list(reaches_in("it.py", ast.parse(code), {"OWN"}))


@pytest.mark.parametrize(
    "code",
    [
        "hass.data[OWN]",
        "self.hass.data.setdefault(OWN, 1)",
        "self._own",
        "super()._own",
        "self.entry.data",
        "cls._own",
        "thing.__class__",
    ],
)
def test_what_is_ones_own_may_be_used(code: str) -> None:
    assert not list(reaches_in("it.py", ast.parse(code), {"OWN"}))


def test_keys_of_our_own_are_those_with_our_domain() -> None:
    code = 'OWN: HassKey[int] = HassKey(DOMAIN)\nTHEIRS: HassKey[int] = HassKey("hue")\nOTHER = "hue"'
    assert list(own_keys(ast.parse(code))) == ["OWN"]
