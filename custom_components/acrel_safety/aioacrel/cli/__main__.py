"""`python -m aioacrel.cli` is `acrel`."""

import sys

from . import main

if __name__ == "__main__":
    sys.exit(main())
