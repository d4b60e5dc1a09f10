"""Transformer ratios: which ones a model's values are multiplied with, and where each comes from."""

from collections.abc import Collection, Mapping, Sequence

from ..errors import AcrelError
from ..points import Model
from ..readings import PointKey, Reading, Value
from ..registers import Ratio
from ..vocabulary import Kind
from .options import Options

type Given = Mapping[Ratio, float]

_NAMES = {Ratio.PT: "Voltage transformer ratio", Ratio.CT: "Current transformer ratio"}


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
        return (
            f"{model.name} does not tell its transformer ratios: taken as 1,"
            f" state {' and '.join(options_missing)} otherwise"
        )
    return ""


def sources(
    options: Options, model: Model, keys: Sequence[PointKey], readings: Mapping[PointKey, Reading]
) -> list[str]:
    """Say which ratios the values shown are multiplied with, and who told them."""
    lines = [_source(options, model, ratio, readings) for ratio in used(model, keys)]
    return [*lines, *_left_alone(model, readings)]


def _source(options: Options, model: Model, ratio: Ratio, readings: Mapping[PointKey, Reading]) -> str:
    name, told = _NAMES[ratio], model.registers.read_ratios.get(ratio)
    if (value := stated(options).get(ratio)) is not None:
        return f"{name}: {value:g}, as stated with --{ratio}{', not the one the device tells' if told else ''}"
    if told is None:
        return f"{name}: 1, taken for granted; --{ratio} states another"
    reading = readings.get(told)
    if reading is None or reading.value is None:
        return f"{name}: the device does not tell it ({told.code})"
    return f"{name}: {_number(reading.value)}, as the device tells ({told.code})"


def _left_alone(model: Model, readings: Mapping[PointKey, Reading]) -> list[str]:
    """Name the ratios that are set in the device and that nothing is multiplied with here."""
    return [
        f"{key.code} {_number(reading.value)} is set in the device:"
        " its values are shown as it gives them, not multiplied"
        for key, reading in readings.items()
        if model.points[key].quantity.kind is Kind.RATIO
        and key not in model.registers.read_ratios.values()
        and reading.value not in (None, 1)
    ]


def _number(value: Value | None) -> str:
    return f"{value:g}" if isinstance(value, (int, float)) else str(value)
