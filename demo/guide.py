"""What to look at in the demo, and what to try."""

import json
import shlex
from collections.abc import Mapping, Sequence

from demo.inventory import instrument
from demo.owner import PASSWORD, USER
from demo.stage import Stage
from simulator.cloud.standard import BREAKER as CLOUD_BREAKER
from simulator.cloud.standard import PASSWORD as CLOUD_PASSWORD
from simulator.cloud.standard import SECOND
from simulator.cloud.standard import USER as CLOUD_USER
from simulator.gateway.site import BREAKER

_SCENARIOS: Sequence[tuple[str, int | str | None, Mapping[str, object], str]] = (
    ("leak", 7, {}, "residual current twice its limit: alarm within seconds"),
    ("leak", 8, {"circuit": 4}, "circuit 4 leaks: alarm after the trip time of 6 s"),
    ("leak", 9, {}, "insulation falls to 30 kΩ: insulation fault"),
    ("overheat", 1, {"conductor": "B"}, "a bad joint: phase B warms up, in a minute above 70 °C: alarm"),
    ("overload", 1, {}, "twice the load: over-current and over-power after 5 s, heat follows"),
    ("trip", 5, {}, "its relay opens, and nobody here asked for it: tripped, until you acknowledge and reset it"),
    ("sensor_break", 8, {"circuit": 2}, "the transformer of circuit 2 is off: reported as a problem"),
    ("silent", 5, {}, "stops answering: after 20 s its values are unavailable, and only those"),
    ("relay", "20260000000002", {}, "its relay sticks: operate it over its SIM card, and see what is said"),
    ("normal", None, {}, "all is well again, on the lines"),
)


def guide(stage: Stage) -> str:
    """Return what a newcomer should know."""
    lines = [
        "",
        f"Ready:  {stage.http.url}    user {USER}, password {PASSWORD}",
        "",
        "Look at",
        "  Electrical safety   the page of the integration: what is wrong, what cannot be seen, all boards",
        "  Cabinet in figures  made by hand for this cabinet: what leaks, how warm it is, power, energy, every value",
        "  Energy              what the meters counted; the day before was simulated when the demo started",
        "  Settings > Devices & services > Acrel Safety",
        "                      all links and their devices; add one yourself: unit 4 is an ADL100, 12 a DTSD1352",
        "                      Scattered boxes is a port that 4G devices call: four more do, and nobody knows them yet",
        "",
        "Operate Offices and Ground-floor flat on their pages: switch off, hang a lock-out tag, try to switch on.",
        "",
        "Try: the cabinet does what it is told in another terminal in this folder,",
        f'  tell() {{ .venv/bin/python -m simulator --control {shlex.quote(str(stage.control))} --send "$1"; }}',
    ]
    for name, unit, options, effect in _SCENARIOS:
        command: dict[str, object] = {"do": "scenario", "name": name}
        command |= {} if unit is None else {"unit": unit}
        command |= {"options": options} if options else {}
        where = "" if unit is None else f"{instrument(unit).name}: "
        lines += [f"  tell '{json.dumps(command)}'", f"      {where}{effect}"]
    return "\n".join([*lines, *_gateways(stage), *_cloud(stage), "", "Ctrl-C ends all of it."])


def _gateways(stage: Stage) -> Sequence[str]:
    """Say where gateways are, if there are any."""
    if (broker := stage.calling.broker) is None:
        return []
    host, port = broker
    return [
        "",
        f"Gateways speak at mqtt://{host}:{port}: three more to add, and behind Old town hall more ASCB1 and others.",
        f'  tell \'{{"do": "scenario", "name": "leak", "unit": "{BREAKER}"}}\'',
        "      Archive: it trips, and is closed when you acknowledged it, it is well again (normal) and was reset",
        '  tell \'{"do": "units"}\'',
        "      names all that is not on a line, and what can happen to it",
    ]


def _cloud(stage: Stage) -> Sequence[str]:
    """Say where the cloud is, if there is one."""
    if (site := stage.calling.cloud) is None:
        return []
    return [
        "",
        f"A cloud answers at {site.cloud.url}: user {CLOUD_USER}, password {CLOUD_PASSWORD}, second password {SECOND}.",
        f'  tell \'{{"do": "scenario", "name": "leak", "unit": "{CLOUD_BREAKER}"}}\'',
        f"      {site.breaker.name}: it opens, and the cloud's log of alarms says why",
        *([] if stage.calling.feed is None else [f"Its feed is at {stage.calling.feed}, for anybody."]),
    ]
