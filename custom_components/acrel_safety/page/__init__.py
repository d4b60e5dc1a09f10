"""The page that comes with the integration: a dashboard that Home Assistant's frontend makes of what there is.

`acrel-safety.js` is loaded by every page of the frontend; it asks for the structure of the site (`structure.py`).
`acrel-safety-operate.js` has the cards for what can be operated, which follow it (`following.py`).
"""

from hashlib import sha256
from pathlib import Path
from typing import Final

from homeassistant.components.frontend import add_extra_js_url
from homeassistant.components.http import StaticPathConfig
from homeassistant.components.websocket_api import async_register_command
from homeassistant.core import HomeAssistant

from ..const import DOMAIN
from .command import tell_structure
from .following import follow_operations

MODULE: Final = Path(__file__).with_name("acrel-safety.js")
CARDS: Final = Path(__file__).with_name("acrel-safety-operate.js")
"""The card that operates: the only one of our own."""
URL: Final = f"/{DOMAIN}/{MODULE.name}"
_FRONTEND = "frontend"


async def async_serve_page(hass: HomeAssistant) -> None:
    """Serve the page's module, and have the frontend load it; once, whichever links come and go."""
    async_register_command(hass, tell_structure)
    async_register_command(hass, follow_operations)
    if _FRONTEND not in hass.config.components:
        return
    await hass.http.async_register_static_paths(
        [StaticPathConfig(f"/{DOMAIN}/{module.name}", str(module), cache_headers=True) for module in (MODULE, CARDS)]
    )
    for module in (MODULE, CARDS):
        text = await hass.async_add_executor_job(module.read_bytes)
        # Browsers keep it for a month: another text has another address.
        add_extra_js_url(hass, f"/{DOMAIN}/{module.name}?v={sha256(text).hexdigest()[:12]}")
