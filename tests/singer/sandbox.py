"""The sandbox's records, which a destination must hold in the end: served by the tap's executable, listed by own HTTP requests."""

import json
import subprocess
import urllib.error
import urllib.parse
import urllib.request
from contextlib import contextmanager
from decimal import Decimal

import tap

STREAMS = {
    "reevo": {
        "contact": "contact",
        "account": "account",
        "opportunity": "opportunity",
        "task": "task",
        "note": "note",
        "meeting": "meeting",
        "implementation_project": "implementation_project",
        "renewal_plan": "Renewal-Plan",
    },
    "askelephant": {name: name for name in ("contacts", "companies", "users", "tags", "engagements")},
}
"""For each API: the name of each stream, and its name in the API."""


@contextmanager
def serving(options):
    """Serves a sandbox with these options while the block runs; yields its URL and key."""
    command = [tap.TAP, "sandbox", "--port", "0", "--options", options]
    process = subprocess.Popen(command, env=tap.ENVIRONMENT, stderr=subprocess.PIPE, text=True)
    try:
        url = process.stderr.readline().split()[-1]
        key = process.stderr.readline().split()[-1]
        yield url, key
    finally:
        process.terminate()
        process.wait()
        process.stderr.close()


def listing(api, options):
    """All records of all streams as `{stream: {id: record}}`, straight from the API."""
    listed = reevo_pages if api == "reevo" else askelephant_pages
    with serving(options) as (url, key):
        streams = {}
        for stream, api_name in STREAMS[api].items():
            records = [record for page in listed(url, key, api_name) for record in page]
            streams[stream] = {record["id"]: record for record in records}
            assert len(streams[stream]) == len(records), f"the API lists a record of {stream} twice"
        return streams


def updated_times(listed):
    """The `updated_at` of every record of a listing, as `{stream: {id: instant}}`."""
    return {
        stream: {id: tap.instant(record["updated_at"]) for id, record in records.items()}
        for stream, records in listed.items()
    }


def fields(api, record):
    """The fields of an API's record that are texts, booleans or numbers, by the API's names."""
    if api == "askelephant":
        return {name: value for name, value in record.items() if not isinstance(value, (dict, list))}
    plain = {}
    for name, envelope in record["attributes"].items():
        value = envelope.get("value") if isinstance(envelope, dict) else envelope
        if isinstance(value, str) and envelope["value_type"] in ("number", "percent"):
            plain[name] = Decimal(value)
        elif not isinstance(value, (dict, list)):
            plain[name] = value
    return plain


def reevo_pages(url, key, record_type):
    address = f"{url}/api/v2/{record_type}/_query"
    body = {"limit": 500, "sort": [{"field": "updated_at", "direction": "asc"}]}
    while body:
        page = answer(address, key, body)
        yield page["data"]
        places = (page, page.get("pagination") or {}, page.get("meta") or {})
        cursor = next(filter(None, (place.get("next_cursor") for place in places)), None)
        body = cursor and {"limit": 500, "cursor": cursor}


def askelephant_pages(url, key, collection):
    parameters = {"limit": 100, "order_by": "updated_at:asc"}
    more = True
    while more:
        page = answer(f"{url}/v2/{collection}?{urllib.parse.urlencode(parameters)}", key)
        yield page["data"]
        more = page["has_more"]
        parameters["cursor"] = page["next_cursor"]


def answer_if_there(address, key):
    """The same, or None if there is nothing at the address."""
    try:
        return answer(address, key)
    except urllib.error.HTTPError as error:
        if error.code != 404:
            raise
        return None


def answer(address, key, body=None):
    data = None if body is None else json.dumps(body).encode()
    headers = {"Authorization": f"Bearer {key}" if data else key, "Content-Type": "application/json"}
    with urllib.request.urlopen(urllib.request.Request(address, data, headers)) as response:
        return json.load(response, parse_float=Decimal)
