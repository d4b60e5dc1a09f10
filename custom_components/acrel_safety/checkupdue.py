"""The trigger for self-tests and inspections that are due."""

from datetime import datetime
from typing import Any, override

from homeassistant.const import Platform
from homeassistant.core import CALLBACK_TYPE, callback
from homeassistant.helpers import entity_registry as er
from homeassistant.helpers.trigger import TriggerActionRunner, TriggerNotTriggeredReporter
from homeassistant.util import dt as dt_util

from .aioacrel.alarms.board import Board
from .aioacrel.texts import phrase
from .buttons import checkup_data
from .checkups import Checkup, checkup_clock_of
from .const import DOMAIN
from .entity_ids import SAFETY, id_of
from .reach import ReachTrigger


class CheckupDueTrigger(ReachTrigger):
    """Fires for each device and kind of test, once a week while it is due."""

    @override
    async def async_attach_runner(
        self, run_action: TriggerActionRunner, did_not_trigger: TriggerNotTriggeredReporter | None = None
    ) -> CALLBACK_TYPE:
        """Follow the clock for one automation."""

        @callback
        def take(board: Board, kind: Checkup, due: datetime) -> None:
            spots = self.reach.spots()
            if spots is None or any(spot.identity in (board.identity, board.link) for spot in spots):
                payload = self._payload(board, kind, due)
                run_action(payload, payload["title"])

        return checkup_clock_of(self.hass).listen(take)

    def _payload(self, board: Board, kind: Checkup, due: datetime) -> dict[str, Any]:
        language = self.hass.config.language
        day = dt_util.as_local(due).date().isoformat()
        if kind is Checkup.SELF_TEST:
            what, message = phrase("test_self"), phrase("test_message", due=day)
        else:
            what, message = phrase("test_inspection"), phrase("inspection_message", due=day)
        unique_id = id_of(board.identity, None, SAFETY)
        return {
            "kind": str(kind),
            "board": board.name,
            "due": day,
            "title": phrase("test_title", kind=what, board=board.name).text(language),
            "message": message.text(language),
            "entity_id": er.async_get(self.hass).async_get_entity_id(Platform.SENSOR, DOMAIN, unique_id),
            "app": checkup_data(self.hass, board, kind),
        }
