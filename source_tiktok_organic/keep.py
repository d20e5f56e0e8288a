"""Stores the newest tokens, and the state, while the connector's output passes through.

    source-tiktok-organic read --config config.json --catalog catalog.json --state state.json |
        python -m source_tiktok_organic.keep config.json state.json >> records.jsonl

TikTok may end a refresh token when it is used, so the config of one run may be useless for the next. The connector
prints the new config before it uses a new token. This filter writes it into the file before it reads on.

Warnings, failures and the progress of a long sync are repeated on standard error, for whoever waits for the file.
"""

import argparse
import json
import os
import sys
import tempfile
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

# The CDK's summary of failures that were said before, with parts of Python's.
SUMMARY = "During the sync, the following streams did not sync successfully"


def main() -> None:
    """Copy standard input to standard output, and store what is in the CONNECTOR_CONFIG and STATE messages."""
    parser = argparse.ArgumentParser(
        prog="python -m source_tiktok_organic.keep",
        description="Pass the connector's messages on. Store each new config, and the state if a file is named.",
    )
    parser.add_argument("config", type=Path, help="the file that `--config` names")
    parser.add_argument("state", type=Path, nargs="?", help="the file that `--state` names; it may be missing")
    arguments = parser.parse_args()
    try:
        require_json(arguments.config, dict)
        state = require_json(arguments.state, list) if arguments.state and arguments.state.exists() else []
        is_read_elsewhere = not sys.stdout.isatty()
        for line in kept(sys.stdin.buffer, arguments.config, arguments.state, state):
            sys.stdout.buffer.write(line)
            sentence = sentence_in(line) if is_read_elsewhere else ""
            if sentence:
                print(sentence, file=sys.stderr)
        sys.stdout.buffer.flush()
    except BrokenPipeError:
        # The reader went away. The connector ends when it prints the next message.
        os._exit(1)
    except KeyboardInterrupt:
        sys.exit(130)
    except OSError as error:
        sys.exit(
            f"{error.filename or 'Standard output'} can't be used ({error.strerror}). The newest config may not be "
            "stored: sign in again if the next run says that TikTok does not accept the sign-in."
        )


def require_json(path: Path, kind: type) -> Any:
    """What is in a file that will be replaced; the end with a sentence where it is not what it should be."""
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        sys.exit(f"There is no {path}. Name the file that the connector's --config names.")
    except ValueError:
        content = None
    if not isinstance(content, kind):
        sys.exit(f"{path} is not what the connector was given: name the files of its command line.")
    if not os.access(path.resolve().parent, os.W_OK):
        sys.exit(f"{path} can't be replaced, because its folder may not be written to. Move it to a folder of yours.")
    return content


def kept(lines: Iterable[bytes], config: Path, state: Path | None, states: list[Any]) -> Iterator[bytes]:
    """The same lines, each when what it says is stored.

    In:  `{"type": "CONTROL", "control": {"connectorConfig": {"config": {…}}, "type": "CONNECTOR_CONFIG", …}}`
    Out: the line, when `config` holds what is in it

    A state stands for the records before it, so these are written out first. A last line without an end is no message:
    the connector was killed while it wrote it. It is left out.
    """
    newest = {entry["stream"]["stream_descriptor"]["name"]: entry for entry in states}
    for line in lines:
        if not line.endswith(b"\n"):
            print("The connector's output ends inside of a message, so this message is left out.", file=sys.stderr)
            return
        # Most lines are records, and to parse each would take longer than to read it from TikTok.
        message = message_of(line) if b'"CONTROL"' in line or b'"STATE"' in line else {}
        if message.get("type") == "CONTROL" and message["control"]["type"] == "CONNECTOR_CONFIG":
            replace(config, message["control"]["connectorConfig"]["config"])
        yield line
        if state and message.get("type") == "STATE":
            sys.stdout.buffer.flush()
            stream = message["state"]["stream"]
            newest[stream["stream_descriptor"]["name"]] = {"type": "STREAM", "stream": stream}
            replace(state, list(newest.values()))


def message_of(line: bytes) -> dict[str, Any]:
    """The message in a line, empty where it is something else, such as a warning of Python's."""
    try:
        message = json.loads(line)
    except ValueError:
        return {}
    return message if isinstance(message, dict) else {}


def sentence_in(line: bytes) -> str:
    """What somebody who waits must see of a message, or nothing.

    In:  `{"type": "LOG", "log": {"level": "INFO", "message": "Read so far: 1,000 posts, 0 comments and replies."}}`
    Out: "Read so far: 1,000 posts, 0 comments and replies."

    A log of level ERROR is a traceback or a whole response. The TRACE message that follows it has the sentence.
    """
    message = message_of(line) if b'"LOG"' in line or b'"TRACE"' in line else {}
    if message.get("type") == "LOG":
        text = str(message["log"]["message"]).partition("\n")[0]
        is_progress = text.startswith("Read so far: ") or text.endswith(" seconds, then trying again.")
        return text if is_progress or message["log"]["level"] in ("WARN", "FATAL") else ""
    if message.get("type") == "TRACE" and message["trace"]["type"] == "ERROR":
        error = message["trace"]["error"]
        text = str(error["message"])
        stream = (error.get("stream_descriptor") or {}).get("name")
        return "" if text.startswith(SUMMARY) else f"{stream}: {text}" if stream else text
    return ""


def replace(path: Path, content: Any) -> None:
    """Write a JSON file of mode 600 as a whole: whoever is killed leaves the old one or the new one."""
    path = path.resolve()
    descriptor, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    try:
        with open(descriptor, "w", encoding="utf-8") as file:
            json.dump(content, file, indent=2, ensure_ascii=False)
            file.write("\n")
            file.flush()
            os.fsync(file.fileno())
        os.replace(name, path)
    except BaseException:
        os.unlink(name)
        raise
    folder = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)


if __name__ == "__main__":
    main()
