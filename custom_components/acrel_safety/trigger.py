"""What automations wait for: an alarm that is raised, or was before; and what is to be sent to people."""

from homeassistant.core import HomeAssistant
from homeassistant.helpers.trigger import Trigger

from .raised import AlarmRaisedTrigger
from .reminders import ReminderDueTrigger


async def async_get_triggers(_: HomeAssistant) -> dict[str, type[Trigger]]:
    """Return them by name."""
    return {"alarm_raised": AlarmRaisedTrigger, "reminder_due": ReminderDueTrigger}
