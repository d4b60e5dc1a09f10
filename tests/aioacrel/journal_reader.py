"""A program that looks at a record and says what it finds."""

import sys
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from custom_components.acrel_safety.aioacrel.journal import verify
else:  # as it is installed, without Home Assistant
    from aioacrel.journal import verify


if __name__ == "__main__":
    found = verify(Path(sys.argv[1]))
    print("whole" if found.is_whole else found.findings, found.count)  # noqa: T201 - that is what it is for
