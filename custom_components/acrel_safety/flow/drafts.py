"""A user's register table or model file on its way to the folder of models."""

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from errno import EFBIG
from pathlib import Path

from homeassistant.components.file_upload import process_uploaded_file
from homeassistant.core import HomeAssistant
from homeassistant.util.file import write_utf8_file_atomic

from ..aioacrel.errors import FileProblemsError, MissingTableError
from ..aioacrel.models import ModelLibrary, read_model
from ..aioacrel.models.entry import MODEL_ID
from ..aioacrel.models.limits import LARGEST_FILE
from ..aioacrel.models.writer import write_model
from ..aioacrel.points import Model
from ..aioacrel.problems import Problem
from ..aioacrel.readings import PointKey
from ..aioacrel.registers import Order
from ..aioacrel.table import AddressMode, ChoiceKind, KMode, TableImport, import_table
from ..aioacrel.table.csvfile import LARGEST_TABLE
from ..aioacrel.userfiles import read_file, read_text
from .preview import Column
from .selector_texts import FlowTexts

AS_WRITTEN = "as_written"
NORMAL_ORDER = "normal"
_MODEL_FILE = ".toml"


@dataclass(frozen=True, slots=True, kw_only=True)
class Upload:
    """A file the user chose: text of a model file, or bytes of a register table, whose encoding is to be found out."""

    file: str
    content: str | bytes


def take_upload(hass: HomeAssistant, file_id: str) -> Upload | None:
    """Return an uploaded file, None if it did not arrive; for the executor. The upload itself is removed.

    Raises FileProblemsError if it is too large, or a model file that is not text.
    """
    try:
        with process_uploaded_file(hass, file_id) as path:
            if path.suffix.lower() == _MODEL_FILE:
                return Upload(file=path.name, content=read_text(path, LARGEST_FILE))
            return Upload(file=path.name, content=read_file(path, LARGEST_TABLE))
    except ValueError:
        return None


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """A model made of the user's file, not saved yet; `text` is a model file as the user wrote it."""

    model: Model
    text: str | None = None
    table: TableImport | None = None

    @property
    def rejected(self) -> Sequence[Problem]:
        """What is wrong with the rows that were left out."""
        return self.table.errors if self.table else ()

    @property
    def warnings(self) -> Sequence[Problem]:
        """What is doubtful but usable."""
        return self.table.warnings if self.table else ()

    def asks(self, kind: ChoiceKind) -> Sequence[PointKey]:
        """Return the points for which the user has to choose."""
        return [choice.key for choice in self.table.choices if choice.kind is kind] if self.table else []

    def columns(self, texts: FlowTexts) -> list[Column]:
        """Return each way to understand the file, the present one first."""
        columns = [Column(heading=texts("preview", "value"), model=self.model)]
        if self.table is None:
            return columns
        columns += self._address_columns(self.table, texts)
        if self.asks(ChoiceKind.FACTOR):
            columns += [
                Column(
                    heading=texts("k_mode", mode),
                    model=self.table.with_choices(k_mode=mode).model,
                )
                for mode in (KMode.DECIMALS, KMode.MULTIPLIER)
            ]
        if self.asks(ChoiceKind.ORDER):
            columns.append(
                Column(
                    heading=texts("order", NORMAL_ORDER),
                    model=self.table.with_choices(orders=self.orders(NORMAL_ORDER)).model,
                )
            )
        return columns

    def _address_columns(self, table: TableImport, texts: FlowTexts) -> Iterator[Column]:
        """Yield a column for each other way to write addresses; none for one that leaves no row."""
        places = _places(self.model)
        for mode in self.address_modes:
            with suppress(FileProblemsError):
                other = table.with_choices(address_mode=mode).model
                if _places(other) != places:
                    yield Column(heading=texts("address_mode", mode), model=other)

    @property
    def address_modes(self) -> Sequence[AddressMode]:
        """The ways in which the addresses may be written; empty if there is nothing to choose."""
        return self.table.address_modes if self.table else ()

    def decided(self, *, k_mode: str | None, order: str | None, address_mode: str | None) -> Draft:
        """Return the draft with the user's answers.

        Raises FileProblemsError when no row is usable with the addresses meant so.
        """
        if self.table is None:
            return self
        placed = self.table.with_choices(address_mode=AddressMode(address_mode) if address_mode else None)
        draft = replace(self, table=placed, model=placed.model)
        table = placed.with_choices(k_mode=KMode(k_mode) if k_mode else None, orders=draft.orders(order))
        return replace(draft, table=table, model=table.model)

    def orders(self, order: str | None) -> Mapping[PointKey, Order]:
        """Return the byte orders that an answer gives to the points in question."""
        return {
            key: Order.NORMAL if order == NORMAL_ORDER else self.model.registers.places[key].layout.order
            for key in self.asks(ChoiceKind.ORDER)
        }

    @property
    def file_text(self) -> str:
        """The model file; for the executor."""
        return write_model(self.model) if self.text is None else self.text

    def save(self, folder: Path) -> Callable[[], None]:
        """Write the model file, whole or not at all, and return what takes that back; for the executor.

        Raises OSError, or HomeAssistantError when the file cannot be written. What is too large to be a model file is
        not replaced: it could not be put back.
        """
        folder.mkdir(parents=True, exist_ok=True)
        path = folder / f"{self.model.id}{_MODEL_FILE}"
        try:
            former = read_file(path, LARGEST_FILE) if path.is_file() else None
        except FileProblemsError as error:
            raise OSError(EFBIG, str(error), str(path)) from error
        write_utf8_file_atomic(str(path), self.file_text)

        def take_back() -> None:
            if former is None:
                path.unlink(missing_ok=True)
                return
            beside = path.with_suffix(".former")
            beside.write_bytes(former)
            beside.replace(path)

        return take_back


def read_draft(upload: Upload, *, model_id: str, base: Model | None) -> Draft:
    """Return the model in an uploaded file; for the executor. Without a `model_id` one is found.

    Raises FileProblemsError with everything that is wrong, MissingTableError for a model file without any address.
    """
    if isinstance(upload.content, str):
        model = read_model(upload.content, file=upload.file)
        if model.needs_table:
            raise MissingTableError(model=model.name, needs=len(model.waiting))
        if model_id in ("", model.id):
            return Draft(model=model, text=upload.content)
        return Draft(model=replace(model, id=model_id))
    table = import_table(
        upload.content,
        file=upload.file,
        model_id=model_id or (base.id if base else _id_from(upload.file)),
        base=base,
    )
    return Draft(model=table.model, table=table)


def is_model_id(text: str) -> bool:
    """Whether a text may name a model file."""
    return MODEL_ID.fullmatch(text) is not None


def would_replace(library: ModelLibrary, draft: Draft) -> bool:
    """Whether a draft takes the place of another model that works; for the executor.

    That a table completes a built-in model which waits for it is what the table is for, and a file that holds the same
    is no other one.
    """
    model_id = draft.model.id
    if library.is_users(model_id):
        return not _holds(library, model_id, draft.file_text)
    return model_id in library.ids() and not library.builtin(model_id).needs_table


def _holds(library: ModelLibrary, model_id: str, text: str) -> bool:
    """Whether the user's file of a model holds this text."""
    if library.folder is None:
        return False
    try:
        return read_text(library.folder / f"{model_id}{_MODEL_FILE}", LARGEST_FILE) == text
    except FileProblemsError:
        return False


def _places(model: Model) -> Mapping[PointKey, int]:
    return {key: place.address for key, place in model.registers.places.items()}


def _id_from(file: str) -> str:
    """Make an id of a file's name."""
    slug = re.sub(r"[^a-z0-9]+", "-", Path(file).stem.lower()).strip("-")[:64]
    return slug.rstrip("-") or "imported"
