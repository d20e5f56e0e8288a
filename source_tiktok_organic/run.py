"""The command `source-tiktok-organic spec|check|discover|read`."""

import argparse
import contextlib
import errno
import gc
import io
import logging
import os
import signal
import sys
from collections.abc import Callable
from typing import Any

# Imports and the manifest make a million objects that live as long as the process. By default Python looks through them
# for garbage after every 700 new ones, which is a third of the time of `spec`.
gc.set_threshold(10_000, 20, 20)

from airbyte_cdk.exception_handler import init_uncaught_exception_handler
from airbyte_cdk.logger import PRINT_BUFFER
from airbyte_cdk.models import FailureType
from airbyte_cdk.utils.traced_exception import AirbyteTracedException

from source_tiktok_organic.components.exceptions import config_error
from source_tiktok_organic.source import SourceTiktokOrganic, TiktokOrganicEntrypoint, without_traceback

# Seconds for which a thread keeps the interpreter to itself while others wait. The workers and the printing thread hand
# each record on, and at Python's 0.005 a third of the CPU time goes into the handing over.
SWITCH_INTERVAL = 0.05
# Lines of the CDK: the wrong reason of a wait, and four lines for each file.
NEEDLESS = (
    "UserDefinedBackoffException: Rate limit exceeded",
    "File uploaded",
    "File url",
    "File size",
    "File relative",
)


class PlainLog(logging.Filter):
    """Lets the traceback of a failure through once: a failure may stop hundreds of slices of a stream.

    The CDK says "Rate limit exceeded" before every wait, whatever it waits for. TikTokErrorHandler says what is so. Of
    each file it says four things; the record says where the file is.
    """

    def __init__(self) -> None:
        super().__init__()
        self._said: set[tuple[str, str]] = set()

    def filter(self, record: logging.LogRecord) -> bool:
        """Whether a line of the log is needed."""
        if not record.exc_info:
            return not record.getMessage().startswith(NEEDLESS)
        failure = (record.getMessage(), str(record.exc_info[1]))
        is_new = failure not in self._said
        self._said.add(failure)
        return is_new


def run() -> None:
    """Run the verb of the command line and print Airbyte messages to standard output."""
    sys.setswitchinterval(SWITCH_INTERVAL)
    # Without it Python would wait for the workers first.
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            # Airbyte messages are UTF-8 whatever the machine's own encoding is.
            stream.reconfigure(encoding="utf-8")
    # Where the reader is gone, a line of the log would print a traceback before `end_at_once` says so in a sentence.
    logging.raiseExceptions = False
    init_uncaught_exception_handler(logging.getLogger("airbyte"))
    # Somebody who gives no command wants to know what there is.
    arguments = TiktokOrganicEntrypoint.parse_args(sys.argv[1:] or ["--help"])
    try:
        run_verb(arguments)
    except AirbyteTracedException as failure:
        if failure.failure_type != FailureType.config_error:
            raise
        # The sentence is for the user. A traceback would say nothing about the config.
        print(f"{without_traceback(failure)}\n", end="")
        sys.exit(1)


def run_verb(arguments: argparse.Namespace) -> None:
    """Print the messages of one verb; a config error where what the user gave can't be used."""
    source = SourceTiktokOrganic(
        catalog=_content_of(
            getattr(arguments, "catalog", None),
            SourceTiktokOrganic.read_catalog,
            "`python -m source_tiktok_organic.catalog` makes a catalog of what `discover` prints.",
        ),
        config=_content_of(getattr(arguments, "config", None), SourceTiktokOrganic.read_config),
        state=_content_of(
            getattr(arguments, "state", None),
            SourceTiktokOrganic.read_state,
            "`[]` is the state of a first sync; `python -m source_tiktok_organic.keep` stores the later ones.",
        ),
    )
    entrypoint = TiktokOrganicEntrypoint(source)
    for handler in logging.getLogger().handlers:
        handler.addFilter(PlainLog())
    try:
        with PRINT_BUFFER:
            for message in entrypoint.run(arguments):
                print(f"{message}\n", end="")
    except OSError as error:
        # The workers would wait for a reader that is gone, or for room on a full disk.
        end_at_once(error)


def end_at_once(error: OSError) -> None:
    """End the process although its threads still work; raise what is no trouble of standard output."""
    if error.errno not in (errno.EPIPE, errno.ENOSPC, errno.EIO):
        raise error
    with contextlib.suppress(OSError):
        os.write(2, f"Standard output can't be written any more ({error.strerror}), so the connector ends.\n".encode())
    os._exit(1)


def _content_of(path: str | None, read: Callable[[str], Any], hint: str = "") -> Any:
    """What is in a file of the command line, or None where none is named; a config error where it can't be read."""
    if not path:
        return None
    try:
        return read(path)
    except OSError as error:
        raise config_error(
            f"The file {path} cannot be read ({error.strerror}). Check its name, and that the user who runs this may "
            "read it; in the image that is the user 1000."
        ) from None
    except (AttributeError, TypeError, ValueError) as error:
        what = str(error).strip().removesuffix(" Please ensure that it is a valid JSON.")
        raise config_error(f"The file {path} is not what it should be. {what} {hint}".strip()) from None


if __name__ == "__main__":
    run()
