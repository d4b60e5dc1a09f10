"""In which zones the times of an account are: no answer names one, so that its owner says it."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import tzinfo

from .fields import CHINA


@dataclass(frozen=True, slots=True)
class Zones:
    """The zone of all sites, and those of sites that have another one."""

    usual: tzinfo = CHINA
    by_site: Mapping[str, tzinfo] = field(default_factory=dict)

    def of(self, site: str) -> tzinfo:
        """Return the zone of a site's times."""
        return self.by_site.get(site, self.usual)

    @property
    def all(self) -> Collection[tzinfo]:
        """All in which a time may be."""
        return {self.usual, *self.by_site.values()}


IN_CHINA = Zones()
