# SPDX-License-Identifier: Apache-2.0
"""Which operations of AWS each tool sends, seen from outside.

Every line of tests/cases/tools/calls.txt is called in a program that talks to
the demo endpoint through a recorder, which passes bytes on untouched (they are
signed) and reads the operation's name in them.
"""
import json
import os
import re
import socket
import subprocess
import sys
import tempfile
import threading

sys.path.insert(0, "tests/e2e")
# pylint: disable=wrong-import-position
from test_tools import calls, filled_in, remember  # noqa: E402
from world import READER, Server, copy, wait_for_line  # noqa: E402

# The Prometheus-compatible interface has paths in the place of operations.
PATHS = {"query": "QueryMetrics", "query_range": "QueryMetrics",
         "series": "GetSeries", "labels": "GetLabels", "label": "GetLabels"}
ASKED = re.compile(rb"\r\nx-amz-target: *[A-Za-z0-9_]+\.(\w+)\r\n"
                   rb"|(?:GET|POST) /api/v1/(\w+)"
                   rb"|Action=(\w+)", re.IGNORECASE)


class Recorder:
    """Passes connections on to a port of loopback; keeps what was asked."""

    def __init__(self, target_port):
        self.target_port = target_port
        self.socket = socket.create_server(("127.0.0.1", 0), backlog=64)
        self.port = self.socket.getsockname()[1]
        self.kept = []
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self):
        while True:
            client, _ = self.socket.accept()
            threading.Thread(target=self._serve, args=(client,),
                             daemon=True).start()

    def _serve(self, client):
        back = socket.create_connection(("127.0.0.1", self.target_port))
        threading.Thread(target=copy, args=(back, client),
                         daemon=True).start()
        sent = bytearray()
        self.kept.append(sent)
        while True:
            data = client.recv(65536)
            if not data:
                break
            sent += data
            back.sendall(data)
        back.close()

    def take(self):
        """Operations asked for since the last time."""
        names = set()
        for sent in self.kept:
            for target, path, action in ASKED.findall(bytes(sent)):
                name = (target or action).decode()
                names.add(name or PATHS[path.decode()])
            sent.clear()
        return names


class Place:
    """What Server wants of a world, without the front that speaks TLS."""

    def __init__(self, program):
        self.program = program
        self.folder = tempfile.mkdtemp(prefix="cloudwatch-mcp-iam.")
        self.started = []

    def start(self, words, env, **kwargs):
        process = subprocess.Popen(
            [self.program, *words], stdout=subprocess.PIPE,
            env={"PATH": os.environ["PATH"], "HOME": self.folder,
                 "AWS_EC2_METADATA_DISABLED": "true", **env},
            stderr=kwargs.pop("stderr", subprocess.DEVNULL), **kwargs)
        self.started.append(process)
        return process

    def close(self):
        for process in self.started:
            process.kill()
            process.wait()


def trace(program):
    """{tool: operations it sent}, over all lines of calls.txt."""
    place = Place(program)
    sent = {}
    try:
        endpoint = place.start(["demo-endpoint", "--port", "0"], {})
        line = wait_for_line(endpoint, "the demo endpoint")
        recorder = Recorder(int(line.rsplit(":", 1)[1]))
        server = Server(place, {
            "AWS_ACCESS_KEY_ID": READER[0], "AWS_SECRET_ACCESS_KEY": READER[1],
            "AWS_REGION": "us-east-1",
            "AWS_ENDPOINT_URL": f"http://127.0.0.1:{recorder.port}",
        }, "--images", "--quota-percent", "0")
        seen = {}
        for tool, text, may_fail in calls():
            result = server.call(tool, **filled_in(text, seen))
            assert may_fail or not result.get("isError"), (tool, result)
            remember(seen, result.get("structuredContent") or {})
            sent.setdefault(tool, set()).update(recorder.take())
        # whoami and the answers' account_id: once for each set of keys.
        sent["whoami"].add("GetCallerIdentity")
        server.stop()
    finally:
        place.close()
    return sent


if __name__ == "__main__":
    for name, operations in trace(sys.argv[1]).items():
        print(name, json.dumps(sorted(operations)))
