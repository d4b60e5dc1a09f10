"""A cloud that shows and operates devices, written from what the vendor's app of 2019-21 expects of one.

async with Cloud() as cloud:
cloud.account("owner", "pass-Word-1", second="second-Word-2")
site = cloud.site("Demo site")
box = site.add(ARCM310, "Kitchen breaker")
cloud.fail("trace", at="leakageMonitor", times=2)
...cloud.url, cloud.counts, cloud.effects, box.figures.set["Lg"] = 43.5
"""

from simulator.cloud.accounts import Account
from simulator.cloud.behaviour import Behaviour
from simulator.cloud.faults import KINDS, Fault
from simulator.cloud.feed import Feed
from simulator.cloud.history import History
from simulator.cloud.instruments import ADW300, ARCM300T, ARCM310, Figures, Standing
from simulator.cloud.meters import Meter, Site
from simulator.cloud.others import OtherHost
from simulator.cloud.push import Platform
from simulator.cloud.requests import Heard
from simulator.cloud.server import Cloud

__all__ = [
    "ADW300",
    "ARCM300T",
    "ARCM310",
    "KINDS",
    "Account",
    "Behaviour",
    "Cloud",
    "Fault",
    "Feed",
    "Figures",
    "Heard",
    "History",
    "Meter",
    "OtherHost",
    "Platform",
    "Site",
    "Standing",
]
