#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The HTTP+SSE transport of 2024-11-05 over raw sockets: many streams, cut
ones, slow readers, draining.

usage: test_legacy_sse.py PROGRAM
"""
import json
import re
import socket
import sys
import threading
import time

from world import Server, World, run

SLOW = "slow:2000@DescribeAlarms"


class Stream:
    """One client: an event stream, and POSTs beside it."""

    def __init__(self, server, read=True):
        self.server = server
        self.socket = socket.create_connection(("127.0.0.1", server.port))
        self.socket.settimeout(20)
        self.socket.sendall(b"GET /sse HTTP/1.1\r\nHost: localhost\r\n"
                            b"Accept: text/event-stream\r\n\r\n")
        self.got = b""
        if read:
            head = self._until(b"\r\n\r\n")
            assert head.startswith(b"HTTP/1.1 200 "), head
            name, self.where = self.event()
            assert name == "endpoint", name

    def _until(self, end):
        while end not in self.got:
            data = self.socket.recv(65536)
            if not data:
                raise EOFError
            self.got += data
        part, self.got = self.got.split(end, 1)
        return part

    def event(self):
        """(name, data) of the next event; comments are skipped."""
        while True:
            text = self._until(b"\n\n").decode()
            if not text.startswith(":"):
                name, data = text.split("\n")
                return name.removeprefix("event: "), \
                    data.removeprefix("data: ")

    def message(self):
        name, data = self.event()
        assert name == "message", name
        return json.loads(data)

    def post(self, message):
        response, body = self.server.request(
            "POST", self.where, json.dumps(message),
            {"Content-Type": "application/json"})
        return response.status, body

    def send(self, method, params=None, number=0):
        message = {"jsonrpc": "2.0", "method": method}
        if number is not None:
            message["id"] = number
        if params is not None:
            message["params"] = params
        status, body = self.post(message)
        assert status == 202, (status, body)

    def call(self, tool, number, **arguments):
        self.send("tools/call", {"name": tool, "arguments": arguments},
                  number)

    def close(self):
        self.socket.close()


def serve(world, *words, **env):
    return Server(world, world.aws(CLOUDWATCH_MCP_LEGACY_SSE="true", **env),
                  *words)


def resident(server):
    with open(f"/proc/{server.process.pid}/status", encoding="ascii") as f:
        return int(re.search(r"VmRSS:\s+(\d+)", f.read()).group(1)) * 1024


def requests(server):
    return [e for e in server.log() if e["event"] == "request"]


def a_session_from_its_begin_to_its_end(world):
    server = serve(world)
    stream = Stream(server)
    assert re.fullmatch(r"/messages\?sessionId=[0-9a-f]{36}", stream.where)
    stream.send("initialize", {"protocolVersion": "2024-11-05",
                               "capabilities": {},
                               "clientInfo": {"name": "t", "version": "1"}})
    assert stream.message()["result"]["protocolVersion"] == "2024-11-05"
    stream.send("notifications/initialized", number=None)
    stream.send("tools/list", number="list")
    reply = stream.message()
    assert reply["id"] == "list" and len(reply["result"]["tools"]) > 20
    stream.call("whoami", 7)
    reply = stream.message()
    assert reply["id"] == 7 and not reply["result"].get("isError"), reply
    stream.close()
    deadline = time.monotonic() + 5
    while stream.post({"jsonrpc": "2.0", "id": 1, "method": "ping"})[0] != 404:
        assert time.monotonic() < deadline
        time.sleep(0.01)
    assert server.stop() == 0


def without_the_setting_there_is_no_such_thing(world):
    server = Server(world, world.aws())
    response, body = server.request("GET", "/sse")
    assert response.status == 404 and b"CLOUDWATCH_MCP_LEGACY_SSE" in body
    assert server.stop() == 0


def hundreds_of_streams_get_what_is_theirs(world):
    server = serve(world)
    Stream(server)
    server.rpc("ping")
    before = resident(server)
    streams = [Stream(server) for _ in range(800)]
    each = (resident(server) - before) / len(streams)
    assert each < 2048, each
    for i, stream in enumerate(streams[::8]):
        stream.send("ping", number=i)
    for i, stream in enumerate(streams[::8]):
        assert stream.message() == {"jsonrpc": "2.0", "id": i, "result": {}}
    for stream in streams:
        stream.socket.setblocking(False)
        try:
            extra = stream.socket.recv(1)
        except BlockingIOError:
            extra = None
        assert extra is None, extra
        stream.close()
    assert server.stop() == 0
    print(f"    {each:.0f} bytes a stream")


def streams_above_the_limit_get_503(world):
    server = serve(world, "--max-connections", "20")
    streams = [Stream(server) for _ in range(10)]
    response, _ = server.request("GET", "/sse")
    assert response.status == 503, response.status
    streams.pop().close()
    time.sleep(0.1)
    streams.append(Stream(server))
    for stream in streams:
        stream.close()
    assert server.stop() == 0


def a_call_on_a_stream_delays_nobody_and_needs_no_connection(world):
    server = serve(world, "--workers", "1")
    world.faults(SLOW)
    stream = Stream(server)
    stream.call("get_active_alarms", 1)
    start = time.monotonic()
    stream.send("ping", number=2)
    assert stream.message()["id"] == 2
    assert time.monotonic() - start < 1
    assert stream.message()["id"] == 1
    stream.close()
    assert server.stop() == 0


def a_cut_stream_cancels_its_calls(world):
    server = serve(world, "--workers", "1")
    world.faults("slow:20000@DescribeAlarms")
    stream = Stream(server)
    for number in range(3):
        stream.call("get_active_alarms", number)
    time.sleep(0.2)
    stream.close()
    start = time.monotonic()
    assert not server.call("whoami").get("isError")
    assert time.monotonic() - start < 5
    assert server.stop() == 0
    lines = [e for e in requests(server)
             if e.get("tool") == "get_active_alarms"]
    assert [e.get("error") for e in lines] == ["CANCELLED"] * len(lines), lines


def a_cancelled_call_says_nothing_more(world):
    server = serve(world, "--workers", "1")
    world.faults("slow:20000@DescribeAlarms")
    stream = Stream(server)
    other = Stream(server)
    stream.call("get_active_alarms", "a")
    time.sleep(0.2)
    # Another session's call of the same id is another one's.
    other.send("notifications/cancelled", {"requestId": "a"}, None)
    stream.send("notifications/cancelled", {"requestId": "b"}, None)
    stream.send("notifications/cancelled", {"requestId": "a"}, None)
    stream.call("whoami", "w")
    assert stream.message()["id"] == "w"
    stream.close()
    other.close()
    assert server.stop() == 0


def progress_comes_before_the_result(world):
    server = serve(world)
    stream = Stream(server)
    now = int(time.time())
    stream.send("tools/call", {
        "name": "execute_log_insights_query",
        "arguments": {"log_group_names": ["/aws/apigateway/partner-api/access"],
                      "start_time": now - 3600, "end_time": now,
                      "query_string": "fields @message | limit 2"},
        "_meta": {"progressToken": "p"}}, 3)
    notes = []
    while True:
        message = stream.message()
        if message.get("id") == 3:
            break
        notes.append(message["params"])
    assert notes, message
    assert all(n["progressToken"] == "p" for n in notes), notes
    stream.close()
    assert server.stop() == 0


def who_reads_slowly_stops_only_himself(world):
    server = serve(world)
    slow = Stream(server)
    other = Stream(server)
    status, number = 202, 0
    while status == 202 and number < 2000:
        status, _ = slow.post({"jsonrpc": "2.0", "id": number,
                               "method": "tools/list"})
        number += status == 202
    assert status == 503 and number >= 16, (status, number)
    other.send("ping", number=1)
    assert other.message()["id"] == 1
    got = {slow.message()["id"] for _ in range(number)}
    assert got == set(range(number))
    slow.send("ping", number="after")
    assert slow.message()["id"] == "after"
    slow.close()
    other.close()
    assert server.stop() == 0


def sigterm_ends_streams_when_their_calls_are_answered(world):
    server = serve(world)
    world.faults(SLOW)
    idle = Stream(server)
    busy = Stream(server)
    busy.call("get_active_alarms", 1)
    time.sleep(0.3)
    status = []
    stopper = threading.Thread(target=lambda: status.append(server.stop()))
    stopper.start()
    start = time.monotonic()
    try:
        idle.event()
        raise AssertionError("the idle stream goes on")
    except EOFError:
        pass
    assert time.monotonic() - start < 1
    assert not busy.message()["result"].get("isError")
    try:
        busy.event()
        raise AssertionError("the busy stream goes on")
    except EOFError:
        pass
    idle.close()
    busy.close()
    stopper.join()
    assert status == [0], status


TESTS = [v for k, v in list(globals().items())
         if callable(v) and getattr(v, "__code__", None) is not None and
         v.__code__.co_varnames[:1] == ("world",) and v.__module__ == __name__
         and v is not serve]


def main():
    world = World(sys.argv[1])
    try:
        failed = run(TESTS, world)
    finally:
        world.close()
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
