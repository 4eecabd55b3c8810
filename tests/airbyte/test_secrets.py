"""The key is in no output. connector.py searches every run for it; here the API repeats the key in
every encoding that a program could use."""

import json
from functools import partial
from urllib.parse import quote

import pytest
from connector import KEY, assert_key_hidden, configured, form, run
from workspace import Fault, Faults, Sandbox

# A key that is written differently in JSON, in a URL and in Python.
ODD_KEY = "sk-apik_12\"34\\5%6+7/8.s3cr3t\"pa\\rt%9+0"

WAYS = {
    "as it is": str,
    "in JSON": lambda key: json.dumps(key)[1:-1],
    "in a URL": lambda key: quote(key, safe=""),
    "in part": lambda key: key.rsplit(".", 1)[-1],
}


@pytest.fixture(scope="module")
def sandbox():
    with Sandbox(f"records=60&key={quote(ODD_KEY, safe='')}") as sandbox:
        yield sandbox


@pytest.mark.parametrize("way", WAYS.values(), ids=WAYS)
@pytest.mark.parametrize("status", [400, 401, 403, 500])
def test_an_api_that_repeats_the_key_is_not_quoted(api, sandbox, offered, way, status):
    name = offered[api][0]["name"]
    catalog = configured(offered[api], names=[name])
    for place in {"reevo": [f"/_schema/{name}", f"/{name}/_query"], "askelephant": [f"/v2/{name}?"]}[api]:
        with Faults(sandbox.url, Fault(place, status, body=partial(repeat, way))) as faults:
            config = form(api, base_url=faults.url, api_key=ODD_KEY, clock=None, max_retry_seconds=0)
            for verb in ("check", "discover", "read"):
                # run() searches the output for the key.
                done = run(verb, config, catalog if verb == "read" else None)
                assert b"<api_key>" in done.stdout


def repeat(way, headers) -> str:
    key = way(headers["authorization"].removeprefix("Bearer "))
    sentence = f"your key {key} is wrong"
    error = {"code": f"code_{key}", "message": sentence}
    return json.dumps({"error": error, "detail": sentence})


def test_a_key_at_the_cut_of_a_long_message_is_not_quoted_in_part(api, sandbox):
    body = {"message": "x" * 180 + ODD_KEY}
    with Faults(sandbox.url, Fault("", 400, body=json.dumps({"error": body}))) as faults:
        done = run("check", form(api, base_url=faults.url, api_key=ODD_KEY, clock=None, max_retry_seconds=0))
    assert "x<api_key>" in done.outcome["message"]


def test_the_search_finds_a_key():
    config = form("reevo", api_key=ODD_KEY)
    for way in WAYS.values():
        with pytest.raises(AssertionError):
            assert_key_hidden(json.dumps({"message": way(ODD_KEY)}).encode(), config)
    assert_key_hidden(b'{"message": "<api_key>"}', form("reevo", api_key=KEY))
