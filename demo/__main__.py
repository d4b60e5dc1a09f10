"""`python -m demo`, started by `scripts/demo`."""

import sys

try:
    from demo.command import main

    code = main()
except KeyboardInterrupt:
    # Before anything was started; from then on the demo ends what it started.
    code = 130
sys.exit(code)
