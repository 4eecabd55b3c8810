"""Runs source-revops as a host does, and returns its messages. Checks every line of every run
against the protocol, and that the output does not hold the key."""

import json
import os
import subprocess
import tempfile
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import quote, quote_plus

import protocol

BIN = Path(os.environ["AIRBYTE_TEST_BIN"])
SOURCE = BIN / "source-revops"
TAP = BIN / "tap-revops"

# The sandbox's default key.
KEY = "sk-apik_sandbox.local-only"

# Every run of these tests ends within some seconds.
TIMEOUT_SECONDS = 120

# A time after all records of both APIs, and a later one at which some have changed.
EARLIER = "2026-07-01T00:10:00Z"
LATER = "2026-07-01T00:20:00Z"


def form(api: str, options: str = "", *, clock: str | None = EARLIER, **settings) -> dict:
    """A configuration as the form makes it, for the sandbox with these options."""
    parts = [part for part in [options, clock and f"clock={clock}"] if part]
    own = {"name": api, "api_key": KEY, "base_url": "sandbox:?" + "&".join(parts)}
    for key in ("api_key", "base_url", "record_types", "links", "expand", "streams"):
        if key in settings:
            own[key] = settings.pop(key)
    return {"api": own, **settings}


@dataclass
class Run:
    """The messages and the exit status of one run of the connector."""

    status: int
    messages: list[dict] = field(repr=False)
    stdout: bytes = field(repr=False)

    def of(self, kind: str) -> list[dict]:
        """The contents of all messages of one type."""
        member = protocol.MEMBERS[kind]
        return [message[member] for message in self.messages if message["type"] == kind]

    @property
    def catalog(self) -> list[dict]:
        (catalog,) = self.of("CATALOG")
        return catalog["streams"]

    @property
    def outcome(self) -> dict:
        (outcome,) = self.of("CONNECTION_STATUS")
        return outcome

    @property
    def errors(self) -> list[dict]:
        return [trace["error"] for trace in self.of("TRACE") if trace["type"] == "ERROR"]

    @property
    def logged(self) -> str:
        return "\n".join(f"{log['level']} {log['message']}" for log in self.of("LOG"))

    def records(self, stream: str) -> list[dict]:
        return [record["data"] for record in self.of("RECORD") if record["stream"] == stream]

    def sorted(self, stream: str) -> list[dict]:
        """The records in one order: the windows of a stream arrive in any."""
        return sorted(self.records(stream), key=lambda record: record["id"])

    def statuses(self, stream: str) -> list[str]:
        return [status["status"] for status in self.status_traces(stream)]

    def status_traces(self, stream: str) -> list[dict]:
        traces = [trace for trace in self.of("TRACE") if trace["type"] == "STREAM_STATUS"]
        statuses = [trace["stream_status"] for trace in traces]
        return [one for one in statuses if one["stream_descriptor"] == {"name": stream}]

    def states(self, stream: str) -> list[dict]:
        named = {"name": stream}
        return [one for one in self.of("STATE") if one["stream"]["stream_descriptor"] == named]

    @property
    def state_messages(self) -> list[dict]:
        """The messages that a host keeps and passes to the next run."""
        return self.of("STATE")


def secrets(config) -> set[str]:
    """The key of a configuration and its secret half, in every encoding that output could use."""
    if not isinstance(config, dict):
        return set()
    own = config["api"] if isinstance(config.get("api"), dict) else config
    key = own.get("api_key")
    if not isinstance(key, str) or len(key) < 6:
        return set()
    # The part of AskElephant's keys after the point is the secret half.
    parts = {key, key.rsplit(".", 1)[-1]}
    escapes = [str, quote, quote_plus, lambda part: quote(part, safe=""), json_text, repr_text]
    forms = {escape(part) for part in parts for escape in escapes}
    return {form for form in forms if len(form) >= 6}


def json_text(text: str) -> str:
    return json.dumps(text)[1:-1]


def repr_text(text: str) -> str:
    return repr(text)[1:-1]


def assert_key_hidden(output: bytes, config) -> None:
    text = output.decode("utf-8", "replace")
    # A text in a line may be escaped twice, so search both forms.
    unescaped = text.replace("\\\\", "\\").replace('\\"', '"')
    for secret in secrets(config):
        assert secret not in text and secret not in unescaped, "the key is in the output"


def run(verb: str, config=None, catalog=None, state=None) -> Run:
    """Runs one verb. Writes the arguments to files; those that are not text, as JSON."""
    with tempfile.TemporaryDirectory() as folder:
        arguments = [verb]
        for flag, content in [("config", config), ("catalog", catalog), ("state", state)]:
            if content is None:
                continue
            path = Path(folder) / f"{flag}.json"
            path.write_text(content if isinstance(content, str) else json.dumps(content))
            arguments += [f"--{flag}", str(path)]
        return execute(arguments, config)


def execute(arguments: list[str], config=None) -> Run:
    """Runs the connector with these arguments. Stderr must stay empty: the platform shows each of
    its lines as an error."""
    done = subprocess.run([SOURCE, *arguments], capture_output=True, timeout=TIMEOUT_SECONDS, cwd="/")
    assert_key_hidden(done.stdout + done.stderr, config)
    assert done.stderr == b"", done.stderr.decode()
    messages = [protocol.message(line) for line in done.stdout.splitlines(keepends=True)]
    return Run(done.returncode, messages, done.stdout)


def discover(config: dict) -> list[dict]:
    found = run("discover", config)
    assert found.status == 0, found.errors
    return found.catalog


def configured(streams: list[dict], sync_mode: str = "incremental", names=None) -> dict:
    """A configured catalog of discovered streams, all or those named."""
    chosen = [stream for stream in streams if names is None or stream["name"] in names]
    assert names is None or len(chosen) == len(names)
    return {"streams": [configured_stream(stream, sync_mode) for stream in chosen]}


def configured_stream(stream: dict, sync_mode: str) -> dict:
    return {
        "stream": stream,
        "sync_mode": sync_mode,
        "destination_sync_mode": "append_dedup",
        "cursor_field": stream.get("default_cursor_field", []),
        "primary_key": stream["source_defined_primary_key"],
        "generation_id": 1,
        "minimum_generation_id": 1,
        "sync_id": 1,
    }


def read(config: dict, catalog: dict, state=None) -> Run:
    """A read that must succeed."""
    done = run("read", config, catalog, state)
    assert (done.status, done.errors) == (0, [])
    return done


def is_child(stream: dict) -> bool:
    """Whether a stream is read by requests for each record of another."""
    return "__" in stream["name"] or stream["name"] == "transcript_timelines"


def version_of(record: dict) -> tuple[str, str]:
    return record["id"], record["updated_at"]
