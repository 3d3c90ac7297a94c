#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Outbound proxies, and keys that come from services: instance metadata,
container agent, web identity, assumed roles; all of them on loopback.

usage: test_proxy.py PROGRAM
"""
import base64
import http.server
import json
import os
import socket
import sys
import threading
import time
import urllib.parse
import urllib.request

from world import READER, Server, World, copy, run


def text_of(result):
    return result["content"][0]["text"]


def check_ok(result):
    assert not result.get("isError"), text_of(result)
    return result["structuredContent"]


def check_error(result, *parts):
    assert result.get("isError"), result
    for part in parts:
        assert part in text_of(result), f"{part!r} not in {text_of(result)!r}"


class Proxy:
    """A forward proxy: CONNECT, or the absolute form of plain HTTP."""

    def __init__(self, mode="serve", user=None):
        self.mode, self.user = mode, user
        self.lines = []
        self.socket = socket.create_server(("127.0.0.1", 0), backlog=64)
        self.port = self.socket.getsockname()[1]
        threading.Thread(target=self._accept, daemon=True).start()

    def url(self, user=""):
        return f"http://{user}127.0.0.1:{self.port}"

    def _accept(self):
        while True:
            try:
                client, _ = self.socket.accept()
            except OSError:
                return
            threading.Thread(target=self._serve, args=(client,),
                             daemon=True).start()

    def _serve(self, client):
        head = b""
        while b"\r\n\r\n" not in head:
            piece = client.recv(65536)
            if not piece:
                client.close()
                return
            head += piece
        line = head.split(b"\r\n")[0].decode()
        self.lines.append(head.decode(errors="replace"))
        wanted = b"" if self.user is None else (
            b"\r\nProxy-Authorization: Basic " +
            base64.b64encode(self.user.encode()) + b"\r\n")
        if self.mode == "hang":
            time.sleep(30)
            client.close()
        elif self.mode == "cut":
            client.close()
        elif self.mode == "refuse":
            self._end(client, b"HTTP/1.1 403 Forbidden\r\n"
                      b"Content-Length: 0\r\n\r\n")
        elif self.mode == "inject":
            self._end(client, b"HTTP/1.1 200 OK\r\n\r\nHTTP/1.1 200 OK\r\n"
                      b"Content-Length: 2\r\n\r\n{}")
        elif wanted not in head:
            self._end(client, b"HTTP/1.1 407 Proxy Authentication Required"
                      b"\r\nProxy-Authenticate: Basic realm=x\r\n"
                      b"Content-Length: 0\r\n\r\n")
        else:
            self._pass_on(client, line, head)

    @staticmethod
    def _end(client, data):
        client.sendall(data)
        client.shutdown(socket.SHUT_WR)
        client.close()

    def _pass_on(self, client, line, head):
        method, target, _ = line.split(" ")
        tunnel = method == "CONNECT"
        address = target if tunnel else urllib.parse.urlsplit(target).netloc
        host, port = address.rsplit(":", 1)
        back = socket.create_connection((host, int(port)))
        if tunnel:
            client.sendall(b"HTTP/1.1 200 Connection established\r\n\r\n")
        else:
            path = urllib.parse.urlsplit(target).path.encode()
            back.sendall(head.replace(target.encode(), path, 1))
        threading.Thread(target=copy, args=(back, client),
                         daemon=True).start()
        copy(client, back)

    def close(self):
        # close() alone leaves it listening while a thread waits in accept().
        self.socket.shutdown(socket.SHUT_RDWR)
        self.socket.close()


def https_goes_through_the_proxy_and_no_proxy_around_it(world):
    proxy = Proxy(user="me:p@ss:word")
    server = Server(world, world.aws(
        HTTPS_PROXY=proxy.url("me:p%40ss%3Aword@")), "--log-level", "DEBUG")
    check_ok(server.call("get_active_alarms"))
    assert proxy.lines[0].startswith(
        f"CONNECT localhost:{world.tls.port} HTTP/1.1\r\n"), proxy.lines[0]
    assert READER[0] not in "".join(proxy.lines)
    server.stop()
    with open(server.log_path, encoding="utf-8") as log:
        assert "p@ss" not in log.read()
    before = len(proxy.lines)
    for no_proxy in ("localhost", "*", "example.com, .localhost",
                     f"localhost:{world.tls.port}"):
        server = Server(world, world.aws(HTTPS_PROXY=proxy.url(),
                                         NO_PROXY=no_proxy))
        check_ok(server.call("get_active_alarms"))
        server.stop()
    assert len(proxy.lines) == before, proxy.lines[before:]
    proxy.close()


def plain_http_goes_through_its_proxy(world):
    proxy = Proxy()
    endpoint = f"http://localhost:{world.endpoint_port}"
    server = Server(world, world.aws(HTTP_PROXY=proxy.url(),
                                     AWS_ENDPOINT_URL=endpoint))
    check_ok(server.call("get_active_alarms"))
    assert proxy.lines[0].startswith(f"POST {endpoint}/ HTTP/1.1\r\n")
    server.stop()
    proxy.close()


def a_proxy_that_fails_is_named(world):
    once = {"AWS_MAX_ATTEMPTS": "1"}
    proxy = Proxy(user="me:secret")
    server = Server(world, world.aws(
        HTTPS_PROXY=proxy.url("me:wrong@"), **once))
    result = server.call("get_active_alarms")
    check_error(result, f"127.0.0.1:{proxy.port}", "407",
                "HTTPS_PROXY needs the right user and password")
    assert "wrong" not in text_of(result)
    server.stop()
    proxy.close()
    for mode, part in (("refuse", "403"), ("inject", "data of its own"),
                       ("cut", "proxy")):
        proxy = Proxy(mode)
        server = Server(world, world.aws(HTTPS_PROXY=proxy.url(), **once))
        check_error(server.call("get_active_alarms"), part,
                    str(proxy.port))
        server.stop()
        proxy.close()
    proxy = Proxy()
    proxy.close()
    server = Server(world, world.aws(HTTPS_PROXY=proxy.url(), **once))
    check_error(server.call("get_active_alarms"), str(proxy.port))
    server.stop()


def a_proxy_that_hangs_costs_the_time_allowed(world):
    proxy = Proxy("hang")
    server = Server(world, world.aws(HTTPS_PROXY=proxy.url(),
                                     AWS_MAX_ATTEMPTS="1"),
                    "--call-timeout", "2")
    start = time.monotonic()
    result = server.call("get_active_alarms")
    assert time.monotonic() - start < 5
    check_error(result, "proxy", "time")
    server.stop()
    proxy.close()


# ---- services that hand out keys ----

class Agent:
    """Instance metadata and container agent in one."""

    def __init__(self, world):
        self.world = world
        self.seen = []
        self.token = None       # Authorization that is wanted
        self.life_s = 3600
        self.status = 200
        self.mute = False
        agent = self

        class Handler(http.server.BaseHTTPRequestHandler):
            """Answers as the real ones do."""

            def log_message(self, *_):
                pass

            def do_PUT(self):
                """The session token of IMDSv2."""
                agent.seen.append("PUT " + self.path)
                if agent.mute:
                    time.sleep(3)
                ttl = self.headers["x-aws-ec2-metadata-token-ttl-seconds"]
                self.answer(200 if ttl else 400, "metadata-session")

            def do_GET(self):
                """Everything else."""
                agent.seen.append("GET " + self.path)
                agent.get(self)

            def answer(self, status, text):
                """Writes the whole answer."""
                data = text.encode()
                self.send_response(status)
                self.send_header("Content-Length", str(len(data)))
                self.end_headers()
                self.wfile.write(data)

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0),
                                                      Handler)
        # A client that went away is part of the tests.
        self.server.handle_error = lambda *_: None
        self.port = self.server.server_address[1]
        threading.Thread(target=self.server.serve_forever,
                         daemon=True).start()

    def url(self, path=""):
        return f"http://127.0.0.1:{self.port}{path}"

    def get(self, request):
        base = "/latest/meta-data/"
        if request.path.startswith(base):
            if request.headers["x-aws-ec2-metadata-token"] != \
                    "metadata-session":
                request.answer(401, "")
            elif request.path == base + "placement/region":
                request.answer(200, "eu-central-1")
            elif request.path == base + "iam/security-credentials/":
                request.answer(200, "instance-reader")
            else:
                request.answer(self.status, self.keys())
        elif self.token is not None and \
                request.headers["Authorization"] != self.token:
            request.answer(401, '{"message":"no"}')
        else:
            request.answer(self.status, self.keys())

    def keys(self):
        end = time.gmtime(time.time() + self.life_s)
        temporary = session_keys(self.world)
        return json.dumps({
            "Code": "Success", "AccessKeyId": temporary[0],
            "SecretAccessKey": temporary[1], "Token": temporary[2],
            "Expiration": time.strftime("%Y-%m-%dT%H:%M:%SZ", end)})

    def close(self):
        self.server.shutdown()
        self.server.server_close()


def session_keys(world):
    """Temporary keys of the demo account, as its STS hands them out."""
    form = urllib.parse.urlencode({
        "Action": "AssumeRoleWithWebIdentity", "Version": "2011-06-15",
        "RoleArn": "arn:aws:iam::123456789012:role/handed-out",
        "RoleSessionName": "tests", "WebIdentityToken": "any"})
    with urllib.request.urlopen(f"http://127.0.0.1:{world.endpoint_port}/",
                                form.encode()) as answer:
        text = answer.read().decode()

    def element(name):
        return text.split(f"<{name}>")[1].split("<")[0]
    return (element("AccessKeyId"), element("SecretAccessKey"),
            element("SessionToken"))


def nothing_secret_in(server, *words):
    with open(server.log_path, encoding="utf-8") as log:
        text = log.read()
    for word in words:
        assert word not in text, word


def keyless(world, **more):
    return world.aws(AWS_ACCESS_KEY_ID=None, AWS_SECRET_ACCESS_KEY=None,
                     **more)


def an_instance_gives_keys_and_region(world):
    agent = Agent(world)
    proxy = Proxy("refuse")
    server = Server(world, keyless(
        world, AWS_REGION=None, AWS_EC2_METADATA_DISABLED="false",
        AWS_EC2_METADATA_SERVICE_ENDPOINT=agent.url(),
        HTTP_PROXY=proxy.url()), "--log-level", "DEBUG")
    data = check_ok(server.call("whoami"))
    assert data["region"] == "eu-central-1", data
    assert "instance role instance-reader" in data["credential_source"], data
    check_ok(server.call("get_active_alarms"))
    assert agent.seen.count("GET /latest/meta-data/placement/region") == 1
    assert proxy.lines == []
    server.stop()
    nothing_secret_in(server, "metadata-session", "demo/temporary/",
                      "demo-session.")
    agent.close()
    proxy.close()


def a_silent_instance_service_costs_a_second(world):
    agent = Agent(world)
    agent.mute = True
    server = Server(world, world.aws(
        AWS_REGION=None, AWS_EC2_METADATA_DISABLED="false",
        AWS_EC2_METADATA_SERVICE_ENDPOINT=agent.url()))
    start = time.monotonic()
    data = check_ok(server.call("get_active_alarms"))
    assert 0.8 < time.monotonic() - start < 3
    assert data["region"] == "us-east-1", data
    start = time.monotonic()
    check_ok(server.call("get_active_alarms"))
    assert time.monotonic() - start < 0.8
    server.stop()
    server = Server(world, world.aws(
        AWS_EC2_METADATA_DISABLED="false",
        AWS_EC2_METADATA_SERVICE_ENDPOINT=agent.url()))
    seen = len(agent.seen)
    check_ok(server.call("get_active_alarms"))
    assert len(agent.seen) == seen
    server.stop()
    agent.close()


def a_container_agent_gives_keys_and_reads_its_token_anew(world):
    agent = Agent(world)
    agent.life_s = 15  # usable for 5 s: the margin is 10
    path = os.path.join(world.folder, "agent-token")

    def write(token):
        agent.token = token
        with open(path, "w", encoding="ascii") as f:
            f.write(token + "\n")

    write("first-token")
    server = Server(world, keyless(
        world, AWS_CONTAINER_CREDENTIALS_FULL_URI=agent.url("/v1/keys"),
        AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE=path), "--log-level", "DEBUG")
    data = check_ok(server.call("whoami"))
    assert "container" in data["credential_source"], data
    asked = len(agent.seen)
    write("second-token")
    time.sleep(6)
    check_ok(server.call("get_active_alarms"))
    assert len(agent.seen) > asked, agent.seen
    server.stop()
    nothing_secret_in(server, "first-token", "second-token",
                      "demo/temporary/", "demo-session.")
    agent.token = "another"
    server = Server(world, keyless(
        world, AWS_CONTAINER_CREDENTIALS_FULL_URI=agent.url("/v1/keys"),
        AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE=path))
    result = server.call("get_active_alarms")
    check_error(result, "container", "401")
    assert "second-token" not in text_of(result)
    server.stop()
    agent.close()


def a_container_agent_elsewhere_is_refused(world):
    server = Server(world, keyless(
        world, AWS_CONTAINER_CREDENTIALS_FULL_URI="http://192.0.2.1/keys",
        AWS_CONTAINER_AUTHORIZATION_TOKEN="keep-me"))
    result = server.call("get_active_alarms")
    check_error(result, "192.0.2.1", "loopback")
    assert "keep-me" not in text_of(result)
    server.stop()


def a_web_identity_is_exchanged_and_its_file_read_anew(world):
    path = os.path.join(world.folder, "identity")
    sts = f"https://localhost:{world.tls.port}"

    def write(token):
        with open(path, "w", encoding="ascii") as f:
            f.write(token)

    env = keyless(
        world, AWS_WEB_IDENTITY_TOKEN_FILE=path, AWS_ENDPOINT_URL_STS=sts,
        AWS_ROLE_ARN="arn:aws:iam::123456789012:role/web-reader")
    write("eyJhbGciOi.the-identity.token")
    server = Server(world, env, "--log-level", "DEBUG")
    data = check_ok(server.call("whoami"))
    assert ":assumed-role/web-reader/" in data["arn"], data
    server.stop()
    nothing_secret_in(server, "the-identity", "demo/temporary/",
                      "demo-session.")
    write("expired")
    server = Server(world, env)
    result = server.call("get_active_alarms")
    check_error(result, "ExpiredToken")
    write("a-good-one")
    deadline = time.monotonic() + 15
    while server.call("get_active_alarms").get("isError"):
        assert time.monotonic() < deadline
        time.sleep(0.5)
    server.stop()


def a_profile_assumes_its_role(world):
    config = os.path.join(world.folder, "config.roles")
    keys = os.path.join(world.folder, "credentials.roles")
    with open(config, "w", encoding="ascii") as f:
        f.write("[profile role]\nsource_profile = base\nrole_arn = "
                "arn:aws:iam::123456789012:role/profile-reader\n"
                "[profile loop]\nsource_profile = pool\nrole_arn = "
                "arn:aws:iam::123456789012:role/a1\n"
                "[profile pool]\nsource_profile = loop\nrole_arn = "
                "arn:aws:iam::123456789012:role/b1\n")
    with open(keys, "w", encoding="ascii") as f:
        f.write(f"[base]\naws_access_key_id = {READER[0]}\n"
                f"aws_secret_access_key = {READER[1]}\n")
    server = Server(world, keyless(world, AWS_CONFIG_FILE=config,
                                   AWS_SHARED_CREDENTIALS_FILE=keys),
                    "--log-level", "DEBUG")
    data = check_ok(server.call("whoami", profile_name="role"))
    assert ":assumed-role/profile-reader/" in data["arn"], data
    check_error(server.call("whoami", profile_name="loop"), "loop")
    server.stop()
    nothing_secret_in(server, READER[1], "demo/temporary/", "demo-session.")


TESTS = [v for v in list(globals().values())
         if getattr(v, "__code__", None) is not None and
         v.__code__.co_argcount == 1 and
         v.__code__.co_varnames[0] == "world" and
         v not in (session_keys, keyless)]


def main():
    world = World(sys.argv[1])
    wanted = sys.argv[2:]
    try:
        failed = run([t for t in TESTS if not wanted or
                      t.__name__ in wanted], world)
    finally:
        world.close()
    sys.exit(1 if failed else 0)


main()
