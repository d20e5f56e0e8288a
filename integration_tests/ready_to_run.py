"""A process that has the command's imports behind it and forks a process for each run.

`python integration_tests/ready_to_run.py` says "ready", then takes a line of JSON for each run, here wrapped,

    {"command": ["/…/bin/source-tiktok-organic", "spec"], "folder": "/…", "environment": {"HOME": "/…"},
     "stdout": "/…/stdout.txt", "stderr": "/…/stderr.txt", "seconds": 120}

and answers with the process's id, and with its exit code when the run is over. It ends with its standard input.

The imports take longer than most runs do after them. Half of the rest is the CDK's work on the manifest, which is the
same in every run. The forked process goes on as the interpreter's main program, so exit codes, uncaught exceptions,
threads and buffers are the interpreter's own business, as they are in the command. Its clock is the one that its
environment names.
"""

import gc
import json
import os
import runpy
import signal
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import orjson
import time_machine
from airbyte_cdk.sources.declarative import concurrent_declarative_source

import source_tiktok_organic.run  # noqa: F401
from source_tiktok_organic.source import SourceTiktokOrganic

# By how many seconds a process's clock is moved; `integration_tests/day.py` says why.
CLOCK = "INTEGRATION_TESTS_CLOCK"


def resolve_the_manifest() -> None:
    """Read, resolve and validate the manifest here, for all runs."""
    resolved = orjson.dumps(SourceTiktokOrganic().resolved_manifest)
    replaced: dict[str, Any] = {
        "_read_and_parse_yaml_file": lambda source, path: {},
        "_pre_process_manifest": lambda source, manifest: orjson.loads(resolved),
        "_validate_source": lambda source: None,
    }
    for name, method in replaced.items():
        setattr(SourceTiktokOrganic, name, method)
    vars(concurrent_declarative_source)["get_declarative_component_schema"] = dict


def wait_for_a_run() -> list[str]:
    """Fork a process for each line of standard input; only the forked ones return, with their command line."""
    _say("ready")
    for line in sys.stdin:
        run = json.loads(line)
        process = os.fork()
        if process == 0:
            # The signal ends the run in whatever state it is, and even if nobody waits for it any more.
            signal.alarm(run["seconds"])
            _reopen(0, os.devnull, os.O_RDONLY)
            _reopen(1, run["stdout"], os.O_WRONLY | os.O_CREAT | os.O_APPEND)
            _reopen(2, run["stderr"], os.O_WRONLY | os.O_CREAT | os.O_APPEND)
            os.chdir(run["folder"])
            before = os.environ[CLOCK]
            os.environ.clear()
            os.environ.update(run["environment"])
            tempfile.tempdir = None  # it is TMPDIR's, also if an import has asked for it
            if os.environ[CLOCK] != before:
                seconds = float(os.environ[CLOCK]) - float(before)
                time_machine.travel(time.time() + seconds, tick=True).start()
            return list(run["command"])
        _say(str(process))
        _, status = os.waitpid(process, 0)
        _say(str(os.waitstatus_to_exitcode(status)))
    sys.exit()


def _say(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


def _reopen(descriptor: int, path: str, flags: int) -> None:
    opened = os.open(path, flags)
    os.dup2(opened, descriptor)
    os.close(opened)


if __name__ == "__main__":
    resolve_the_manifest()
    gc.freeze()  # spares the forked processes copies of what the imports made
    program, *arguments = wait_for_a_run()
    if arguments[:1] == ["-m"]:
        _, module, *arguments = arguments
        sys.argv = [module, *arguments]
        sys.path[0] = str(Path.cwd())
        runpy.run_module(module, run_name="__main__", alter_sys=True)
    else:
        sys.argv = [program, *arguments]
        sys.path[0] = str(Path(program).parent)
        runpy.run_path(program, run_name="__main__")
