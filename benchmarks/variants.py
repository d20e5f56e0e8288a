"""The sources that the benchmark compares: `python -m benchmarks.variants stock|floor read …`, or `loop CONFIG`."""

import json
import sys
from collections.abc import Iterator, Mapping
from dataclasses import InitVar, dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

import orjson
import requests
import yaml
from airbyte_cdk.entrypoint import AirbyteEntrypoint, launch
from airbyte_cdk.sources.declarative.concurrent_declarative_source import ConcurrentDeclarativeSource
from airbyte_cdk.sources.declarative.extractors.record_extractor import RecordExtractor

import source_tiktok_organic
from source_tiktok_organic import components
from source_tiktok_organic.components.columns import Timestamp
from source_tiktok_organic.run import SWITCH_INTERVAL

HERE = Path(__file__).parent
CONNECTOR_MANIFEST = Path(source_tiktok_organic.__file__).with_name("manifest.yaml")
POSTS_PER_PAGE = 20


def stock_manifest() -> dict[str, Any]:
    """The streams in stock components."""
    manifest: dict[str, Any] = yaml.safe_load((HERE / "stock_manifest.yaml").read_text())
    return manifest


@dataclass
class ReadyRows(RecordExtractor):
    """Yields rows that were finished before the sync began: what is left is the CDK's own work for a row.

    The rows are the connector's own, from the file that `rows` names; each page gets its share of them.
    """

    config: Mapping[str, Any]
    parameters: InitVar[Mapping[str, Any]]
    _pages: Iterator[list[dict[str, Any]]] = field(init=False, repr=False)

    def __post_init__(self, parameters: Mapping[str, Any]) -> None:
        self._pages = iter(ROWS.get(parameters["name"], []))

    def extract_records(self, response: requests.Response) -> Iterator[dict[str, Any]]:
        """The rows of the next page, as they are."""
        yield from next(self._pages, [])


ROWS: dict[str, list[list[dict[str, Any]]]] = {}


def load_rows(path: str) -> None:
    """Read the connector's rows and deal them out to as many pages as the posts have."""
    rows: dict[str, list[dict[str, Any]]] = {}
    with open(path, "rb") as lines:
        for line in lines:
            message = orjson.loads(line)
            if message["type"] == "RECORD":
                row = message["record"]["data"]
                if "create_time" in row:
                    # What the connector's own rows carry, so that the CDK's cursor has the same work.
                    row["create_time"] = Timestamp(_epoch(row["create_time"]))
                rows.setdefault(message["record"]["stream"], []).append(row)
    pages = -(-len(rows["videos"]) // POSTS_PER_PAGE)
    for stream, all_rows in rows.items():
        count = pages if stream.startswith("videos") else 1
        size = -(-len(all_rows) // count)
        ROWS[stream] = [all_rows[start : start + size] for start in range(0, len(all_rows), size)]


def _epoch(text: str) -> int:
    return int(datetime.fromisoformat(text).timestamp())


def floor_manifest() -> dict[str, Any]:
    """The connector's manifest with finished rows in place of extracting, filtering, adding and typing."""
    manifest: dict[str, Any] = yaml.safe_load(CONNECTOR_MANIFEST.read_text())
    definitions = manifest["definitions"]
    ready = {
        "type": "RecordSelector",
        "extractor": {"type": "CustomRecordExtractor", "class_name": "benchmarks.variants.ReadyRows"},
    }
    kinds = [definitions["account_breakdown"], definitions["posts"], definitions["post_breakdown"]]
    for stream in [*kinds, *(stream for group in manifest["streams"] for stream in group["streams"])]:
        if "transformations" in stream:
            stream["transformations"] = []
        if "record_selector" in stream.get("retriever", {}):
            stream["retriever"]["record_selector"] = ready
    return manifest


def bare_loop(config: Mapping[str, Any]) -> None:
    """Requests, orjson and print: the rows of the post streams with nothing around them."""
    credentials = config["credentials"]
    fields = yaml.safe_load(CONNECTOR_MANIFEST.read_text())["definitions"]["fields"]["post"]
    names = [name for scope_fields in fields.values() for name in scope_fields]
    session = requests.Session()
    session.headers["Access-Token"] = credentials["access_token"]
    params = {"business_id": credentials["business_id"], "fields": json.dumps(names), "max_count": "20"}
    breakdowns = [name for name in names if name.startswith("audience_")]
    breakdowns += ["impression_sources", "video_view_retention", "engagement_likes"]
    while True:
        answer = session.get(f"{config['api_url']}/open_api/v1.3/business/video/list/", params=params, timeout=60)
        data = orjson.loads(answer.content)["data"]
        for post in data["videos"]:
            key = {"item_id": post["item_id"], "create_time": Timestamp(int(post["create_time"]))}
            _print("videos", {name: value for name, value in post.items() if name not in breakdowns} | key)
            for breakdown in breakdowns:
                for element in post.get(breakdown) or []:
                    _print(
                        f"videos_{breakdown}", key | {f"{breakdown}_{name}": value for name, value in element.items()}
                    )
        if not data["has_more"]:
            return
        params["cursor"] = str(data["cursor"])


def _print(stream: str, row: Mapping[str, Any]) -> None:
    message = {"type": "RECORD", "record": {"stream": stream, "data": row, "emitted_at": 0}}
    sys.stdout.write(orjson.dumps(message).decode() + "\n")


def main() -> None:
    """Run one of the variants."""
    sys.setswitchinterval(SWITCH_INTERVAL)
    variant, *arguments = sys.argv[1:]
    if variant == "loop":
        if arguments:
            bare_loop(json.loads(Path(arguments[0]).read_text()))
        return
    if variant == "floor":
        # The manifest names this file as a module, which is another one than the script that runs.
        from benchmarks import variants

        variants.load_rows(arguments.pop(0))
        sys.modules["source_declarative_manifest.components"] = components
    parsed = AirbyteEntrypoint.parse_args(arguments)
    source = ConcurrentDeclarativeSource(
        catalog=ConcurrentDeclarativeSource.read_catalog(parsed.catalog) if hasattr(parsed, "catalog") else None,
        config=ConcurrentDeclarativeSource.read_config(parsed.config),
        state=[],
        source_config=stock_manifest() if variant == "stock" else floor_manifest(),
    )
    launch(source, arguments)


if __name__ == "__main__":
    main()
