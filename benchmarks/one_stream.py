"""A source of one stream in stock components: `python -m benchmarks.one_stream spec|check …` is what the CDK costs."""

import gc
import sys
from pathlib import Path


def main() -> None:
    """Run the verb of the command line."""
    # As the connector's command does, before the imports.
    gc.set_threshold(10_000, 20, 20)
    from airbyte_cdk.entrypoint import AirbyteEntrypoint, launch
    from airbyte_cdk.sources.declarative.yaml_declarative_source import YamlDeclarativeSource

    arguments = sys.argv[1:]
    parsed = AirbyteEntrypoint.parse_args(arguments)
    config = YamlDeclarativeSource.read_config(parsed.config) if hasattr(parsed, "config") else None
    manifest = str(Path(__file__).with_name("one_stream_manifest.yaml"))
    launch(YamlDeclarativeSource(manifest, catalog=None, config=config, state=None), arguments)


if __name__ == "__main__":
    main()
