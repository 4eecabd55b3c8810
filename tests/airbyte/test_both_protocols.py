"""Both executables, one for each protocol, emit the same records, byte for byte."""

import json
import subprocess

import connector
import pytest
from connector import TAP, configured, form

OPTIONS = {
    "plain": "records=400",
    "hostile": "records=300&hostile_text=true&timestamps=mixed&numbers=mixed&unknown_attributes=3&extra_members=true",
    "unsorted": "records=300&updated_at_unsortable=contact&nulls=absent&optional_members=null&nested_keys=b",
}


# Singer's read leaves out the streams that take requests for each record, unless they are named.
FLAGS = {"reevo": ["--stream", "*", "--stream", "*__*"], "askelephant": ["--stream", "*", "--stream", "transcript_timelines"]}


@pytest.mark.parametrize("options", OPTIONS.values(), ids=OPTIONS)
def test_both_protocols_carry_the_same_records(api, options, tmp_path):
    config = form(api, options, unknown_fields="collect")
    catalog = configured(connector.discover(config))
    airbyte = connector.read(config, catalog).stdout
    own = {**config["api"], "api": config["api"]["name"], "unknown_fields": "collect"}
    del own["name"]
    path = tmp_path / "config.json"
    path.write_text(json.dumps(own))
    singer = subprocess.run([TAP, "read", "--config", path, *FLAGS[api]], capture_output=True, timeout=60)
    assert singer.returncode == 0, singer.stderr.decode()
    of_singer = records(singer.stdout, '"record":')
    of_airbyte = records(airbyte, '"data":')
    assert of_airbyte == of_singer and of_airbyte.keys() == {stream["stream"]["name"] for stream in catalog["streams"]}
    assert sum(map(len, of_singer.values())) > 300


def records(output: bytes, before: str) -> dict[str, list[str]]:
    """The text of each record, per stream, sorted: the windows of a stream arrive in any order. `before` is the text before it in a line."""
    texts = {}
    for line in output.decode().removesuffix("\n").split("\n"):
        message = json.loads(line)
        if message["type"] != "RECORD":
            continue
        stream = message.get("stream") or message["record"]["stream"]
        begin = line.index(before) + len(before)
        _, end = json.JSONDecoder().raw_decode(line, begin)
        texts.setdefault(stream, []).append(line[begin:end])
    return {stream: sorted(records) for stream, records in texts.items()}
