"""The connector's command on another day: the demo's syncs are a week apart. Nothing of this is in the package.

`python -m examples.moved_clock read …` runs it as many seconds from now as the environment variable DEMO_CLOCK says.
"""

import os
import time

import time_machine

from source_tiktok_organic.run import run

if __name__ == "__main__":
    time_machine.travel(time.time() + float(os.environ["DEMO_CLOCK"]), tick=True).start()
    run()
