"""The day on which the integration tests take place, whatever the real date is.

Results must not depend on the day, the hour or the load. So the clocks of all processes of a test run are moved:
pytest's, the connector's, the emulator's, PyAirbyte's and those of the CDK's tools. They begin at NOON and go on.
"""

import os
import time
from datetime import datetime
from pathlib import Path

import time_machine

from integration_tests.emulator.testing import NOON

_SECONDS = "INTEGRATION_TESTS_CLOCK"
_FOLDER = str(Path(__file__).parent / "moved_clock")


def environment_at(moment: datetime) -> dict[str, str]:
    """The environment of a process that begins at another moment."""
    return {_SECONDS: str(float(os.environ[_SECONDS]) + moment.timestamp() - time.time())}


def begin() -> None:
    """Move the clock of this process, and of the processes that it starts, unless they inherit a moved one."""
    if _SECONDS not in os.environ:
        seconds = NOON.timestamp() - time.time()
        os.environ[_SECONDS] = str(seconds)
        os.environ["PYTHONPATH"] = os.pathsep.join(filter(None, [_FOLDER, os.environ.get("PYTHONPATH")]))
        time_machine.travel(time.time() + seconds, tick=True).start()
