#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""A trace context from the client's request to the log and to AWS, through an
endpoint that verifies signatures.

usage: test_trace.py PROGRAM
"""
import json
import socket
import sys
import threading

from world import MODERN, Server, World, copy, run

TRACE = "0af7651916cd43dd8448eb211c80319c"
SPAN = "b7ad6b7169203331"


class Wiretap:
    """Passes bytes on to a port of loopback and keeps what was asked."""

    def __init__(self, target_port):
        self.target_port = target_port
        self.asked = b""
        self.socket = socket.create_server(("127.0.0.1", 0))
        self.port = self.socket.getsockname()[1]
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self):
        while True:
            try:
                client, _ = self.socket.accept()
            except OSError:
                return
            threading.Thread(target=self._serve, args=(client,),
                             daemon=True).start()

    def _serve(self, client):
        back = socket.create_connection(("127.0.0.1", self.target_port))
        threading.Thread(target=copy, args=(back, client),
                         daemon=True).start()
        while data := client.recv(65536):
            self.asked += data
            back.sendall(data)
        back.close()

    def close(self):
        self.socket.shutdown(socket.SHUT_RDWR)
        self.socket.close()

    def spans(self):
        """(parent-id, flags) of each request to AWS, in order."""
        lines = [line.split(": ", 1)[1] for line in
                 self.asked.decode("latin-1").split("\r\n")
                 if line.lower().startswith("traceparent: ")]
        for line in lines:
            assert line.startswith(f"00-{TRACE}-") and len(line) == 55, line
        return [(line[36:52], line[53:]) for line in lines]


def ask(world, headers, meta):
    """One tool call; what AWS was asked, and the line in the log."""
    tap = Wiretap(world.endpoint_port)
    server = Server(world, world.aws(
        AWS_ENDPOINT_URL=f"http://127.0.0.1:{tap.port}"))
    message = {"jsonrpc": "2.0", "id": 1, "method": "tools/call",
               "params": {"name": "get_active_alarms", "arguments": {},
                          "_meta": meta}}
    response, data = server.request(
        "POST", "/mcp", json.dumps(message),
        {"Content-Type": "application/json", **headers})
    assert response.status == 200, data
    assert not json.loads(data)["result"].get("isError"), data
    assert server.stop() == 0
    tap.close()
    return tap, [e for e in server.log() if e["event"] == "request"][-1]


def a_sampled_context_of_the_header_reaches_log_and_aws(world):
    tap, line = ask(world, {"traceparent": f"00-{TRACE}-{SPAN}-01",
                            "tracestate": "rojo=00f067aa0ba902b7"}, {})
    assert (line["trace_id"], line["span_id"]) == (TRACE, SPAN), line
    spans = tap.spans()
    assert spans and all(f == "01" and s != SPAN for s, f in spans), spans
    assert len(set(spans)) == len(spans), spans
    assert b"tracestate: rojo=00f067aa0ba902b7\r\n" in tap.asked


def a_context_of_the_modern_era_lies_in_the_message(world):
    tap, line = ask(
        world, {"MCP-Protocol-Version": MODERN, "Mcp-Method": "tools/call",
                "Mcp-Name": "get_active_alarms",
                "traceparent": f"00-{'1' * 32}-{'2' * 16}-01"},
        {"io.modelcontextprotocol/protocolVersion": MODERN,
         "io.modelcontextprotocol/clientCapabilities": {},
         "traceparent": f"00-{TRACE}-{SPAN}-00"})
    assert (line["trace_id"], line["span_id"]) == (TRACE, SPAN), line
    assert set(tap.spans()) == {(SPAN, "00")}, tap.spans()


def a_broken_context_is_as_good_as_none(world):
    tap, line = ask(world, {"traceparent": f"00-{TRACE.upper()}-{SPAN}-01",
                            "tracestate": "rojo=1"}, {})
    assert "trace_id" not in line and b"trace" not in tap.asked.lower()


TESTS = [v for k, v in list(globals().items())
         if callable(v) and getattr(v, "__code__", None) is not None and
         v.__code__.co_varnames[:1] == ("world",) and v.__module__ == __name__
         and v is not ask]


def main():
    world = World(sys.argv[1])
    try:
        failed = run(TESTS, world)
    finally:
        world.close()
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
