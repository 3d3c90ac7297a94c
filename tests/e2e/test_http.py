#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Hostile and broken clients against the real binary: what they get, and that
nobody else notices.

usage: test_http.py PROGRAM
"""
import json
import os
import signal
import socket
import struct
import sys
import threading
import time

from world import Server, Stdio, TlsFront, World, run

HOST = b"Host: localhost\r\n"
POST = (b"POST /mcp HTTP/1.1\r\n" + HOST +
        b"Content-Type: application/json\r\n"
        b"Accept: application/json, text/event-stream\r\n")
SECOND = b"GET /health HTTP/1.1\r\n" + HOST + b"\r\n"
PING = b'{"jsonrpc":"2.0","id":1,"method":"ping"}'
META = ('"_meta":{"io.modelcontextprotocol/protocolVersion":"2026-07-28",'
        '"io.modelcontextprotocol/clientInfo":{"name":"t","version":"1"},'
        '"io.modelcontextprotocol/clientCapabilities":{}}')
MODERN = b"MCP-Protocol-Version: 2026-07-28\r\nMcp-Method: tools/list\r\n"


def connect(server, timeout=20):
    return socket.create_connection(("127.0.0.1", server.port),
                                    timeout=timeout)


def read_all(connection):
    """All bytes until the server closes."""
    data = b""
    while True:
        try:
            piece = connection.recv(65536)
        except ConnectionResetError:
            return data
        if not piece:
            return data
        data += piece


def raw(server, data):
    """Sends bytes; what came back until the server closed."""
    with connect(server) as connection:
        connection.sendall(data)
        return read_all(connection)


def post(body, fields=b""):
    if isinstance(body, str):
        body = body.encode()
    return (POST + fields + b"Content-Length: %d\r\n\r\n" % len(body) + body)


def statuses(data):
    return [int(p[:3]) for p in data.split(b"HTTP/1.1 ")[1:]]


def alive(server):
    response, data = server.request("GET", "/health", timeout=10)
    assert response.status == 200 and data == b'{"status":"ok"}', data


def resident(server):
    with open(f"/proc/{server.process.pid}/status", encoding="ascii") as f:
        for line in f:
            if line.startswith("VmRSS:"):
                return int(line.split()[1]) * 1024
    raise AssertionError("no VmRSS")


def descriptors(server):
    return len(os.listdir(f"/proc/{server.process.pid}/fd"))


def eventually(condition, seconds=10):
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if condition():
            return True
        time.sleep(0.02)
    return False


BAD = {
    "another protocol": (b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\r\n\r\n", 400),
    "bare LF": (b"GET /health HTTP/1.1\n" + HOST + b"\n", 400),
    "an empty line first": (b"\r\n\r\n", 400),
    "no Host": (b"GET /health HTTP/1.1\r\n\r\n", 400),
    "two Hosts": (b"GET /health HTTP/1.1\r\n" + HOST + HOST + b"\r\n", 400),
    "a folded header": (b"GET /health HTTP/1.1\r\n" + HOST +
                        b"X: a\r\n b\r\n\r\n", 400),
    "a blank before the colon": (
        b"GET /health HTTP/1.1\r\nHost : localhost\r\n\r\n", 400),
    "NUL in a header": (b"GET /health HTTP/1.1\r\n" + HOST +
                        b"X: a\0b\r\n\r\n", 400),
    "CR in a header": (b"GET /health HTTP/1.1\r\n" + HOST +
                       b"X: a\rb\r\n\r\n", 400),
    "two Content-Lengths": (POST + b"Content-Length: 40\r\n"
                            b"Content-Length: 40\r\n\r\n" + PING, 400),
    "a list of lengths": (POST + b"Content-Length: 40, 40\r\n\r\n" + PING,
                          400),
    "a negative length": (POST + b"Content-Length: -1\r\n\r\n", 400),
    "a length with a sign": (POST + b"Content-Length: +40\r\n\r\n" + PING,
                             400),
    "a length that overflows": (POST + b"Content-Length: " + b"9" * 20 +
                                b"\r\n\r\n", 400),
    "length and chunked": (POST + b"Content-Length: 5\r\n"
                           b"Transfer-Encoding: chunked\r\n\r\n"
                           b"0\r\n\r\n", 400),
    "chunked twice": (POST + b"Transfer-Encoding: chunked\r\n"
                      b"Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 400),
    "chunked not last": (POST + b"Transfer-Encoding: chunked, gzip\r\n\r\n"
                         b"0\r\n\r\n", 400),
    "an odd spelling of chunked": (
        POST + b"Transfer-Encoding: \x0bchunked\r\n\r\n0\r\n\r\n", 400),
    "an unknown coding": (POST + b"Transfer-Encoding: gzip, chunked\r\n\r\n"
                          b"0\r\n\r\n", 501),
    "chunked on HTTP/1.0": (b"POST /mcp HTTP/1.0\r\n" + HOST +
                            b"Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
                            400),
    "a chunk size of letters": (
        POST + b"Transfer-Encoding: chunked\r\n\r\nzz\r\n", 400),
    "a chunk size that overflows": (
        POST + b"Transfer-Encoding: chunked\r\n\r\n" + b"f" * 17 + b"\r\n",
        400),
    "a chunk size that ends in LF": (
        POST + b"Transfer-Encoding: chunked\r\n\r\n1\na\r\n0\r\n\r\n", 400),
    "a chunk larger than the limit": (
        POST + b"Transfer-Encoding: chunked\r\n\r\n200000\r\n", 413),
    "a body larger than the limit": (
        POST + b"Content-Length: 1048577\r\n\r\n", 413),
    "a target over the limit": (b"GET /" + b"a" * 5000 + b" HTTP/1.1\r\n" +
                                HOST + b"\r\n", 414),
    "a head over the limit": (b"GET /health HTTP/1.1\r\n" + HOST + b"X: " +
                              b"a" * 9000 + b"\r\n\r\n", 431),
    "too many headers": (b"GET /health HTTP/1.1\r\n" + HOST +
                         b"X: a\r\n" * 70 + b"\r\n", 431),
    "another version": (b"GET /health HTTP/2.0\r\n" + HOST + b"\r\n", 505),
}


def what_cannot_be_framed_is_refused_and_ends_the_connection(world):
    server = Server(world, world.aws(), "--log-level", "DEBUG")
    for name, (data, status) in BAD.items():
        answer = raw(server, data + SECOND * 2)
        # One answer only: nothing behind it was taken for a request.
        assert answer.startswith(b"HTTP/1.1 %d " % status), (name, answer)
        assert answer.count(b'"error"') == 1, (name, answer)
        assert b'"status"' not in answer, (name, answer)
        assert b"Connection: close" in answer, (name, answer)
    # Byte by byte the same.
    for name in ("length and chunked", "bare LF", "two Content-Lengths"):
        data, status = BAD[name]
        with connect(server) as connection:
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            try:
                for i in range(len(data)):
                    connection.sendall(data[i:i + 1])
                    time.sleep(0.0002)
            except OSError:
                pass
            assert statuses(read_all(connection)) == [status], name
    assert all(e["event"] != "request" for e in server.log()), server.log()
    alive(server)
    assert server.stop() == 0


def a_good_request_before_a_bad_one_is_answered(world):
    server = Server(world, world.aws())
    answer = raw(server, SECOND + post(PING) + BAD["length and chunked"][0] +
                 SECOND)
    assert statuses(answer) == [200, 200, 400], answer
    server.stop()


def many_requests_in_one_write_are_answered_in_order(world):
    server = Server(world, world.aws())
    burst = b"".join(post('{"jsonrpc":"2.0","id":%d,"method":"ping"}' % i)
                     for i in range(100))
    answer = raw(server, burst + b"GET / HTTP/1.1\r\n" + HOST +
                 b"Connection: close\r\n\r\n")
    assert statuses(answer) == [200] * 101
    at = 0
    for i in range(100):
        at = answer.index(b'"id":%d,' % i, at)
    server.stop()


def old_clients_and_other_methods(world):
    server = Server(world, world.aws())
    answer = raw(server, b"GET /health HTTP/1.0\r\n\r\n")
    assert answer.endswith(b'{"status":"ok"}'), answer
    close = b"Connection: close\r\n\r\n"
    for line, status in ((b"HEAD /health", 200), (b"HEAD /mcp", 405),
                         (b"HEAD /none", 404)):
        answer = raw(server, line + b" HTTP/1.1\r\n" + HOST + close)
        assert statuses(answer) == [status], answer
        assert answer.endswith(b"\r\n\r\n"), answer
        assert b"Content-Length: " in answer, answer
    for line, status in ((b"GET /mcp", 405), (b"DELETE /mcp", 405),
                         (b"TRACE /mcp", 405), (b"OPTIONS /mcp", 204),
                         (b"CONNECT evil.example:443", 405)):
        answer = raw(server, line + b" HTTP/1.1\r\n" + HOST + close)
        assert statuses(answer) == [status], answer
    server.stop()


def rebinding_is_refused(world):
    server = Server(world, world.aws())
    for fields, status in (
            ("Host: evil.example", 403),
            ("Host: localhost.evil.example", 403),
            ("Host: 127.0.0.1.evil.example", 403),
            ("Host: LOCALHOST:99", 200),
            ("Host: [::1]:99", 200),
            ("Host: localhost\r\nOrigin: http://evil.example", 403),
            ("Host: localhost\r\nOrigin: null", 403),
            ("Host: localhost\r\nOrigin: http://localhost.evil.example", 403),
            ("Host: localhost\r\nOrigin: http://[::1].evil.example", 403),
            ("Host: localhost\r\nOrigin: http://localhost:1@evil.example",
             403),
            ("Host: localhost\r\nOrigin: http://localhost\r\n"
             "Origin: http://evil.example", 403),
            ("Host: localhost\r\nOrigin: http://localhost:3000", 200)):
        for head in ("GET /mcp/tools", "POST /mcp"):
            body = PING.decode() if head == "POST /mcp" else ""
            answer = raw(server, (
                f"{head} HTTP/1.1\r\n{fields}\r\nConnection: close\r\n"
                "Content-Type: application/json\r\n"
                f"Content-Length: {len(body)}\r\n\r\n{body}").encode())
            assert statuses(answer) == [status], (fields, answer)
    answer = raw(server, b"GET http://evil.example/health HTTP/1.1\r\n" +
                 HOST + b"Connection: close\r\n\r\n")
    assert statuses(answer) == [403], answer
    server.stop()


def nested(n):
    return ('{"jsonrpc":"2.0","id":1,"method":"ping","params":{"a":' +
            "[" * n + "]" * n + "}}")


# body, error code, position, what the sentence has to say
BROKEN = (
    ("", -32700, 0, "ends"),
    ("[" * 100 + "]" * 100, -32700, 64, "nested too deeply"),
    ("{" * 70, -32700, 1, ""),
    (b'{"jsonrpc":"2.0","id":1,"method":"pi\xff"}', -32700, 36, "UTF-8"),
    (b'{"jsonrpc":"2.0","id":1,"method":"\xed\xa0\x80"}', -32700, 34,
     "UTF-8"),
    (b'{"jsonrpc":"2.0","id":1,"method":"\xc0\x80"}', -32700, 34, "UTF-8"),
    ('{"jsonrpc":"2.0","id":1,"method":"\\ud800"}', -32700, 34, "surrogate"),
    ('{"jsonrpc":"2.0","id":1,"id":2,"method":"ping"}', -32700, 24, "twice"),
    ('{"jsonrpc":"2.0","id":' + "9" * 2000 + "}", -32700, 22, "number"),
    ('{"jsonrpc":"2.0","id":01,"method":"ping"}', -32700, 23, "number"),
    (b'{"jsonrpc":"2.0","id":1,"method":"ping\0"}', -32700, 38, "control"),
    (PING + b"x", -32700, 40, "behind"),
    ('{"jsonrpc":"2.0","id":1e999,"method":"ping"}', -32600, 22, "id"),
    ('{"jsonrpc":"2.0","id":{},"method":"ping"}', -32600, 22, "id"),
    ('{"jsonrpc":"2.0","id":null,"method":"ping"}', -32600, 22, "id"),
    ('{"jsonrpc":"2.0","id":1.5,"method":"ping"}', -32600, 22, "id"),
    ('{"jsonrpc":"2.0","id":1,"method":5}', -32600, 33, "method"),
    ('{"jsonrpc":"1.0","id":1,"method":"ping"}', -32600, 11, "jsonrpc"),
    ('{"jsonrpc":"2.0","id":1,"method":"ping","params":3}', -32600, 49,
     "params"),
)


def broken_json_gets_code_and_position_in_both_eras(world):
    server = Server(world, world.aws())
    for fields in (b"", MODERN):
        for body, code, at, word in BROKEN:
            answer = raw(server, post(body, fields +
                                      b"Connection: close\r\n"))
            head, _, text = answer.partition(b"\r\n\r\n")
            assert head.startswith(b"HTTP/1.1 400 "), (body, answer)
            error = json.loads(text)["error"]
            assert error["code"] == code, (body, error)
            assert f"at byte {at}: " in error["message"], (body, error)
            assert word in error["message"], (body, error)
    alive(server)
    server.stop()


def wrong_types_are_named(world):
    server = Server(world, world.aws())
    for params, word in ((5, "params"), ({"name": 5}, "name"),
                         ({"name": "whoami", "arguments": []}, "arguments"),
                         ({"name": "nobody"}, "nobody")):
        reply = server.rpc("tools/call", params)
        assert reply["error"]["code"] in (-32600, -32602), reply
        assert word in reply["error"]["message"], reply
    for body in ('{"name":"describe_alarms","arguments":{"max_items":1e400}}',
                 '{"name":"describe_alarms","arguments":{"max_items":"x"}}'):
        answer = raw(server, post(
            '{"jsonrpc":"2.0","id":1,"method":"tools/call","params":' + body +
            "}", b"Connection: close\r\n"))
        result = json.loads(answer.partition(b"\r\n\r\n")[2])["result"]
        assert result["isError"], result
        assert "max_items" in result["content"][0]["text"], result
    server.stop()


def header_injection_through_arguments_is_refused(world):
    server = Server(world, world.aws())
    before = world.stats()["requests"]
    for region in ("eu-central-1\r\nX: y", "evil.example/", "a.b", "..",
                   "us-east-1@evil.example", "us-east-1#", "x" * 500, "\0"):
        result = server.call("whoami", region=region)
        assert result["isError"], result
    for profile in ("a\r\nX: y", "../../etc/passwd", "x" * 5000, "[x]"):
        result = server.call("whoami", profile_name=profile)
        assert result["isError"], result
        assert "root:" not in result["content"][0]["text"], result
    assert world.stats()["requests"] == before
    alive(server)
    server.stop()


def idle_connections_cost_little_and_delay_nobody(world):
    server = Server(world, world.aws(), "--idle-timeout", "3")
    ceiling = [e for e in server.log() if e["event"] == "start"][0][
        "memory_max_bytes"]
    before, fds = resident(server), descriptors(server)
    crowd = [connect(server) for _ in range(1800)]
    # Half of them say something and fall silent.
    for i, connection in enumerate(crowd):
        if i % 2:
            connection.sendall(SECOND)
    slowest = 0
    for _ in range(20):
        start = time.monotonic()
        alive(server)
        slowest = max(slowest, time.monotonic() - start)
    assert slowest < 1, slowest
    if memory_is_its_own(world):
        assert resident(server) < ceiling
        each = (resident(server) - before) / len(crowd)
        assert each < 10000, each
    assert eventually(lambda: descriptors(server) <= fds + 5, 10)
    for connection in crowd:
        connection.close()
    server.stop()


def slow_clients_are_timed_out_and_delay_nobody(world):
    server = Server(world, world.aws())
    slow = connect(server)
    slow.sendall(b"POST /mcp HTTP/1.1\r\nHost: ")
    start = time.monotonic()
    answer = b""
    slow.settimeout(0.2)
    while time.monotonic() - start < 14:
        try:
            slow.sendall(b"l")
            piece = slow.recv(4096)
            if not piece:
                break
            answer += piece
        except socket.timeout:
            alive(server)
        except OSError:
            break
    took = time.monotonic() - start
    assert 9 < took < 13, took
    assert statuses(answer) in ([408], []), answer
    slow.close()
    server.stop()


def slow_call(number=1, progress=False):
    params = {"name": "get_active_alarms", "arguments": {}}
    if progress:
        params["_meta"] = {"progressToken": "p"}
    return json.dumps({"jsonrpc": "2.0", "id": number, "method": "tools/call",
                       "params": params})


def broken_off_calls_leave_nothing_behind(world):
    server = Server(world, world.aws(), "--workers", "4")
    server.call("whoami")
    fds = descriptors(server)
    world.faults("slow:300@DescribeAlarms")
    for i in range(1000):
        connection = connect(server)
        data = post(slow_call(i, progress=i % 2 == 0))
        if i % 4 == 0:
            connection.sendall(data[:len(data) // 2])
        else:
            connection.sendall(data)
        if i % 3 == 0:  # reset
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER,
                                  struct.pack("ii", 1, 0))
        connection.close()
        if i % 100 == 0:
            alive(server)
    world.faults("")
    assert eventually(lambda: descriptors(server) <= fds + 8, 20), \
        (fds, descriptors(server))
    result = server.call("get_active_alarms")
    assert not result.get("isError"), result
    assert server.stop() == 0


def a_half_closed_request_is_still_answered(world):
    server = Server(world, world.aws())
    for body in (PING, slow_call().encode()):
        with connect(server) as connection:
            connection.sendall(post(body))
            connection.shutdown(socket.SHUT_WR)
            answer = read_all(connection)
            assert statuses(answer) == [200], answer
    # Half a request is none.
    with connect(server) as connection:
        connection.sendall(POST)
        connection.shutdown(socket.SHUT_WR)
        assert read_all(connection) == b""
    server.stop()


def a_storm_gets_503_and_the_server_recovers(world):
    server = Server(world, world.aws(), "--workers", "1", "--queue", "2")
    world.faults("slow:400@DescribeAlarms")
    results, lock = [], threading.Lock()

    def one():
        with connect(server, 60) as connection:
            connection.sendall(post(slow_call(), b"Connection: close\r\n"))
            answer = read_all(connection)
        with lock:
            results.append(answer)

    threads = [threading.Thread(target=one) for _ in range(40)]
    for thread in threads:
        thread.start()
    for _ in range(5):
        start = time.monotonic()
        alive(server)
        assert time.monotonic() - start < 1
    for thread in threads:
        thread.join()
    codes = [statuses(r)[0] for r in results]
    assert len(codes) == 40 and set(codes) == {200, 503}, codes
    for answer in results:
        if b"HTTP/1.1 503" in answer:
            assert b"Retry-After: 1" in answer, answer
    world.faults("")
    assert not server.call("get_active_alarms").get("isError")
    server.stop()


def memory_is_its_own(world):
    """Neither a sanitizer's nor an emulator's counts with it."""
    return not any(w in world.program for w in ("asan", "emulated"))


def failed_handshakes_leave_nothing_behind(world):
    front = TlsFront(world.certificates.leaf("stranger", "localhost",
                                             authority="other"),
                     world.endpoint_port)
    server = Server(world, world.aws(
        AWS_ENDPOINT_URL=f"https://localhost:{front.port}",
        AWS_MAX_ATTEMPTS="1"))
    body = ('{"jsonrpc":"2.0","id":1,"method":"tools/call","params":'
            '{"name":"describe_log_groups","arguments":{}}}')

    def calls(n):
        for _ in range(n):
            assert b'"isError":true' in raw(server, post(
                body, b"Connection: close\r\n"))
    calls(50)
    before, fds = resident(server), descriptors(server)
    calls(500)
    assert eventually(lambda: descriptors(server) <= fds + 2)
    if memory_is_its_own(world):
        assert resident(server) - before < 128 * 1024
    server.stop()
    front.close()


def memory_does_not_grow(world):
    if not memory_is_its_own(world):
        return
    server = Server(world, world.aws())
    burst = post(PING) * 200

    def rounds(n):
        with connect(server) as connection:
            for _ in range(n):
                connection.sendall(burst)
                left = 200
                tail = b""
                while left > 0:
                    data = tail + connection.recv(1 << 20)
                    left -= data.count(b'"result":{}}')
                    tail = data[-11:] if not data.endswith(b"}}") else b""
    rounds(20)
    before = resident(server)
    rounds(200)
    assert resident(server) - before < 256 * 1024, resident(server) - before
    server.stop()


def two_signals_end_at_once(world):
    server = Server(world, world.aws())
    world.faults("slow:20000@DescribeAlarms")
    connection = connect(server)
    connection.sendall(post(slow_call()))
    time.sleep(0.3)
    server.process.send_signal(signal.SIGTERM)
    time.sleep(0.3)
    assert server.process.poll() is None
    start = time.monotonic()
    server.process.send_signal(signal.SIGTERM)
    status = server.process.wait(10)
    assert time.monotonic() - start < 5
    assert status in (0, 1), status
    connection.close()
    world.faults("")


def stdio_goes_on_after_anything(world):
    client = Stdio(world, world.aws())
    for body, code, at, word in BROKEN:
        if isinstance(body, str):
            body = body.encode()
        if body == b"":
            continue
        client.send_raw(body + b"\n")
        error = client.read()["error"]
        assert error["code"] == code, (body, error)
        assert f"at byte {at}: " in error["message"], (body, error)
        assert word in error["message"], (body, error)
    client.send_raw(b"\n\r\n  \n")
    client.send_raw(b'{"a":"' + b"x" * (1 << 21) + b'"}\n')
    error = client.read()["error"]
    assert error["code"] == -32600 or error["code"] == -32700, error
    assert client.ask("ping", number=7)["id"] == 7
    client.send_raw(PING + b"\r\n")
    assert client.read()["id"] == 1
    # A last line without its end, then the end of the parent.
    client.send_raw(b'{"jsonrpc":')
    assert client.close() == 0


def stdio_ends_with_its_parent(world):
    client = Stdio(world, world.aws())
    assert client.ask("ping")["id"] == 1
    world.faults("slow:20000@DescribeAlarms")
    client.send_raw(slow_call().encode() + b"\n")
    time.sleep(0.2)
    start = time.monotonic()
    client.process.stdin.close()
    client.process.stdout.close()
    status = client.process.wait(20)
    assert time.monotonic() - start < 10 and status in (0, 1), status
    world.faults("")


TESTS = [v for k, v in list(globals().items())
         if callable(v) and getattr(v, "__code__", None) is not None and
         v.__code__.co_varnames[:1] == ("world",) and v.__module__ == __name__]


def main():
    world = World(sys.argv[1])
    try:
        failed = run(TESTS, world)
    finally:
        world.close()
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
