"""Makes the catalog that `read` wants out of what `discover` prints.

    source-tiktok-organic discover --config config.json | python -m source_tiktok_organic.catalog > catalog.json

With names of streams behind it, the catalog has these streams alone.
"""

import json
import sys
from collections.abc import Iterable, Sequence
from typing import Any


def main() -> None:
    """Read `discover`'s messages from standard input, and print the catalog."""
    names = sys.argv[1:]
    if any(name.startswith("-") for name in names) or sys.stdin.isatty():
        sys.exit(
            "source-tiktok-organic discover --config config.json | python -m source_tiktok_organic.catalog "
            "[stream …] > catalog.json"
        )
    print(json.dumps(configured(discovered(sys.stdin), names), indent=2))


def discovered(lines: Iterable[str]) -> Sequence[dict[str, Any]]:
    """The streams in `discover`'s messages; the end with its own sentence where it failed."""
    errors = ["`discover` printed no catalog. Run it by itself to see why."]
    for line in lines:
        try:
            message = json.loads(line)
        except ValueError:
            continue
        if message["type"] == "CATALOG":
            streams: Sequence[dict[str, Any]] = message["catalog"]["streams"]
            return streams
        if message["type"] == "TRACE" and message["trace"]["type"] == "ERROR":
            errors.append(message["trace"]["error"]["message"])
    sys.exit(errors[-1])


def configured(streams: Sequence[dict[str, Any]], names: Sequence[str]) -> dict[str, Any]:
    """The configured catalog of Airbyte's protocol with the streams of these names, or with all.

    In:  `[{"name": "videos", "supported_sync_modes": ["full_refresh", "incremental"], …}, …]`, `["videos"]`
    Out: `{"streams": [{"stream": {"name": "videos", …}, "sync_mode": "incremental", "destination_sync_mode":
         "append_dedup", …}]}`
    """
    known = [stream["name"] for stream in streams]
    unknown = [name for name in names if name not in known]
    if unknown:
        sys.exit(f"There is no stream {', '.join(unknown)}. These are there: {', '.join(known)}.")
    return {
        "streams": [
            {
                "stream": stream,
                "sync_mode": max(stream["supported_sync_modes"], key=("full_refresh", "incremental").index),
                "destination_sync_mode": "append_dedup",
                "cursor_field": stream.get("default_cursor_field", []),
                "primary_key": stream.get("source_defined_primary_key", []),
            }
            for stream in streams
            if not names or stream["name"] in names
        ]
    }


if __name__ == "__main__":
    main()
