"""Checks the recipe of docs/deletes.md in PostgreSQL: its command and its queries."""

import json
import re
import subprocess
from pathlib import Path

import psycopg
import tap
from consumers import DATABASE, HOME, POSTGRES

PAGE = Path(__file__).parents[2] / "docs" / "deletes.md"


def prove_deletes(outcome, folder):
    """Loads contacts and then their ids, makes the two differ, and expects the queries to find the differences."""
    place = folder / "deletes"
    place.mkdir()
    load(place, "crm", [])
    _, *words = command().split(">")[0].split()
    assert words[:3] == ["read", "--config", "sample_config.json"], words
    load(place, "proof", words[3:])
    missing, gone, mark = re.findall(r"^```sql\n(.*?)\n```$", PAGE.read_text(), re.DOTALL | re.MULTILINE)
    with psycopg.connect(**POSTGRES, dbname=DATABASE, autocommit=True) as connection:
        ids = [row[0] for row in connection.execute("select id from crm.contact order by id")]
        assert len(ids) == 2000 and not connection.execute(missing).fetchall() and not connection.execute(gone).fetchall()
        lost, deleted = set(ids[:3]), set(ids[10:12])
        connection.execute("delete from crm.contact where id = any(%s)", [list(lost)])
        connection.execute("delete from proof.contact where id = any(%s)", [list(deleted)])
        assert {row[0] for row in connection.execute(missing)} == lost
        assert {row[0] for row in connection.execute(gone)} == deleted
        connection.execute("alter table crm.contact add column deleted_at timestamptz")
        assert connection.execute(mark).rowcount == 2 and connection.execute(mark).rowcount == 0
    outcome.first = (len(ids), len(ids))


def command():
    return re.search(r"^```sh\n(.*?)\n```$", PAGE.read_text(), re.DOTALL | re.MULTILINE)[1]


def load(place, schema, flags):
    """Reads contacts of a sandbox that stands still into a schema."""
    config, target = place / "tap.json", place / f"{schema}.json"
    sandbox = "sandbox:?clock=2026-07-15T12:00:00Z&change_every_seconds=0"
    config.write_text(json.dumps({"api": "reevo", "base_url": sandbox, "record_types": ["contact"]}))
    target.write_text(json.dumps({**POSTGRES, "database": DATABASE, "default_target_schema": schema}))
    messages = tap.printed("read", "--config", str(config), *flags)
    program = HOME / "target-postgres/bin/target-postgres"
    subprocess.run([program, "--config", target], input=messages, text=True, capture_output=True, check=True)
