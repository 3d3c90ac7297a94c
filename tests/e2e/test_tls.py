#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The program serving https: with clients of OpenSSL and curl, with files that
cannot be used, with files that change, and with clients that misbehave.

usage: test_tls.py PROGRAM
"""
import http.client
import os
import resource
import shutil
import socket
import ssl
import subprocess
import sys
import time

from world import Server, World, run

PING = b'{"jsonrpc":"2.0","id":1,"method":"ping"}'
HEADERS = {"Content-Type": "application/json",
           "Accept": "application/json, text/event-stream"}
HEALTH = b"GET /health HTTP/1.1\r\nHost: localhost\r\n\r\n"


def pair(world, name, kind="ec"):
    """A certificate for localhost and its key, in the forms of openssl."""
    crt, key = world.certificates.leaf(name, "localhost")
    if kind == "ec":
        return crt, key
    rsa = crt + ".rsa"
    words = ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes",
             "-days", "1", "-subj", "/CN=localhost", "-addext",
             "subjectAltName=DNS:localhost", "-keyout", rsa + ".key",
             "-out", rsa + ".pem"]
    subprocess.run(words, check=True, capture_output=True)
    return rsa + ".pem", rsa + ".key"


def serve(world, crt, key, *words, **env):
    # The port is read from the log; plain http from this machine works too.
    return Server(world, env, "--demo", "--tls-cert", crt, "--tls-key", key,
                  *words)


def trust(world, crt=None):
    context = ssl.create_default_context(cafile=crt or world.certificates.ca)
    return context


def connect(server, context, timeout=20):
    raw = socket.create_connection(("127.0.0.1", server.port), timeout)
    return context.wrap_socket(raw, server_hostname="localhost")


def ask(server, context, body=PING):
    connection = http.client.HTTPSConnection(
        "localhost", server.port, context=context, timeout=20)
    connection.request("POST", "/mcp", body, HEADERS)
    response = connection.getresponse()
    data = response.read()
    connection.close()
    return response.status, data


def read_all(connection):
    data = b""
    while True:
        piece = connection.recv(65536)
        if not piece:
            return data
        data += piece


def peer_name(server, context):
    with connect(server, context) as connection:
        return connection.getpeercert()["serialNumber"]


def https_is_spoken_with_either_kind_of_key(world):
    for kind in ("ec", "rsa"):
        crt, key = pair(world, "kind-" + kind, kind)
        server = serve(world, crt, key)
        context = trust(world, crt if kind == "rsa" else None)
        status, body = ask(server, context)
        assert status == 200 and b"result" in body, body
        with connect(server, context) as connection:
            name, version, _ = connection.cipher()
            assert version == "TLSv1.2", version
            assert name.startswith("ECDHE-"), name
            assert "GCM" in name or "CHACHA20" in name, name
        start = [e for e in server.log() if e["event"] == "start"][0]
        assert start["front"] == "https", start
        assert server.stop() == 0


def keys_of_all_forms_are_read(world):
    crt, key = pair(world, "forms")
    crt_rsa, key_rsa = pair(world, "forms2", "rsa")
    old = os.path.join(world.folder, "old.key")
    for source, cert, kind in ((key, crt, "ec"), (key_rsa, crt_rsa, "rsa")):
        words = ["openssl", kind, "-in", source, "-out", old]
        if kind == "rsa":
            words.append("-traditional")
        subprocess.run(words, check=True, capture_output=True)
        with open(old, encoding="ascii") as f:
            assert kind.upper() + " PRIVATE KEY" in f.read()
        server = serve(world, cert, old)
        assert server.stop() == 0


def curl_and_the_health_command_agree(world):
    crt, key = pair(world, "curl")
    server = serve(world, crt, key)
    url = f"https://localhost:{server.port}/health"
    done = subprocess.run(
        ["curl", "-sS", "--cacert", world.certificates.ca, url, url],
        capture_output=True, timeout=20, check=True)
    assert done.stdout.count(b'"ok"') == 2, done
    plain = world.start(["health", "--port", str(server.port)], {})
    assert plain.wait(20) == 0
    assert server.stop() == 0


def sentence(world, *words, **env):
    """What a start that fails says, and its status."""
    process = world.start(["--demo", "--port", "0", *words], env,
                          stderr=subprocess.PIPE)
    text = process.stderr.read().decode()
    return process.wait(20), text


def files_that_cannot_be_used_stop_the_start(world):
    crt, key = pair(world, "bad")
    _, other = pair(world, "bad2")
    missing = os.path.join(world.folder, "missing.pem")
    locked = os.path.join(world.folder, "locked.key")
    subprocess.run(["openssl", "ec", "-in", key, "-aes128", "-passout",
                    "pass:x", "-out", locked], check=True,
                   capture_output=True)
    cases = (
        ((crt, None), "together or not at all"),
        ((None, key), "together or not at all"),
        ((crt, other), "is not that of the first certificate"),
        ((missing, key), "cannot be read"),
        ((crt, missing), "cannot be read"),
        ((key, crt), "no certificate"),
        ((crt, crt), "no private key"),
        ((crt, locked), "encrypted"),
    )
    for (cert, secret), want in cases:
        env = {}
        if cert:
            env["CLOUDWATCH_MCP_TLS_CERT"] = cert
        if secret:
            env["CLOUDWATCH_MCP_TLS_KEY"] = secret
        status, text = sentence(world, **env)
        assert status == 2, (status, text)
        assert want in text, text
        assert text.count("\n") == 1, text
        assert "-----" not in text


def a_renewed_pair_is_taken_and_a_broken_one_is_not(world):
    crt, key = (os.path.join(world.folder, n) for n in ("now.crt", "now.key"))
    first, second = pair(world, "first"), pair(world, "second")
    shutil.copy(first[0], crt)
    shutil.copy(first[1], key)
    server = serve(world, crt, key)
    context = trust(world)
    before = peer_name(server, context)
    kept = connect(server, context)
    # half of a renewal: the old pair stays, and it is said once
    shutil.copy(second[0], crt)
    deadline = time.monotonic() + 20
    while time.monotonic() < deadline and not said(server, True):
        time.sleep(0.1)
    time.sleep(6)
    assert len(said(server, True)) == 1, server.log()
    assert peer_name(server, context) == before
    shutil.copy(second[1], key)
    while time.monotonic() < deadline + 20 and not said(server, False):
        time.sleep(0.1)
    assert peer_name(server, context) != before
    # who was there before goes on
    kept.sendall(HEALTH)
    assert b"200 OK" in kept.recv(65536)
    kept.close()
    assert server.stop() == 0


def said(server, kept):
    return [e for e in server.log()
            if e["event"] == "tls_certificate" and e["kept"] == kept]


def sessions_are_resumed(world):
    crt, key = pair(world, "resume")
    server = serve(world, crt, key)
    context = trust(world)
    context.maximum_version = ssl.TLSVersion.TLSv1_2
    first = connect(server, context)
    raw = socket.create_connection(("127.0.0.1", server.port), 20)
    again = context.wrap_socket(raw, server_hostname="localhost",
                                session=first.session)
    assert again.session_reused
    first.close()
    again.close()
    assert server.stop() == 0


def old_versions_and_weak_suites_are_refused(world):
    crt, key = pair(world, "weak")
    server = serve(world, crt, key)
    for cipher in ("AES128-SHA", "ECDHE-ECDSA-AES128-SHA",
                   "ECDHE-ECDSA-AES128-SHA256"):
        context = trust(world)
        context.maximum_version = ssl.TLSVersion.TLSv1_2
        context.set_ciphers(cipher + ":@SECLEVEL=0")
        try:
            connect(server, context)
            raise AssertionError(cipher)
        except ssl.SSLError:
            pass
    context = trust(world)
    context.minimum_version = ssl.TLSVersion.TLSv1_3
    try:
        connect(server, context)
        raise AssertionError("TLS 1.3")
    except ssl.SSLError:
        pass
    assert ask(server, trust(world))[0] == 200
    assert server.stop() == 0


def a_half_closed_client_gets_its_answer(world):
    crt, key = pair(world, "half")
    server = serve(world, crt, key)
    with connect(server, trust(world)) as connection:
        connection.sendall(HEALTH)
        # The socket below: no close_notify, as a process that is killed.
        raw = socket.socket(fileno=os.dup(connection.fileno()))
        raw.shutdown(socket.SHUT_WR)
        assert b'"ok"' in connection.recv(65536)
        raw.close()
    assert ask(server, trust(world))[0] == 200
    assert server.stop() == 0


def a_closing_server_says_goodbye(world):
    crt, key = pair(world, "bye")
    server = serve(world, crt, key, "--idle-timeout", "1")
    with connect(server, trust(world)) as connection:
        connection.sendall(HEALTH.replace(b"\r\n\r\n",
                                          b"\r\nConnection: close\r\n\r\n"))
        # recv() raises on an end without close_notify
        assert b'"ok"' in read_all(connection)
    with connect(server, trust(world)) as connection:
        connection.sendall(HEALTH)
        assert b'"ok"' in read_all(connection)
    assert server.stop() == 0


def slow_handshakes_are_given_up(world):
    crt, key = pair(world, "slow")
    server = serve(world, crt, key)
    start = time.monotonic()
    slow = [socket.create_connection(("127.0.0.1", server.port), 20)
            for _ in range(8)]
    for i, connection in enumerate(slow):
        connection.sendall(b"\x16\x03\x01\x02\x00\x01\x00\x01"[:i])
    assert ask(server, trust(world))[0] == 200
    for connection in slow:
        try:
            assert connection.recv(100) == b""
        except ConnectionResetError:
            pass
        connection.close()
    assert 8 < time.monotonic() - start < 15
    assert server.stop() == 0


def hostile_bytes_disturb_nobody(world):
    crt, key = pair(world, "hostile")
    server = serve(world, crt, key)
    for data in (b"\x16\x03\x01\xff\xff" + b"A" * 4000, b"\x16" * 5000,
                 b"\x16\x03\x01\x00\x04\x01\x00\x00\x00"):
        with socket.create_connection(("127.0.0.1", server.port), 20) as c:
            c.sendall(data)
            try:
                assert b"HTTP" not in read_all(c)
            except ConnectionResetError:
                pass
    assert ask(server, trust(world))[0] == 200
    assert server.stop() == 0


def memory(process):
    """Resident bytes."""
    with open(f"/proc/{process.pid}/statm", encoding="ascii") as f:
        return int(f.read().split()[1]) * resource.getpagesize()


def five_hundred_clients_at_once_are_served(world):
    crt, key = pair(world, "many")
    server = serve(world, crt, key)
    context = trust(world)
    before = memory(server.process)
    clients = [connect(server, context, 60) for _ in range(512)]
    for client in clients:
        client.sendall(HEALTH)
    for client in clients:
        assert b'"ok"' in client.recv(65536)
    each = (memory(server.process) - before) / len(clients)
    print(f"{each:.0f} bytes resident for each idle TLS connection")
    if "asan" not in world.program:
        assert each < 32 * 1024, each
    for client in clients:
        client.sendall(HEALTH)
        assert b'"ok"' in client.recv(65536)
        client.close()
    assert server.stop() == 0


def main():
    world = World(sys.argv[1])
    try:
        return run([
            https_is_spoken_with_either_kind_of_key,
            keys_of_all_forms_are_read,
            curl_and_the_health_command_agree,
            files_that_cannot_be_used_stop_the_start,
            a_renewed_pair_is_taken_and_a_broken_one_is_not,
            sessions_are_resumed,
            old_versions_and_weak_suites_are_refused,
            a_half_closed_client_gets_its_answer,
            a_closing_server_says_goodbye,
            slow_handshakes_are_given_up,
            hostile_bytes_disturb_nobody,
            five_hundred_clients_at_once_are_served,
        ], world)
    finally:
        world.close()


if __name__ == "__main__":
    sys.exit(1 if main() else 0)
