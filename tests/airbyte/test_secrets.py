"""The key is in no output. Every run of these tests is searched for it (see connector.py); here the
API itself repeats the key, in every way in which a program could."""

import json
from urllib.parse import quote

import pytest
from connector import KEY, configured, discover, form, run
from workspace import Fault, Faults, Sandbox

# A key that looks another way in JSON, in a URL and in Python.
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
@pytest.mark.parametrize("status", [400, 401, 403, 404, 500])
def test_an_api_that_repeats_the_key_is_not_quoted(api, sandbox, way, status):
    def repeat(headers) -> str:
        key = headers["authorization"].removeprefix("Bearer ")
        sentence = f"your key {way(key)} is wrong"
        return json.dumps({"error": {"code": f"code_{way(key)}", "message": sentence}, "detail": sentence, "title": sentence})

    config = form(api, base_url=sandbox.url, api_key=ODD_KEY, clock=None, max_retry_seconds=0)
    streams = discover(config)
    name = streams[0]["name"]
    for place in [f"/_schema/{name}", f"/{name}/_query", f"/v2/{name}?"]:
        with Faults(sandbox.url, Fault(place, status, body=repeat)) as faults:
            config["api"]["base_url"] = faults.url
            for verb, catalog in [("check", None), ("discover", None), ("read", configured(streams, names=[name]))]:
                # Running it searches what it says.
                run(verb, config, catalog)


def test_the_search_would_find_a_key():
    from connector import assert_tells_no_key

    config = form("reevo", api_key=ODD_KEY)
    for way in WAYS.values():
        with pytest.raises(AssertionError):
            assert_tells_no_key(json.dumps({"message": way(ODD_KEY)}).encode(), config)
    assert_tells_no_key(b'{"message": "<api_key>"}', form("reevo", api_key=KEY))
