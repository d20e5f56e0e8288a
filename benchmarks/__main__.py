"""Measure a sync beside its alternatives on the emulator and write `results.md`; `make benchmark` runs it.

CPU seconds and memory are the kernel's own figures for the process. Start-up is what `discover` of the same source
costs, or the imports of the bare loop, and is subtracted.
"""

import json
import os
import platform
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from statistics import median
from typing import Any

import requests
import yaml

from integration_tests.connector import COMMAND, COMMENT_STREAMS, STREAMS, configured_catalog, granted, token_config

HERE = Path(__file__).parent
NO_LIMITS = ["account_endpoint_qpm=0", "app_qpm=0", "app_qps=0"]
ROUNDS = 2
START_UP_ROUNDS = 9
ONE_STREAM = [sys.executable, "-m", "benchmarks.one_stream"]
VARIANTS = [sys.executable, "-m", "benchmarks.variants"]


@dataclass
class Cost:
    """What one process cost."""

    cpu_seconds: float
    peak_megabytes: float
    wall_seconds: float


@dataclass
class Emulator:
    """An emulator in a process of its own."""

    url: str

    def config(self, **settings: Any) -> dict[str, Any]:
        """A config with a static access token, at no pace unless one is given."""
        return token_config(self, **{"requests_per_minute": 60000, "num_workers": 8, **settings})

    def config_of_all_accounts(self, **settings: Any) -> dict[str, Any]:
        """The same for all accounts that it serves."""
        accounts = requests.get(f"{self.url}/_emulator/accounts", timeout=10).json()
        more = [
            {
                "business_id": account["open_id"],
                "access_token": granted(self, account["open_id"])["access_token"],
            }
            for account in accounts[1:]
        ]
        return self.config(additional_accounts=more, **settings)

    def calls(self) -> dict[str, dict[str, int]]:
        """The calls since the last time this was asked."""
        summary: dict[str, dict[str, int]] = requests.get(f"{self.url}/_emulator/calls/summary", timeout=10).json()
        requests.delete(f"{self.url}/_emulator/calls", timeout=10)
        return summary


@contextmanager
def emulator(posts: int, knobs: Sequence[str], account: Sequence[str] = ()) -> Iterator[Emulator]:
    """Serve an account of `posts` posts."""
    options = ["--port", "0", "--posts", str(posts), *account]
    for knob in ["hidden_post_rate=0", *knobs]:
        options += ["--knob", knob]
    command = [sys.executable, "-m", "integration_tests.emulator", *options]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout
        try:
            yield Emulator(process.stdout.readline().split()[-1])
        finally:
            process.terminate()


def run(command: Sequence[str], output: Path) -> Cost:
    """Run `command` to its end with its output in a file."""
    began = time.perf_counter()
    with output.open("wb") as file:
        process = subprocess.Popen(command, stdout=file)
        _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise RuntimeError(f"{' '.join(command)} ended with {process.returncode}; see {output}")
    return Cost(usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024, time.perf_counter() - began)


def rows_in(output: Path) -> int:
    """How many records a run printed."""
    with output.open("rb") as lines:
        return sum(line.startswith(b'{"type":"RECORD"') for line in lines)


@dataclass
class Files:
    """The inputs and outputs of the runs."""

    folder: Path

    def write(self, name: str, content: Any) -> str:
        """Write a JSON file and return its path."""
        path = self.folder / name
        path.write_text(json.dumps(content))
        return str(path)

    def catalog(self) -> str:
        """All streams but those of comments, as far as the stock components have them too."""
        stock = yaml.safe_load((HERE / "stock_manifest.yaml").read_text())
        there = {stream.get("name") or stream["$ref"].rpartition("/")[2] for stream in stock["streams"]}
        return self.write("catalog.json", configured_catalog([name for name in STREAMS if name in there]))


def compare(files: Files) -> list[str]:
    """The table of the connector, the stock components, the CDK's floor and the bare loop."""
    lines = [
        "| variant | calls | rows | CPU s | start-up CPU s | rows per CPU s | peak MB |",
        "| --- | ---: | ---: | ---: | ---: | ---: | ---: |",
    ]
    catalog = files.catalog()
    with emulator(1000, [*NO_LIMITS, "retention_seconds=30"]) as tiktok:
        config = files.write("config.json", tiktok.config())
        connector_output = files.folder / "connector.jsonl"
        source = ["--config", config]
        read = ["read", *source, "--catalog", catalog]
        variants = {
            "this connector": ([COMMAND, *read], [COMMAND, "discover", *source]),
            "CDK's floor: finished rows": (
                [*VARIANTS, "floor", str(connector_output), *read],
                [*VARIANTS, "floor", str(connector_output), "discover", *source],
            ),
            "stock YAML components": ([*VARIANTS, "stock", *read], [*VARIANTS, "stock", "discover", *source]),
            "bare loop over the posts": ([*VARIANTS, "loop", config], [*VARIANTS, "loop"]),
        }
        idle: dict[str, list[Cost]] = {name: [] for name in variants}
        costs: dict[str, list[Cost]] = {name: [] for name in variants}
        calls: dict[str, int] = {}
        rows: dict[str, int] = {}
        # Round by round, so that a slow minute of the machine is everybody's.
        for _ in range(ROUNDS):
            for name, (command, start_up) in variants.items():
                output = connector_output if name == "this connector" else files.folder / "output.jsonl"
                idle[name].append(run(start_up, files.folder / "start_up.jsonl"))
                tiktok.calls()
                costs[name].append(run(command, output))
                calls[name] = sum(counts["total"] for counts in tiktok.calls().values())
                rows[name] = rows_in(output)
        for name in variants:
            start = min(cost.cpu_seconds for cost in idle[name])
            busy = min(cost.cpu_seconds for cost in costs[name]) - start
            peak = max(cost.peak_megabytes for cost in costs[name])
            lines.append(
                f"| {name} | {calls[name]} | {rows[name]:,} | {busy:.1f} | {start:.1f} | {rows[name] / busy:,.0f} "
                f"| {peak:.0f} |"
            )
            print(lines[-1], flush=True)
    return lines


def start_up(files: Files) -> list[str]:
    """The table of `spec` and `check` beside those of a manifest of one stream."""
    lines = [
        "| verb | this connector, CPU s | a manifest of one stream, CPU s | ratio |",
        "| --- | ---: | ---: | ---: |",
    ]
    with emulator(20, NO_LIMITS) as tiktok:
        for verb in (["spec"], ["check", "--config", files.write("config.json", tiktok.config())]):
            commands = [[COMMAND, *verb], [*ONE_STREAM, *verb]]
            output = files.folder / "start_up.jsonl"
            rounds = [[run(command, output).cpu_seconds for command in commands] for _ in range(START_UP_ROUNDS)]
            ours, small = map(median, zip(*rounds, strict=True))
            lines.append(f"| `{verb[0]}` | {ours:.2f} | {small:.2f} | {ours / small:.2f} |")
            print(lines[-1], flush=True)
    return lines


def memory(files: Files) -> list[str]:
    """The table of peak memory for few and for many posts."""
    lines = ["| posts | rows | peak MB |", "| ---: | ---: | ---: |"]
    for posts in (500, 20_000):
        with emulator(posts, [*NO_LIMITS, "retention_seconds=3"]) as tiktok:
            config = files.write("config.json", tiktok.config())
            output = files.folder / "output.jsonl"
            cost = run([COMMAND, "read", "--config", config, "--catalog", files.catalog()], output)
            lines.append(f"| {posts:,} | {rows_in(output):,} | {cost.peak_megabytes:.0f} |")
            print(lines[-1], flush=True)
    return lines


def comments(files: Files) -> list[str]:
    """The table of first syncs of comments and replies, and of one before which ten posts of the thousand changed."""
    lines = [
        "| sync | posts | comment/list | reply/list | rows | CPU s | peak MB | state KB |",
        "| --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: |",
    ]
    catalog = files.write("comments.json", configured_catalog(COMMENT_STREAMS))

    def sync(name: str, posts: int, tiktok: Emulator, state: list[Any]) -> list[dict[str, Any]]:
        config = files.write("config.json", tiktok.config(video_lookback_days=0))
        output = files.folder / "output.jsonl"
        options = ["--config", config, "--catalog", catalog, "--state", files.write("state.json", state)]
        tiktok.calls()
        cost = run([COMMAND, "read", *options], output)
        calls = tiktok.calls()
        kept = last_states(output)
        listed, replies = (calls[f"business/comment/{path}"]["total"] for path in ("list/", "reply/list/"))
        lines.append(
            f"| {name} | {posts:,} | {listed:,} | {replies:,} | {rows_in(output):,} | {cost.cpu_seconds:.0f} "
            f"| {cost.peak_megabytes:.0f} | {len(json.dumps(kept)) / 1000:.0f} |"
        )
        print(lines[-1], flush=True)
        return kept

    with emulator(1_000, NO_LIMITS, ["--comments", "12"]) as tiktok:
        state = sync("first", 1_000, tiktok, [])
        for stream in state:
            for counts in stream["stream"]["stream_state"]["parent_state"]["comments"].values():
                for video_id in list(counts)[100:1000:90][:10]:
                    counts[video_id] -= 1
        sync("ten posts changed", 1_000, tiktok, state)
    with emulator(10_000, NO_LIMITS, ["--comments", "12"]) as tiktok:
        sync("first", 10_000, tiktok, [])
    return lines


def last_states(output: Path) -> list[dict[str, Any]]:
    """The last state of each stream, as the next sync gets it."""
    states: dict[str, dict[str, Any]] = {}
    with output.open("rb") as lines:
        for line in lines:
            if line.startswith(b'{"type":"STATE"'):
                stream = json.loads(line)["state"]["stream"]
                states[stream["stream_descriptor"]["name"]] = {"type": "STREAM", "stream": stream}
    return list(states.values())


def pacing(files: Files) -> list[str]:
    """The table of a sync at TikTok's pace, with the emulator enforcing TikTok's limits."""
    lines = ["| posts | calls of video/list | refused | seconds |", "| ---: | ---: | ---: | ---: |"]
    with emulator(1100, []) as tiktok:
        config = files.write("config.json", tiktok.config(requests_per_minute=40))
        output = files.folder / "output.jsonl"
        cost = run([COMMAND, "read", "--config", config, "--catalog", files.catalog()], output)
        calls = tiktok.calls()
        refused = sum(counts["refused"] for counts in calls.values())
        lines.append(f"| 1,100 | {calls['business/video/list/']['total']} | {refused} | {cost.wall_seconds:.0f} |")
        print(lines[-1], flush=True)
    return lines


# What TikTok lets an account do, and an app by its level: calls a second and a minute (docs/tiktok-api.md A5).
CALLS_PER_MINUTE_OF_AN_ENDPOINT = 40
LEVELS = {"basic": (10, 600), "advanced": (20, 1000), "premium": (30, 1000), "ultimate": (50, 1000)}


def accounts(files: Files) -> list[str]:
    """The table of syncs of several accounts at TikTok's pace, beside the least time that its limits allow."""
    lines = [
        "| accounts | posts of each | level | calls | refused | seconds | least possible | rows | CPU s | peak MB |",
        "| ---: | ---: | --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: |",
    ]
    few = [(number, posts, "basic") for number, posts in ((1, 200), (10, 200), (1, 1_000), (10, 1_000))]
    for number, posts, level in [
        *few,
        *((30, 200, level) for level in LEVELS),
        (30, 1_000, "basic"),
        (30, 1_000, "advanced"),
    ]:
        a_second, a_minute = LEVELS[level]
        knobs = ["retention_seconds=3", f"app_qps={a_second}", f"app_qpm={a_minute}"]
        with emulator(posts, knobs, ["--accounts", str(number)]) as tiktok:
            settings = tiktok.config_of_all_accounts(requests_per_minute=40, app_level=level)
            config = files.write("config.json", settings)
            output = files.folder / "output.jsonl"
            cost = run([COMMAND, "read", "--config", config, "--catalog", files.catalog()], output)
            calls = tiktok.calls()
        total = sum(counts["total"] for counts in calls.values())
        refused = sum(counts["refused"] for counts in calls.values())
        pages = calls["business/video/list/"]["total"] // number
        # The last call of an endpoint has to wait for the minutes before it to pass, and that of the app for seconds.
        minutes = (pages - 1) // CALLS_PER_MINUTE_OF_AN_ENDPOINT
        full_minutes = (total - 1) // a_minute
        least = max(60 * minutes, 60 * full_minutes + (total - full_minutes * a_minute - 1) // a_second)
        lines.append(
            f"| {number} | {posts:,} | {level} | {total} | {refused} | {cost.wall_seconds:.0f} | {least} "
            f"| {rows_in(output):,} | {cost.cpu_seconds:.0f} | {cost.peak_megabytes:.0f} |"
        )
        print(lines[-1], flush=True)
    return lines


def main() -> None:
    """Measure and write the tables."""
    with tempfile.TemporaryDirectory() as folder:
        files = Files(Path(folder))
        sections = [
            f"# Results\n\nWritten by `make benchmark` on {datetime.now(UTC):%Y-%m-%d}: {os.cpu_count()} cores, "
            f"Python {platform.python_version()}, airbyte-cdk {version('airbyte-cdk')}.",
            "## All streams but comments, 1,000 posts, 30 seconds of retention\n\n"
            f"The cheapest of {ROUNDS} rounds.\n\n" + "\n".join(compare(files)),
            "## Start-up\n\n"
            f"Medians of {START_UP_ROUNDS} rounds in turn. Both leave garbage alone during the imports.\n\n"
            + "\n".join(start_up(files)),
            "## Memory\n\n" + "\n".join(memory(files)),
            "## Comments and replies, twelve comments a post\n\n"
            "Posts younger than 48 hours are asked in every sync.\n\n" + "\n".join(comments(files)),
            "## At TikTok's 40 calls a minute\n\n" + "\n".join(pacing(files)),
            "## Several accounts in one connection, at TikTok's pace\n\n"
            "All streams but comments. The least possible is what TikTok's limits leave: 40 calls a minute for an "
            "account and endpoint,\nand the calls a second and a minute of an app of that level. The seconds have the "
            "start-up in them.\n\n" + "\n".join(accounts(files)),
        ]
    (HERE / "results.md").write_text("\n\n".join(sections) + "\n")


if __name__ == "__main__":
    main()
