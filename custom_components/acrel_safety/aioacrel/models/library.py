"""The models at hand: those built in, and those in the user's folder."""

from collections.abc import Iterator
from functools import cache
from importlib.resources import files
from pathlib import Path

from ..errors import FileProblemsError, UnknownModelError
from ..points import Model
from ..problems import Problem
from ..userfiles import read_text
from .entry import MODEL_ID
from .limits import LARGEST_FILE
from .locate import Lines
from .reader import read_model


class ModelLibrary:
    """Finds models by id. A user's file wins over a built-in one of the same id. Reading files blocks: use a thread."""

    def __init__(self, folder: Path | None = None) -> None:
        """Take the folder with the user's `<id>.toml` files; it need not exist."""
        self.folder = folder

    def ids(self) -> list[str]:
        """Return all model ids, sorted."""
        return sorted({*_builtin_ids(), *(path.stem for path in self._user_files())})

    def get(self, model_id: str) -> Model:
        """Return one model.

        Raises UnknownModelError, or FileProblemsError if the user's file is broken.
        """
        if self.folder is not None and (path := self.folder / f"{model_id}.toml") in self._user_files():
            return _read(path)
        if model_id in _builtin_ids():
            return _builtin(model_id)
        raise UnknownModelError(model=model_id, known=", ".join(self.ids()))

    def builtin(self, model_id: str) -> Model:
        """Return the built-in model of this id, whatever the user's folder holds."""
        if model_id in _builtin_ids():
            return _builtin(model_id)
        raise UnknownModelError(model=model_id, known=", ".join(_builtin_ids()))

    def usable(self) -> Iterator[Model]:
        """Return every model whose file is sound: a broken user file hides no other."""
        for model_id in self.ids():
            try:
                yield self.get(model_id)
            except FileProblemsError:
                continue

    def broken(self) -> Iterator[FileProblemsError]:
        """Return what is wrong with the user's files that cannot be used."""
        for path in self._user_files():
            try:
                _read(path)
            except FileProblemsError as error:
                yield error

    def is_users(self, model_id: str) -> bool:
        """Whether the model comes from the user's folder."""
        return any(path.stem == model_id for path in self._user_files())

    def _user_files(self) -> list[Path]:
        if self.folder is None or not self.folder.is_dir():
            return []
        return sorted(path for path in self.folder.glob("*.toml") if MODEL_ID.fullmatch(path.stem))


def _read(path: Path) -> Model:
    """Return the model in a user's file.

    Raises FileProblemsError; also when the file bears another name than its model, for a device remembers the id alone
    and would be read with whatever model that names.
    """
    text = read_text(path, LARGEST_FILE)
    model = read_model(text, file=path.name)
    if model.id != path.stem:
        line = Lines(text).of(("model", "id"))
        problem = Problem(key="id_differs", line=line, column="id", found=model.id, allowed=path.stem)
        raise FileProblemsError(file=path.name, problems=[problem])
    return model


@cache
def _builtin_ids() -> tuple[str, ...]:
    folder = files(__package__)
    return tuple(sorted(entry.name.removesuffix(".toml") for entry in folder.iterdir() if entry.name.endswith(".toml")))


@cache
def _builtin(model_id: str) -> Model:
    name = f"{model_id}.toml"
    return read_model(files(__package__).joinpath(name).read_text("utf-8"), file=name)
