"""Add links and devices through the integration's ordinary config flow, answering what its forms ask."""

from collections.abc import Mapping, Sequence
from typing import Any

from demo.api import Http, Json
from demo.errors import DemoError
from demo.server import LOOPBACK
from demo.site import CALLED, DOMAIN, LINK_TITLES, Instrument, Link

type Answers = Mapping[str, object]

_FLOWS = "/api/config/config_entries/flow"
_SUBENTRY_FLOWS = "/api/config/config_entries/subentries/flow"
_MOST_STEPS = 10
_WHERE: Mapping[Link, str] = {
    Link.TCP: "host",
    Link.RTU_TCP: "host",
    Link.UPLINK: "listen",
    Link.XML: "listen",
}
_NAMED: Mapping[Link, tuple[str, str]] = {
    Link.TCP: ("by_hand", "unit_id"),
    Link.RTU_TCP: ("by_hand", "unit_id"),
    Link.UPLINK: ("caller", "serial_number"),
    Link.GATEWAY: ("meter", "serial_number"),
    Link.XML: ("xml_meter", "meter_id"),
    Link.CLOUD: ("cloud_meter", "meter_code"),
}
"""The step in which a device is named, and the field that tells it apart."""
_PLAIN_BROKER: Answers = {"set_client_cert": False, "set_ca_cert": "off", "transport": "tcp"}
_CHANGED = "reconfigure_successful"


async def connect_broker(http: Http, host: str, port: int) -> None:
    """Connect Home Assistant with a broker. Raises DemoError."""
    step = await http.post(_FLOWS, {"handler": "mqtt"})
    await _answer_all(http, _FLOWS, step, {**_PLAIN_BROKER, "broker": host, "port": port})


async def add_link(http: Http, link: Link, port: int) -> str:
    """Add a link to the cabinet, a port that it calls, a gateway on the broker, or an account.

    Returns the id of its config entry. Raises DemoError.
    """
    where: Answers = {"port": port, _WHERE[link]: LOOPBACK} if link in _WHERE else {}
    if link is Link.CLOUD:
        where = {"host": f"http://{LOOPBACK}:{port}"}
    step = await http.post(_FLOWS, {"handler": DOMAIN})
    answers: Answers = {"next_step_id": link.value, "name": LINK_TITLES[link], **where, **CALLED.get(link, {})}
    done = await _answer_all(http, _FLOWS, step, answers)
    entry_id: str = done["result"]["entry_id"]
    # The flow goes on with a first device; the devices are added one by one instead.
    if next_flow := done.get("next_flow"):
        await http.delete(f"{_SUBENTRY_FLOWS}/{next_flow[1]}")
    return entry_id


async def hear_feed(http: Http, entry_id: str, port: int, address: str) -> None:
    """Have an account hear the feed of its cloud. Raises DemoError."""
    step = await http.post(_FLOWS, {"handler": DOMAIN, "entry_id": entry_id})
    account: Answers = {"host": f"http://{LOOPBACK}:{port}", "name": LINK_TITLES[Link.CLOUD], "feed": address}
    await _answer_all(http, _FLOWS, step, {**CALLED[Link.CLOUD], **account})


async def add_device(
    http: Http, entry_id: str, instrument: Instrument, pace: Answers, *, same_as: str | None = None
) -> None:
    """Add a device to a link; `pace` are seconds by polling group.

    `same_as` is the subentry of the device that it is, if this is a further way to it. Raises DemoError.
    """
    step = await http.post(_SUBENTRY_FLOWS, {"handler": [entry_id, "device"]})
    named, field = _NAMED[instrument.link]
    answers = {
        "next_step_id": named,
        field: instrument.unit,
        "model": instrument.model,
        "name": instrument.name,
        "next": "save",
        **instrument.answers,
        **pace,
        **({} if same_as is None else {"same_as": same_as}),
    }
    await _answer_all(http, _SUBENTRY_FLOWS, step, answers)


async def allow_control(http: Http, entry_id: str, subentry_id: str, control: Answers) -> None:
    """Say who may operate a device. Raises DemoError."""
    step = await http.post(_SUBENTRY_FLOWS, {"handler": [entry_id, "device"], "subentry_id": subentry_id})
    await _answer_all(http, _SUBENTRY_FLOWS, step, {"next_step_id": "control", **control})


async def _answer_all(http: Http, flows: str, step: Json, answers: Answers) -> Json:
    """Go through a flow to its end; return its last step. Raises DemoError if it ends badly."""
    for _ in range(_MOST_STEPS):
        match step["type"]:
            case "create_entry":
                return step
            case "menu":
                form: Answers = {"next_step_id": answers["next_step_id"]}
            case "form" if not step["errors"]:
                form = _filled(step["data_schema"], answers)
            case "form":
                raise DemoError(f"the flow's step {step['step_id']} says {step['errors']} to {dict(answers)}")
            case "abort" if step["reason"] == _CHANGED:
                return step
            case "abort":
                raise DemoError(f"the flow ended with {step['reason']}")
            case other:
                raise DemoError(f"the flow has a step of the unknown type {other}")
        step = await http.post(f"{flows}/{step['flow_id']}", form)
    raise DemoError(f"the flow did not end after {_MOST_STEPS} steps")


def _filled(fields: Sequence[Mapping[str, Any]], answers: Answers) -> dict[str, object]:
    """Fill in a form: the answer there is, else what the form suggests. Raises DemoError."""
    form: dict[str, object] = {}
    for field in fields:
        name = field["name"]
        if field.get("type") == "expandable":
            form[name] = _filled(field["schema"], answers)
        elif name in answers:
            form[name] = answers[name]
        elif "default" in field:
            form[name] = field["default"]
        elif field.get("required"):
            raise DemoError(f"the flow asks for {name}, which the demo does not know")
    return form
