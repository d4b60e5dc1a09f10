"""What is stored of links and devices, checked like a form before it is used; what is broken becomes a repair.

Each device is checked for itself: one that is broken takes no other with it.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from homeassistant.config_entries import ConfigEntry, ConfigSubentry
from homeassistant.const import CONF_TYPE
from homeassistant.core import HomeAssistant
from homeassistant.exceptions import ConfigEntryError

from .checked import Fault, faults
from .const import DOMAIN
from .flow.selector_texts import FlowTexts
from .hubs import WAYS, link_faults
from .issues import forget_link_issue, raise_link_issue, raise_stored_issue
from .markdown import plain

_TAKEN = "taken"


async def async_check_link(hass: HomeAssistant, entry: ConfigEntry) -> None:
    """Raise ConfigEntryError, and a repair, if what is stored of a link cannot be used."""
    if not (found := link_faults(entry.data)):
        forget_link_issue(hass, entry)
        return
    problems = fault_list(found, await FlowTexts.load(hass))
    raise_link_issue(hass, entry, problems)
    raise ConfigEntryError(
        translation_domain=DOMAIN, translation_key="link_broken", translation_placeholders={"link": entry.title}
    )


async def async_sound_devices(
    hass: HomeAssistant, entry: ConfigEntry, subentries: Iterable[ConfigSubentry]
) -> list[ConfigSubentry]:
    """Return the devices of a sound link that can be used; each of the others gets a repair."""
    found = device_faults(entry.data, subentries)
    if broken := [(subentry, wrong) for subentry, wrong in found if wrong]:
        texts = await FlowTexts.load(hass)
        for subentry, wrong in broken:
            if subentry.subentry_id in entry.subentries:
                raise_stored_issue(hass, entry, subentry, fault_list(wrong, texts))
    return [subentry for subentry, wrong in found if not wrong]


def device_faults(
    link: Mapping[str, Any], subentries: Iterable[ConfigSubentry]
) -> Sequence[tuple[ConfigSubentry, Sequence[Fault]]]:
    """Return what is wrong with each device of a sound link; of two in one seat the second is wrong."""
    way = WAYS[link[CONF_TYPE]]
    seats: dict[object, ConfigSubentry] = {}
    found: list[tuple[ConfigSubentry, Sequence[Fault]]] = []
    for subentry in subentries:
        wrong = faults(way.device, subentry.data)
        if not wrong:
            seat = way.seat(subentry.data)
            if (other := seats.setdefault(seat, subentry)) is not subentry:
                wrong = [Fault(at=way.seat_field, key=_TAKEN, found=way.seat_shown(seat), texts={"name": other.title})]
        found.append((subentry, wrong))
    return found


def fault_list(found: Iterable[Fault], texts: FlowTexts) -> str:
    """Return what is wrong as a list for a repair, in Home Assistant's language."""
    return "\n".join(f"- {_sentence(fault, texts)}" for fault in found)


def _sentence(fault: Fault, texts: FlowTexts) -> str:
    kind = fault.key if fault.key == _TAKEN else fault.kind
    return texts(
        "stored",
        "not_this" if kind == "wrong" and not fault.allowed else kind,
        field=plain(fault.at),
        found=plain(fault.found),
        allowed=fault.allowed,
        name=plain(fault.texts.get("name", "")),
    )
