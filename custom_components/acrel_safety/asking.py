"""Who asks an entity for something: known within the very action that says so, and forgotten with it."""

from collections.abc import Coroutine
from typing import Any, override

from homeassistant.core import Context, callback
from homeassistant.helpers.entity import Entity


class AskedEntity(Entity):
    """An entity that does what somebody asks for only in that one's name."""

    _asked: Context | None = None

    @callback
    @override
    def async_set_context(self, context: Context) -> None:
        """Note who asks, until that call is over."""
        super().async_set_context(context)
        self._asked = context

    @override
    async def async_request_call[AnswerT](self, coro: Coroutine[Any, Any, AnswerT]) -> AnswerT:
        """Forget who asked when the call is over: no later one is done in that name."""
        try:
            return await super().async_request_call(coro)
        finally:
            self._asked = None

    @callback
    def take_asker(self) -> Context | None:
        """Return who asks, once; None where nobody said so: voice and other programs call without a person.

        To be taken before anything is waited for: another call may come meanwhile.
        """
        context, self._asked = self._asked, None
        return context
