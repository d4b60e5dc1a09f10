"""What the options mean: which model, which of its points, which line."""

import shlex
from collections.abc import Sequence
from dataclasses import replace
from difflib import get_close_matches
from pathlib import Path

from ..errors import AcrelError, FileProblemsError, MissingTableError, UnknownModelError
from ..modbus.link import LinkAddress
from ..modbus.unit import PolledUnit
from ..models import ModelLibrary, read_model
from ..models.limits import LARGEST_FILE
from ..points import Model
from ..readings import PointKey
from ..registers import LineSettings
from ..texts import Phrase, Said, phrase
from ..userfiles import read_text
from ..vocabulary import vocabulary
from .circuits import circuit_spans
from .options import Options

_MODEL_FILE = ".toml"
_MOST_NEAR = 5
_SHORT = 3
"""Letters that stand in too many names."""


class UnknownQuantityError(AcrelError):
    """A quantity was asked for that the model does not have."""

    key = "unknown_quantity"


class UnusableFolderError(AcrelError):
    """The folder for the user's models is none."""

    key = "unusable_folder"


def library(options: Options) -> ModelLibrary:
    """Return the models at hand.

    Raises UnusableFolderError.
    """
    if options.models is not None and not options.models.is_dir():
        raise UnusableFolderError(folder=options.models)
    return ModelLibrary(options.models)


def find_model(options: Options, name: str) -> Model:
    """Return the model of an id in any case, of a name it covers, or in a file.

    Raises UnknownModelError or FileProblemsError.
    """
    if name.lower().endswith(_MODEL_FILE):
        return read_model_file(Path(name))
    models = library(options)
    wanted = name.strip().lower()
    try:
        return models.get(wanted)
    except UnknownModelError:
        for model in models.usable():
            if wanted in (covered.lower() for covered in model.covers):
                return model
        raise


def read_model_file(path: Path) -> Model:
    """Return the model in a file; problems name the file the way the user did.

    Raises FileProblemsError.
    """
    try:
        return read_model(read_text(path, LARGEST_FILE), file=str(path))
    except FileProblemsError as error:
        raise FileProblemsError(file=str(path), problems=error.problems) from None


def find_keys(model: Model, codes: Sequence[str] | None, *, name: str | None = None) -> list[PointKey]:
    """Return the readable points of some codes (in all circuits unless `code@circuit`), or all.

    `name` is what the user called the model.
    Raises MissingTableError when the model has no registers, UnknownQuantityError.
    """
    if model.needs_table:
        raise MissingTableError(model=model.name, needs=len(model.waiting))
    if codes is None:
        return list(model.readable)
    wanted: set[PointKey] = set()
    for text in codes:
        code, at, circuit = text.rpartition("@")
        spelling = code if at else text
        keys = {key for key in _spelled(model, spelling) if not at or key.circuit == circuit.strip()}
        if not keys:
            named = name if name is not None else model.id
            raise UnknownQuantityError(
                model=model.name, code=text, near=_near(model, spelling), named=shlex.quote(named)
            )
        wanted |= keys
    return [key for key in model.readable if key in wanted]


def _near(model: Model, spelling: str) -> Said:
    """Say what was perhaps meant: the code in another circuit, codes that look alike, or names that do."""
    if keys := _spelled(model, spelling):
        circuits = circuit_spans([key.circuit for key in keys])
        if len(keys) == 1:
            return phrase("near_circuit", code=keys[0].code, circuit=circuits)
        return phrase("near_circuits", code=keys[0].code, circuits=circuits)
    codes = {key.code.casefold(): key.code for key in model.readable}
    names = {model.points[key].quantity.name("en").casefold(): key.code for key in model.readable}
    wanted = spelling.casefold()
    alike = [code for name, code in names.items() if wanted in name] if len(wanted) > _SHORT else []
    alike += [codes[found] for found in get_close_matches(wanted, codes, _MOST_NEAR)]
    alike += [names[found] for found in get_close_matches(wanted, names, _MOST_NEAR)]
    near = list(dict.fromkeys(alike))[:_MOST_NEAR]
    return phrase("near_codes", codes=", ".join(near)) if near else ""


def _spelled(model: Model, spelling: str) -> list[PointKey]:
    """Return the points of a code: spelled exactly so, as the vocabulary says, or in any case."""
    known = vocabulary().match(spelling)
    for code in dict.fromkeys((spelling, known.code if known else spelling)):
        if keys := [key for key in model.readable if key.code == code]:
            return keys
    folded = spelling.casefold()
    return [key for key in model.readable if key.code.casefold() == folded]


def with_companions(model: Model, keys: Sequence[PointKey]) -> list[PointKey]:
    """Return the points of the preferred registers with those they cannot be understood without."""
    needed = model.registers.with_companions(keys)
    return [key for key in model.registers.places if key in needed]


def on_line_of(address: LinkAddress, model: Model) -> LinkAddress:
    """Return the link with the model's line settings, unless the user stated some."""
    return address if address.line_given else replace(address, line=model.registers.line)


def line_of(options: Options, model: Model) -> LineSettings:
    """Return the model's line settings with those the user stated."""
    return replace(
        model.registers.line,
        baudrate=options.baudrate or model.registers.line.baudrate,
        parity=options.parity or model.registers.line.parity,
        stopbits=options.stopbits or model.registers.line.stopbits,
    )


def doubt_text(device: PolledUnit, doubt: Phrase, language: str) -> str:
    """Say what speaks against the model the user named."""
    return phrase("model_doubted", unit=device.unit_id, model=device.model.name, doubt=doubt).text(language)
