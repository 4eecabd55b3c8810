"""Loads links and transcripts into PostgreSQL, twice, and compares every row with what the API answers for each record."""

import json
import subprocess

import psycopg
import sandbox
import tap
from consumers import DATABASE, HOME, POSTGRES

LINKS = {"contact__accounts": ("contact", "accounts"), "task__account": ("task", "account"), "note__contacts": ("note", "contacts")}
TRANSCRIPTS = "transcript_timelines"
MEMBERS = ("engagement_id", "speakers", "entries", "overall_sentiment")
OPTIONS = "records=300&clock=2026-07-15T12:00:00Z&change_every_seconds=0"


def prove_links(outcome, folder):
    """Links keep their key of two columns, their attributes and their JSON."""
    with sandbox.serving(OPTIONS) as (url, key):
        listed = {stream: links(url, key, *of) for stream, of in LINKS.items()}
    rows = load(folder, "reevo", list(LINKS))
    for stream, expected in listed.items():
        names = ("related_record_type", "through_id", "role", "is_primary", "through_attributes")
        found = {(row["parent_id"], row["related_record_id"]): tuple(row[name] for name in names) for row in rows[stream]}
        assert len(found) == len(rows[stream]), f"{stream}: a link is there twice"
        assert found == expected, f"{stream}: other links than the API lists"
    outcome.first = outcome.second = (sum(map(len, listed.values())), sum(map(len, rows.values())))


def links(url, key, record_type, relationship):
    """Every link of a relationship, by both ids."""
    found = {}
    for page in sandbox.reevo_pages(url, key, record_type):
        for parent in page:
            cursor = ""
            while cursor is not None:
                address = f"{url}/api/v2/{record_type}/{parent['id']}/relationship/{relationship}?limit=50{cursor}"
                answer = sandbox.answer(address, f"Bearer {key}")
                for item in answer["items"]:
                    found[parent["id"], item["related_record_id"]] = columns(item)
                cursor = answer["next_cursor"] and f"&cursor={answer['next_cursor']}"
    return found


def columns(item):
    through = item["through"]
    if through is None:
        return item["related_record_type"], None, None, None, None
    attributes = {name: envelope["value"] for name, envelope in through["attributes"].items()}
    known = (attributes.get("role"), attributes.get("is_primary"))
    return item["related_record_type"], through["id"], *known, attributes


def prove_transcripts(outcome, folder):
    """Each engagement that has a transcript has one row, with all its entries."""
    with sandbox.serving(OPTIONS) as (url, key):
        listed = transcripts(url, key)
    rows = load(folder, "askelephant", [TRANSCRIPTS])[TRANSCRIPTS]
    found = {row["id"]: [plain(row[name]) for name in MEMBERS] for row in rows}
    assert len(found) == len(rows) and found == listed, "other transcripts than the API has"
    outcome.first = outcome.second = (len(listed), len(rows))


def transcripts(url, key):
    """Every transcript, by its engagement's id."""
    found = {}
    for page in sandbox.askelephant_pages(url, key, "engagements"):
        for engagement in page:
            answer = sandbox.answer_if_there(f"{url}/v2/engagements/{engagement['id']}/transcript_timeline", key)
            if answer:
                found[engagement["id"]] = [plain(answer[name]) for name in MEMBERS]
    return found


def plain(value):
    """A value as JSON has it, numbers as floats: the target keeps lists as JSON, which the driver reads that way."""
    return json.loads(json.dumps(value, default=float))


def load(folder, api, streams):
    """Reads streams into a schema of their own, twice with the state of the first run, and returns the rows of each stream."""
    place = folder / f"children_{api}"
    place.mkdir()
    config, target, state = place / "tap.json", place / "target.json", place / "state.json"
    config.write_text(json.dumps({"api": api, "base_url": f"sandbox:?{OPTIONS}", "concurrency": 8}))
    target.write_text(json.dumps({**POSTGRES, "database": DATABASE, "default_target_schema": place.name}))
    arguments = ["read", "--config", str(config), *(word for stream in streams for word in ("--stream", stream))]
    for given in ([], ["--state", str(state)]):
        messages = tap.printed(*arguments, *given)
        program = HOME / "target-postgres/bin/target-postgres"
        done = subprocess.run([program, "--config", target], input=messages, text=True, capture_output=True, check=True)
        state.write_text(done.stdout.strip().split("\n")[-1])
    with psycopg.connect(**POSTGRES, dbname=DATABASE, row_factory=psycopg.rows.dict_row) as connection:
        return {stream: connection.execute(f"select * from {place.name}.{stream}").fetchall() for stream in streams}
