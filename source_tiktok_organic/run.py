"""The command `source-tiktok-organic spec|check|discover|read`."""

import sys

from airbyte_cdk.logger import PRINT_BUFFER

from source_tiktok_organic.source import SourceTiktokOrganic, TiktokOrganicEntrypoint

# Seconds for which a thread keeps the interpreter to itself while others wait. The workers and the printing thread hand
# each row on, and at Python's 0.005 a third of the CPU time goes into the handing over.
SWITCH_INTERVAL = 0.05


def run() -> None:
    """Run the verb of the command line and print Airbyte messages to standard output."""
    sys.setswitchinterval(SWITCH_INTERVAL)
    arguments = TiktokOrganicEntrypoint.parse_args(sys.argv[1:])
    source = SourceTiktokOrganic(
        catalog=SourceTiktokOrganic.read_catalog(arguments.catalog) if hasattr(arguments, "catalog") else None,
        config=SourceTiktokOrganic.read_config(arguments.config) if hasattr(arguments, "config") else None,
        state=SourceTiktokOrganic.read_state(arguments.state) if getattr(arguments, "state", None) else None,
    )
    entrypoint = TiktokOrganicEntrypoint(source)
    with PRINT_BUFFER:
        for message in entrypoint.run(arguments):
            print(f"{message}\n", end="")


if __name__ == "__main__":
    run()
