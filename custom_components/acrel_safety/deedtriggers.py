"""The triggers for what is done to devices: operations that ended, tags, and breakers that moved by no command."""

from abc import abstractmethod
from collections.abc import Mapping, Sequence
from typing import Any, ClassVar, Final, override

import probatio
from homeassistant.core import CALLBACK_TYPE, callback
from homeassistant.helpers import config_validation as cv
from homeassistant.helpers.trigger import TriggerActionRunner, TriggerNotTriggeredReporter

from .aioacrel.control.outcome import Result
from .deeds import Deed, What, deeds_of
from .deedwords import told
from .reach import ReachTrigger, schema_of

CONF_OUTCOME: Final = "outcome"
CONF_CHANGE: Final = "change"
CONF_TO: Final = "to"
_CHANGES = {"hung": What.TAG_HUNG, "removed": What.TAG_REMOVED}
_POSITIONS = {"open": False, "closed": True}


def _some_of(words: Sequence[str]) -> object:
    return probatio.All(cv.ensure_list, probatio.Length(min=1), [probatio.In([*words])])


class DeedTrigger(ReachTrigger):
    """Goes by what is told as it happens: nothing of before a restart is told again."""

    whats: ClassVar[frozenset[What]]

    @abstractmethod
    def is_meant(self, deed: Deed) -> bool:
        """Whether the options mean it."""

    def more(self, deed: Deed) -> Mapping[str, Any]:
        """Return what is told besides."""
        del deed
        return {}

    @override
    async def async_attach_runner(
        self, run_action: TriggerActionRunner, did_not_trigger: TriggerNotTriggeredReporter | None = None
    ) -> CALLBACK_TYPE:
        """Follow what is done for one automation."""

        @callback
        def take(deed: Deed) -> None:
            if deed.what in self.whats and self.is_meant(deed) and self.reach.is_at(deed.board, deed.circuit):
                payload = {**told(self.hass, deed), **self.more(deed)}
                run_action(payload, payload["message"])

        return deeds_of(self.hass).listen(take)


class OperationEndedTrigger(DeedTrigger):
    """An operation ended: confirmed, refused, or otherwise."""

    schema = schema_of({probatio.Optional(CONF_OUTCOME): _some_of([str(result) for result in Result])})
    whats = frozenset({What.ENDED})

    @override
    def is_meant(self, deed: Deed) -> bool:
        """Whether the outcome is one of those."""
        wanted = self.options.get(CONF_OUTCOME)
        return deed.outcome is not None and (wanted is None or str(deed.outcome.result) in wanted)


class TagChangedTrigger(DeedTrigger):
    """A lock-out tag was hung or removed."""

    schema = schema_of({probatio.Optional(CONF_CHANGE): _some_of([*_CHANGES])})
    whats = frozenset(_CHANGES.values())

    @override
    def is_meant(self, deed: Deed) -> bool:
        """Whether it is the change that is meant."""
        return deed.what in {_CHANGES[change] for change in self.options.get(CONF_CHANGE, _CHANGES)}

    @override
    def more(self, deed: Deed) -> Mapping[str, Any]:
        """Say which of both it was."""
        return {"change": "hung" if deed.what is What.TAG_HUNG else "removed"}


class MovedTrigger(DeedTrigger):
    """A breaker, relay or output moved, and no command from here explains it."""

    schema = schema_of({probatio.Optional(CONF_TO): _some_of([*_POSITIONS])})
    whats = frozenset({What.MOVED})

    @override
    def is_meant(self, deed: Deed) -> bool:
        """Whether it moved there."""
        return deed.position in {_POSITIONS[to] for to in self.options.get(CONF_TO, _POSITIONS)}
