"""What is wrong with a gateway is named by the form that adds it, in both languages, and nothing is saved."""

from collections.abc import AsyncGenerator, Callable
from contextlib import AbstractAsyncContextManager

import pytest
from homeassistant.config_entries import ConfigEntryState
from homeassistant.core import HomeAssistant

from custom_components.acrel_safety.aioacrel.texts import say
from custom_components.acrel_safety.const import DOMAIN
from tests.aioacrel.wrong_gateways import chatterer, mbap_gateway, rtu_gateway, web_server
from tests.integration.flows import QUICK_LINE, add_link
from tests.integration.rigs import HOST

type Server = Callable[[], AbstractAsyncContextManager[int]]

CAUSES: dict[str, tuple[str, Server]] = {
    "speaks_text": ("tcp", web_server),
    "speaks_rtu": ("tcp", lambda: rtu_gateway("right")),
    "speaks_mbap": ("rtu_tcp", lambda: mbap_gateway("right")),
    "closes_unanswered": ("tcp", lambda: mbap_gateway("closes")),
    "speaks_otherwise": ("tcp", lambda: mbap_gateway("noise")),
    "mirrors": ("rtu_tcp", lambda: rtu_gateway("echo")),
    "chatters": ("tcp", chatterer),
}


@pytest.fixture
async def home(hass: HomeAssistant, socket_enabled: None) -> AsyncGenerator[HomeAssistant]:
    """Home Assistant; links that a flow made are unloaded before their gateway stops."""
    yield hass
    for entry in hass.config_entries.async_entries(DOMAIN):
        if entry.state is ConfigEntryState.LOADED:
            await hass.config_entries.async_unload(entry.entry_id)


@pytest.mark.parametrize("language", ["en", "zh-Hans"])
@pytest.mark.parametrize("cause", CAUSES)
async def test_the_form_names_the_cause_and_saves_nothing(home: HomeAssistant, cause: str, language: str) -> None:
    home.config.language = language
    kind, server = CAUSES[cause]
    async with server() as port:
        link = await add_link(home, kind)
        await link.answer(host=HOST, port=port, line=QUICK_LINE)
    assert link.errors == {"base": "wrong_peer"}
    assert link.placeholders["detail"] == say(f"phrases.{cause}", language)


@pytest.mark.parametrize("kind", ["numbers + 1", "number 0"])
async def test_a_gateway_that_numbers_its_answers_itself_is_accepted(home: HomeAssistant, kind: str) -> None:
    async with mbap_gateway(kind) as port:
        link = await add_link(home, "tcp")
        await link.answer(host=HOST, port=port, line=QUICK_LINE)
        assert link.is_saved
