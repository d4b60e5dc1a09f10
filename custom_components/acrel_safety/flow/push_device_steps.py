"""Add or change a device that the IoT EMS platform tells of; nothing is asked of it."""

from collections.abc import Mapping
from typing import Any, override

import probatio
from homeassistant.config_entries import ConfigEntry, SubentryFlowResult

from ..hubs.cloud_push import strangers_of
from .ending import ends_clearly
from .heard_steps import HeardDeviceSteps
from .link_forms import FormData
from .push_forms import device_settings_form, device_settings_schema


class PushDeviceFlow(HeardDeviceSteps):
    """Ask which device of the platform is meant and what it is."""

    step = "pushed"
    menu = "push_devices"
    heard = "push_heard"
    nothing = "nothing_pushed"

    @ends_clearly
    async def async_step_push_devices(self, user_input: FormData | None = None) -> SubentryFlowResult:
        """Let the user choose one that the platform told of, or name one."""
        return self._show_menu()

    @ends_clearly
    async def async_step_push_heard(self, user_input: FormData | None = None) -> SubentryFlowResult:
        """List the devices that the platform told of."""
        return await self._step_heard(user_input)

    @ends_clearly
    async def async_step_pushed(self, user_input: FormData | None = None) -> SubentryFlowResult:
        """Ask for serial number, model and name."""
        return await self._step_device(user_input)

    @ends_clearly
    async def async_step_pushed_settings(self, user_input: FormData | None = None) -> SubentryFlowResult:
        """Ask for what the way leaves to the user, and save."""
        return self._step_settings(user_input)

    @override
    def _told_of(self, entry: ConfigEntry) -> Mapping[str, tuple[str, ...]]:
        return strangers_of(entry)

    @override
    def _settings_schema(self) -> probatio.Schema:
        return device_settings_schema()

    @override
    def _settings_form(self, data: Mapping[str, Any]) -> FormData:
        return device_settings_form(data)
