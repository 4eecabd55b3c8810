"""PyAirbyte as a host, offline: a first read, a change of the data, and a second, into its own cache.
What is in the tables then is compared with what the API says, asked by other means."""

import json
import shlex
import subprocess
import sys
from datetime import datetime, timezone
from pathlib import Path

import duckdb
import protocol
import pytest
from connector import EARLIER, LATER, SOURCE, assert_tells_no_key, form
from workspace import Sandbox

# Enough for several pages of every larger stream.
RECORDS = "records=1500"


@pytest.fixture
def executable(tmp_path):
    """The connector, with a copy of what it says left beside it."""
    script, said = tmp_path / "source-revops", tmp_path / "said.jsonl"
    script.write_text(
        "#!/usr/bin/env bash\n"
        f"set -o pipefail\n{shlex.quote(str(SOURCE))} \"$@\" | tee -a {shlex.quote(str(said))}\n"
    )
    script.chmod(0o755)
    said.touch()
    return script, said


def test_two_reads_leave_the_truth_in_the_tables(api, executable, tmp_path, tell):
    script, said = executable
    database = tmp_path / "cache.duckdb"
    counts = []
    tell(f"PyAirbyte, {api}: rows in the table, and records of the API")
    for clock in (EARLIER, LATER):
        config = form(api, RECORDS, clock=clock)
        done = sync(script, config, database)
        counts.append(done["records"])
        with Sandbox(f"{RECORDS}&clock={clock}") as sandbox:
            for stream in done["streams"]:
                truth = versions(sandbox.records(api, stream))
                rows = table(database, stream)
                verdict = "same" if rows == truth else "DIFFERENT"
                tell(f"  {clock} {stream:<16} {len(rows):>6} {len(truth):>6}  {verdict}")
                assert len(rows) == len(truth) > 0
                assert set(rows) == set(truth)
                assert rows == truth
    tell(f"  records read: {counts[0]}, then {counts[1]}")
    assert 0 < counts[1] < counts[0] / 2, "the second read was not incremental"
    check_said(said, config)


def sync(script, config: dict, database) -> dict:
    """One sync, in a process of its own."""
    arguments = [sys.executable, Path(__file__).with_name("pyairbyte_sync.py"), script, json.dumps(config), database]
    done = subprocess.run(arguments, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stdout[-2000:] + done.stderr[-4000:]
    return json.loads(done.stdout.splitlines()[-1])


def versions(records: list[dict]) -> dict[str, datetime]:
    """When each record changed, by its key."""
    return {record["id"]: instant(record["updated_at"]) for record in records}


def instant(text: str) -> datetime:
    return datetime.fromisoformat(text).astimezone(timezone.utc)


def table(database, stream: str) -> dict[str, datetime]:
    with duckdb.connect(str(database)) as connection:
        connection.execute("SET TimeZone = 'UTC'")
        rows = connection.execute(f'SELECT id, updated_at FROM main."{stream}"').fetchall()
    assert len({key for key, _ in rows}) == len(rows), "a key stands twice in the table"
    return {key: at.replace(tzinfo=at.tzinfo or timezone.utc).astimezone(timezone.utc) for key, at in rows}


def check_said(said, config) -> None:
    output = said.read_bytes()
    assert_tells_no_key(output, config)
    lines = output.splitlines(keepends=True)
    assert {protocol.message(line)["type"] for line in lines} >= {"SPEC", "CATALOG", "RECORD", "STATE"}
