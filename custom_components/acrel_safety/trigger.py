"""What automations wait for: alarms, what is to be sent to people, tests that are due, and what is done to devices."""

from homeassistant.core import HomeAssistant
from homeassistant.helpers.trigger import Trigger

from .checkupdue import CheckupDueTrigger
from .deedtriggers import MovedTrigger, OperationEndedTrigger, TagChangedTrigger
from .raised import AlarmRaisedTrigger
from .reminders import ReminderDueTrigger


async def async_get_triggers(_: HomeAssistant) -> dict[str, type[Trigger]]:
    """Return them by name."""
    return {
        "alarm_raised": AlarmRaisedTrigger,
        "reminder_due": ReminderDueTrigger,
        "test_due": CheckupDueTrigger,
        "operation_ended": OperationEndedTrigger,
        "tag_changed": TagChangedTrigger,
        "moved_unasked": MovedTrigger,
    }
