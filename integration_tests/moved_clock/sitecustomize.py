"""Moves the clock of a Python process by the seconds in INTEGRATION_TESTS_CLOCK; `integration_tests/day.py` says why.

Python imports this module before any other where the folder is in PYTHONPATH.
"""

import os
import sys
import time

if seconds := os.environ.get("INTEGRATION_TESTS_CLOCK"):
    # time_machine imports pytest where it is installed, which takes longer than the rest of a short run.
    sys.modules["pytest"] = None  # type: ignore[assignment]
    import time_machine

    del sys.modules["pytest"]
    time_machine.travel(time.time() + float(seconds), tick=True).start()
