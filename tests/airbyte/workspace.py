"""A sandbox server, its records as its API returns them, and a proxy that adds faults. Nothing here
uses the connector: the tests compare the connector with these records."""

import http.client
import json
import subprocess
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import urlencode, urlsplit

from connector import KEY, TAP


class Sandbox:
    """Runs `tap-revops sandbox` while the block runs."""

    def __init__(self, options: str):
        self.options = options

    def __enter__(self) -> "Sandbox":
        arguments = [TAP, "sandbox", "--port", "0", "--options", self.options]
        self.process = subprocess.Popen(arguments, stderr=subprocess.PIPE, text=True)
        for line in self.process.stderr:
            if "base_url is " in line:
                self.url = line.split("base_url is ")[1].strip()
                # Read the rest, so that the pipe does not fill up.
                threading.Thread(target=self.process.stderr.read, daemon=True).start()
                return self
        raise RuntimeError(f"the sandbox did not start with {self.options}")

    def __exit__(self, *_):
        self.process.terminate()
        self.process.wait()

    def records(self, api: str, stream: str) -> list[dict]:
        """All records of a stream, read page by page as the API's documentation says."""
        walk = {"reevo": self._reevo, "askelephant": self._askelephant}[api]
        return list(walk(stream))

    def _reevo(self, stream: str):
        body = {"limit": 500}
        while True:
            page = self._ask("POST", f"/api/v2/{stream}/_query", f"Bearer {KEY}", body)
            yield from map(_without_envelopes, page["data"])
            if not page.get("next_cursor"):
                return
            body = {"cursor": page["next_cursor"], "limit": 500}

    def _askelephant(self, stream: str):
        query = {"limit": 100}
        while True:
            page = self._ask("GET", f"/v2/{stream}?{urlencode(query)}", KEY)
            yield from page["data"]
            if not page["has_more"]:
                return
            query["cursor"] = page["next_cursor"]

    def children(self, api: str, stream: str) -> set[tuple]:
        """The keys of all records of a child stream, asked for one parent after the other."""
        if api == "askelephant":
            return {(one["id"],) for one in self._askelephant("engagements") if self._timeline(one["id"])}
        parent, relationship = stream.split("__")
        return {
            (record["id"], link["related_record_id"])
            for record in self._reevo(parent)
            for link in self._links(f"/api/v2/{parent}/{record['id']}/relationship/{relationship}")
        }

    def _links(self, path: str):
        cursor = {}
        while True:
            page = self._ask("GET", f"{path}?{urlencode({'limit': 500, **cursor})}", f"Bearer {KEY}")
            yield from page["items"]
            if not page["next_cursor"]:
                return
            cursor = {"cursor": page["next_cursor"]}

    def _timeline(self, engagement: str) -> dict | None:
        return self._ask("GET", f"/v2/engagements/{engagement}/transcript_timeline", KEY, missing=None)

    def _ask(self, method: str, path: str, authorization: str, body: dict | None = None, **if_missing) -> dict | None:
        connection = http.client.HTTPConnection(urlsplit(self.url).netloc)
        headers = {"authorization": authorization, "content-type": "application/json"}
        connection.request(method, path, body and json.dumps(body), headers)
        answer = connection.getresponse()
        text = answer.read()
        connection.close()
        if answer.status == 404 and "missing" in if_missing:
            return if_missing["missing"]
        assert answer.status == 200, text
        return json.loads(text)


def _without_envelopes(record: dict) -> dict:
    """The id and `updated_at` of a Reevo record, without value envelopes."""
    attributes = record.get("attributes", {})
    members = {**record, **attributes}
    plain = {name: members.get(name) for name in ("id", "updated_at")}
    return {
        name: value["value"] if isinstance(value, dict) and "value" in value else value
        for name, value in plain.items()
    }


@dataclass
class Fault:
    """An answer to requests whose path contains a text, after the first few."""

    path: str
    status: int = 500
    headers: dict = field(default_factory=dict)
    body: str | Callable = '{"error": {"code": "internal_error", "message": "it broke"}}'
    after: int = 0
    times: float = float("inf")
    seen: int = 0

    def matches(self, path: str) -> bool:
        if self.path not in path:
            return False
        self.seen += 1
        return self.after < self.seen <= self.after + self.times


class Faults:
    """A proxy that forwards requests to a target, except those that a fault answers."""

    def __init__(self, target: str, *faults: Fault):
        handler = type("Handler", (_Handler,), {"target": target, "faults": faults})
        self.server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
        self.server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self.server.server_port}"

    def __enter__(self) -> "Faults":
        threading.Thread(target=self.server.serve_forever, args=(0.01,), daemon=True).start()
        return self

    def __exit__(self, *_):
        self.server.shutdown()
        self.server.server_close()


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    target: str
    faults: tuple[Fault, ...]
    lock = threading.Lock()

    def do_GET(self):
        self.handle_one("GET")

    def do_POST(self):
        self.handle_one("POST")

    def handle_one(self, method: str):
        body = self.rfile.read(int(self.headers.get("content-length", 0)))
        with self.lock:
            fault = next((fault for fault in self.faults if fault.matches(self.path)), None)
        if fault:
            text = fault.body(self.headers) if callable(fault.body) else fault.body
            headers = {"content-type": "application/json", **fault.headers}
            self.answer(fault.status, headers, text.encode())
        else:
            self.answer(*self.passed_on(method, body))

    def passed_on(self, method: str, body: bytes):
        connection = http.client.HTTPConnection(urlsplit(self.target).netloc)
        names = ("authorization", "content-type")
        headers = {name: self.headers[name] for name in names if name in self.headers}
        connection.request(method, self.path, body, headers)
        answer = connection.getresponse()
        text = answer.read()
        connection.close()
        return answer.status, {"content-type": answer.getheader("content-type")}, text

    def answer(self, status: int, headers: dict, body: bytes):
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass
