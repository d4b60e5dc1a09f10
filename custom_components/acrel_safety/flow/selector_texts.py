"""Pieces of translated text that a flow puts together itself: table heads, words for qualities, model names."""

from homeassistant.core import HomeAssistant
from homeassistant.helpers.translation import async_get_translations

from ..aioacrel.points import Model
from ..aioacrel.problems import flat
from ..aioacrel.texts import library_language, read_texts, say
from ..const import DOMAIN


class FlowTexts:
    """The `selector` texts in Home Assistant's language, English where one is missing."""

    def __init__(self, language: str, texts: dict[str, str]) -> None:
        """Take what `load` found."""
        self.language = library_language(language)
        """The language of the library's own names and findings."""
        self._texts = texts

    @classmethod
    async def load(cls, hass: HomeAssistant) -> FlowTexts:
        """Read the texts in the language Home Assistant is set to."""
        language = hass.config.language
        # A flow may be the first to need what the library says.
        await hass.async_add_executor_job(read_texts)
        return cls(language, await async_get_translations(hass, language, "selector", [DOMAIN]))

    def __call__(self, group: str, word: str, **placeholders: object) -> str:
        """Return one text with its placeholders filled in."""
        text = self._texts[f"component.{DOMAIN}.selector.{group}.options.{word}"]
        return text.format_map(placeholders)

    def model(self, model: Model) -> str:
        """Return a model's readable name with what it is and how sure its registers are."""
        evidence = say(f"evidence.{model.evidence}", self.language)
        return flat(f"{model.name} – {model.title(self.language)} ({evidence})")
