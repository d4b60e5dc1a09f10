"""Transformer ratios: which ones a model's values are multiplied with, and where each comes from."""

from collections.abc import Collection, Mapping, Sequence

from ..errors import AcrelError
from ..points import Model
from ..readings import PointKey, Reading, Value
from ..registers import Ratio
from ..texts import Phrase, phrase
from ..vocabulary import Kind
from .language import both
from .options import Options

type Given = Mapping[Ratio, float]

_NAMES = {Ratio.PT: phrase("ratio_pt"), Ratio.CT: phrase("ratio_ct")}


class IdleRatioError(AcrelError):
    """A ratio was stated that no value of the model is multiplied with."""

    key = "ratio_without_effect"


def used(model: Model, keys: Collection[PointKey]) -> list[Ratio]:
    """Return the ratios that some points are multiplied with."""
    places = [item for registers in model.maps for item in registers.places.items()]
    return [ratio for ratio in Ratio if any(key in keys and ratio in place.ratios for key, place in places)]


def stated(options: Options) -> dict[Ratio, float]:
    """Return the ratios the user stated."""
    given = {Ratio.PT: options.pt, Ratio.CT: options.ct}
    return {ratio: value for ratio, value in given.items() if value is not None}


def given(options: Options, model: Model) -> Given:
    """Return the ratios the user stated; 1, as without transformers, where the model needs one.

    Raises IdleRatioError.
    """
    ratios = stated(options)
    for ratio in ratios:
        if ratio not in used(model, model.readable):
            raise IdleRatioError(ratio=ratio, model=model.name)
    return dict.fromkeys(model.registers.asks_ratios, 1.0) | ratios


def missing(options: Options, model: Model) -> str:
    """Say so when a ratio was taken for granted."""
    if options_missing := [
        f"--{ratio}" for ratio in Ratio if ratio in model.registers.asks_ratios and ratio not in stated(options)
    ]:
        return phrase("ratio_untold", model=model.name, options=both(options_missing)).text(options.language)
    return ""


def sources(
    options: Options, model: Model, keys: Sequence[PointKey], readings: Mapping[PointKey, Reading]
) -> list[str]:
    """Say which ratios the values shown are multiplied with, and who told them."""
    told = [_source(options, model, ratio, readings) for ratio in used(model, keys)]
    return [each.text(options.language) for each in (*told, *_left_alone(model, readings))]


def _source(options: Options, model: Model, ratio: Ratio, readings: Mapping[PointKey, Reading]) -> Phrase:
    name, told = _NAMES[ratio], model.registers.read_ratios.get(ratio)
    if (value := stated(options).get(ratio)) is not None:
        if told:
            return phrase("ratio_stated_otherwise", name=name, value=f"{value:g}", ratio=ratio)
        return phrase("ratio_stated", name=name, value=f"{value:g}", ratio=ratio)
    if told is None:
        return phrase("ratio_granted", name=name, ratio=ratio)
    reading = readings.get(told)
    if reading is None or reading.value is None:
        return phrase("ratio_unread", name=name, code=told.code)
    return phrase("ratio_read", name=name, value=_number(reading.value), code=told.code)


def _left_alone(model: Model, readings: Mapping[PointKey, Reading]) -> list[Phrase]:
    """Name the ratios that are set in the device and that nothing is multiplied with here."""
    return [
        phrase("ratio_left_alone", code=key.code, value=_number(reading.value))
        for key, reading in readings.items()
        if model.points[key].quantity.kind is Kind.RATIO
        and key not in model.registers.read_ratios.values()
        and reading.value not in (None, 1)
    ]


def _number(value: Value | None) -> str:
    return f"{value:g}" if isinstance(value, (int, float)) else str(value)
