"""The tap under test: runs the executable, and reads its messages."""

import gzip
import json
import os
import subprocess
from dataclasses import dataclass, field
from datetime import datetime, timezone
from decimal import Decimal
from pathlib import Path

TAP = os.environ["TAP"]

# The user's own settings must not reach the tap.
ENVIRONMENT = {name: value for name, value in os.environ.items() if not name.startswith("TAP_REVOPS_")}


def printed(*arguments):
    """The output of the tap, which must succeed."""
    finished = subprocess.run([TAP, *arguments], env=ENVIRONMENT, capture_output=True, text=True)
    if finished.returncode != 0:
        raise AssertionError(f"tap-revops {' '.join(arguments)} ended with {finished.returncode}: {finished.stderr.strip()}")
    return finished.stdout


@dataclass
class Emitted:
    """The messages of one run, by stream."""

    schemas: dict = field(default_factory=dict)
    records: dict = field(default_factory=dict)
    state: dict | None = None

    @property
    def counts(self):
        return {stream: len(records) for stream, records in self.records.items()}

    @property
    def total(self):
        return sum(self.counts.values())

    def ids(self, stream):
        return [record["id"] for record in self.records[stream]]

    def properties(self, stream):
        return self.schemas[stream]["properties"]


def batched(message):
    """The records of a message's files."""
    for address in message["manifest"]:
        path = Path(address.removeprefix("file://"))
        with gzip.open(path, "rt") if path.suffix == ".gz" else path.open() as lines:
            yield from (json.loads(line, parse_float=Decimal) for line in lines)


def read_messages(path: Path) -> Emitted:
    """Reads a run's output. Fails if a stream has a record before its schema. Numbers keep their digits."""
    emitted = Emitted()
    with path.open(encoding="utf-8", newline="\n") as lines:
        for line in lines:
            message = json.loads(line, parse_float=Decimal)
            match message["type"]:
                case "SCHEMA":
                    assert message["stream"] not in emitted.schemas, f"a second schema of {message['stream']}"
                    emitted.schemas[message["stream"]] = message["schema"]
                    emitted.records[message["stream"]] = []
                case "BATCH":
                    emitted.records[message["stream"]] += batched(message)
                case "RECORD":
                    emitted.records[message["stream"]].append(message["record"])
                case "STATE":
                    emitted.state = message["value"]
                case other:
                    raise AssertionError(f"a message of type {other}")
    return emitted


def instant(text):
    """An instant in UTC without a time zone, as databases store it."""
    return datetime.fromisoformat(text).astimezone(timezone.utc).replace(tzinfo=None)
