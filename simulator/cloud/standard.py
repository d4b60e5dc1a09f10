"""The cloud of a cabinet: one account, and two sites with devices of the cabinet's."""

from collections.abc import Callable, Mapping, Sequence

from simulator.cabinet import Cabinet
from simulator.cloud.accounts import Account
from simulator.cloud.meters import Meter
from simulator.cloud.server import Cloud

USER, PASSWORD, SECOND = "owner", "cloud-Demo-1", "second-Demo-2"
BREAKER, MONITOR = "26110000003101", "26110000003001"
TWIN = 1
TWIN_CODE = "26110000000001"
"""The unit on the line that the cloud shows as well, and what the cloud calls it."""
TOWN, HARBOUR = "10100001", "10100002"


class OwnersPhone:
    """The phone to which the cloud sends its codes."""

    serial = "phone"
    acts: Mapping[str, Callable[[], None]] = {}

    def __init__(self, account: Account) -> None:
        """Take the account whose owner has it."""
        self._account = account

    @property
    def heard(self) -> Sequence[object]:
        """The codes that came, the newest last."""
        return list(self._account.messages)


class CloudSite:
    """A cloud in front of a cabinet, and what the control channel can do to it."""

    serial = "cloud"

    def __init__(self, cabinet: Cabinet) -> None:
        """Build its devices in the cabinet's time."""
        self.cloud = cloud = Cloud()
        self._account = cloud.account(USER, PASSWORD, second=SECOND)
        self.phone = OwnersPhone(self._account)
        town = cloud.site("Town depot", TOWN)
        breaker, monitor = cabinet.add_outside(BREAKER, "arcm310"), cabinet.add_outside(MONITOR, "arcm300t")
        self.breaker = cloud.put_unit(town, breaker, "Kitchen breaker", code=BREAKER, serial=BREAKER)
        self.monitor = cloud.put_unit(town, monitor, "Cellar monitor", code=MONITOR, serial=MONITOR)
        harbour = cloud.site("Harbour", HARBOUR)
        self.twin: Meter | None = None
        if (unit := cabinet.units.get(TWIN)) is not None and unit.model == "adw300":
            self.twin = cloud.put_unit(harbour, unit, "Offices", code=TWIN_CODE, serial=TWIN_CODE)

    @property
    def stations(self) -> Sequence[CloudSite | OwnersPhone]:
        """The one there is, and its owner's phone."""
        return [self, self.phone]

    @property
    def units(self) -> Mapping[str, int | str]:
        """Which unit of the cabinet is known by which code."""
        units: dict[str, int | str] = {self.breaker.code: BREAKER, self.monitor.code: MONITOR}
        if self.twin is not None:
            units[self.twin.code] = TWIN
        return units

    @property
    def acts(self) -> Mapping[str, Callable[[], None]]:
        """What can happen to it, by name."""
        return {
            "expire_tokens": self.cloud.expire,
            "kick_out": self.cloud.kick_out,
            "be_busy": self._be_busy,
            "be_broken": self._be_broken,
            "be_well": self.cloud.faults.clear,
            "lose_devices": self._lose,
            "find_devices": self._find,
            "want_codes": self._want_codes,
            "want_passwords": self._want_passwords,
            "expire_codes": self._expire_codes,
        }

    @property
    def heard(self) -> Sequence[object]:
        """The calls that came in, by name; nothing secret."""
        return [f"{heard.method} {heard.path}" for heard in self.cloud.heard]

    def _be_busy(self) -> None:
        self.cloud.fail("trace", times=None)

    def _be_broken(self) -> None:
        self.cloud.fail("http", times=None)

    def _want_codes(self) -> None:
        self._account.sms = True

    def _want_passwords(self) -> None:
        self._account.sms = False

    def _expire_codes(self) -> None:
        self._account.code = ""

    def _lose(self) -> None:
        for meter in self._meters():
            meter.lose()

    def _find(self) -> None:
        for meter in self._meters():
            meter.find()

    def _meters(self) -> list[Meter]:
        return [meter for site in self.cloud.sites.values() for meter in site.meters.values()]


def fill(cloud: Cloud, sites: int, meters: int) -> None:
    """Add many sites of many made-up devices: they cost nothing but their names."""
    for number in range(1, sites + 1):
        site = cloud.site(f"Site {number}")
        for _ in site.fill(meters):
            pass
