#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Callers with AWS credentials and no other secret, end to end: signed tokens
in both forms, over TLS to the demo's STS, which verifies them.
"""
import base64
import hashlib
import hmac
import json
import subprocess
import sys
import time
from urllib.parse import quote

import world as w

JSON = {"Content-Type": "application/json",
        "Accept": "application/json, text/event-stream"}
WHOAMI = json.dumps({"jsonrpc": "2.0", "id": 1, "method": "tools/call",
                     "params": {"name": "whoami", "arguments": {}}})
REGION = "eu-central-1"
FORM = "Action=GetCallerIdentity&Version=2011-06-15"
ACCOUNT = "111122223333"
ID = "cw-e2e"


def sign(key, at, request):
    """Scope and signature (SigV4) of a canonical request."""
    scope = f"{at[:8]}/{REGION}/sts/aws4_request"
    text = "\n".join(("AWS4-HMAC-SHA256", at, scope,
                      hashlib.sha256(request.encode()).hexdigest()))
    step = ("AWS4" + key[1]).encode()
    for word in (*scope.split("/"), text):
        step = hmac.new(step, word.encode(), hashlib.sha256).digest()
    return step.hex()


def now(offset_s=0):
    return time.strftime("%Y%m%dT%H%M%SZ", time.gmtime(time.time() +
                                                       offset_s))


def b64url(data):
    return base64.urlsafe_b64encode(data).decode().rstrip("=")


def b64(text):
    return base64.b64encode(text.encode()).decode()


def presigned(world, key=w.READER, server=ID, at=None, host=None):
    host, at = host or f"localhost:{world.tls.port}", at or now()
    credential = quote(f"{key[0]}/{at[:8]}/{REGION}/sts/aws4_request", "")
    query = (f"{FORM}&X-Amz-Algorithm=AWS4-HMAC-SHA256"
             f"&X-Amz-Credential={credential}&X-Amz-Date={at}"
             "&X-Amz-Expires=60"
             "&X-Amz-SignedHeaders=host%3Bx-cloudwatch-mcp-id")
    request = "\n".join(("GET", "/", query, f"host:{host}",
                         f"x-cloudwatch-mcp-id:{server}", "",
                         "host;x-cloudwatch-mcp-id",
                         hashlib.sha256(b"").hexdigest()))
    url = f"https://{host}/?{query}&X-Amz-Signature={sign(key, at, request)}"
    return "k8s-aws-v1." + b64url(url.encode())


def signed_request(world, key=w.READER, server=ID, at=None, host=None):
    host, at = host or f"localhost:{world.tls.port}", at or now()
    headers = {"content-length": str(len(FORM)),
               "content-type": "application/x-www-form-urlencoded",
               "host": host, "x-amz-date": at,
               "x-cloudwatch-mcp-id": server}
    names = ";".join(headers)
    request = "\n".join(("POST", "/", "", *(
        f"{k}:{v}" for k, v in headers.items()), "", names,
        hashlib.sha256(FORM.encode()).hexdigest()))
    headers["authorization"] = (
        f"AWS4-HMAC-SHA256 Credential={key[0]}/{at[:8]}/{REGION}/sts/"
        f"aws4_request, SignedHeaders={names}, "
        f"Signature={sign(key, at, request)}")
    return "aws-sigv4-v1." + b64url(json.dumps({
        "iam_http_request_method": "POST",
        "iam_request_url": b64(f"https://{host}/"),
        "iam_request_body": b64(FORM),
        "iam_request_headers": b64(json.dumps(headers))}).encode())


FORMS = (presigned, signed_request)


def ask(server, token):
    response, data = server.request("POST", "/mcp", WHOAMI, dict(
        JSON, Authorization="Bearer " + token))
    return response, json.loads(data)


def server_for(world, roles, **env):
    return w.Server(world, world.aws(AUTH_STS_ROLES=roles,
                                     AUTH_STS_SERVER_ID=ID, **env))


def test_who_signed_is_let_in_and_written_down(world):
    server = server_for(world, f"account:{ACCOUNT}")
    for form in FORMS:
        for key, user in ((w.READER, "demo-reader"),
                          (w.DENIED, "demo-denied")):
            response, reply = ask(server, form(world, key))
            assert response.status == 200, reply
            # With the server's own rights, whoever asks.
            who = json.loads(reply["result"]["content"][0]["text"])
            assert who["arn"].endswith("user/demo-reader"), who
            line = [e for e in server.log() if e["event"] == "audit"][-1]
            assert line["caller"].endswith(
                f"arn:aws:iam::{ACCOUNT}:user/{user}"), line
    server.stop()


def test_a_token_is_shown_to_sts_once_in_a_minute(world):
    server = server_for(world, f"account:{ACCOUNT}")
    token = presigned(world)
    ask(server, token)
    before = world.stats()["requests"]
    for _ in range(5):
        assert ask(server, token)[0].status == 200
    # The five calls of whoami itself at most.
    assert world.stats()["requests"] - before <= 5
    text = open(server.log_path, encoding="utf-8").read()
    assert token not in text and "X-Amz-Signature" not in text
    server.stop()


def test_what_is_wrong_is_said_and_not_sent(world):
    server = server_for(world, f"account:{ACCOUNT}")
    for form in FORMS:
        for token, status, word in (
                (form(world, server="cw-other"), 401, "server id"),
                (form(world, (w.READER[0], "wrong")), 401, "AWS does not"),
                (form(world, at=now(-16 * 60)), 401, "15 minutes"),
                (form(world, at=now(6 * 60)), 401, "future"),
                (form(world)[:-4] + "!!!!", 400, "")):
            response, reply = ask(server, token)
            assert response.status == status, (status, reply)
            assert word in response.getheader("WWW-Authenticate"), (
                word, response.getheader("WWW-Authenticate"))
    server.stop()


def test_who_is_not_in_the_list_is_403(world):
    server = server_for(world, f"arn:aws:iam::{ACCOUNT}:user/demo-r*")
    for form in FORMS:
        assert ask(server, form(world))[0].status == 200
        response, reply = ask(server, form(world, w.DENIED))
        assert response.status == 403, reply
        assert "AUTH_STS_ROLES" in response.getheader("WWW-Authenticate")
    server.stop()


def test_without_sts_the_answer_is_503_and_a_time(world):
    server = server_for(world, f"account:{ACCOUNT}")
    world.faults("503@GetCallerIdentity")
    response, reply = ask(server, presigned(world))
    world.faults("")
    assert response.status == 503, reply
    assert int(response.getheader("Retry-After")) > 0
    time.sleep(2.1)
    assert ask(server, presigned(world))[0].status == 200
    server.stop()


def test_the_demo_lets_in_only_who_has_its_keys(world):
    server = w.Server(world, {"AUTH_STS_ROLES": f"account:{ACCOUNT}",
                              "AUTH_STS_SERVER_ID": ID}, "--demo")
    host = f"sts.{REGION}.amazonaws.com"
    for form in FORMS:
        assert ask(server, form(world, host=host))[0].status == 200
        response, reply = ask(server, form(world, (w.READER[0], "wrong"),
                                           host=host))
        assert response.status == 401, reply
        # Signed for the endpoint, not for a host of AWS's.
        response, reply = ask(server, form(world))
        assert response.status == 401, reply
    server.stop()


def test_settings_that_let_in_anybody_stop_the_start(world):
    for roles, server, word in (
            ("arn:aws:iam::*:role/Ops", ID, "with its account"),
            ("*", ID, "with its account"),
            (f"account:{ACCOUNT}", "", "AUTH_STS_SERVER_ID")):
        process = world.start(["--port", "0"], world.aws(
            AUTH_STS_ROLES=roles, AUTH_STS_SERVER_ID=server),
            stderr=subprocess.PIPE)
        _, error = process.communicate(timeout=20)
        assert process.returncode == 2, roles
        assert word in error.decode(), error


TESTS = [v for k, v in list(globals().items()) if k.startswith("test_")]

if __name__ == "__main__":
    WORLD = w.World(sys.argv[1])
    try:
        sys.exit(w.run(TESTS, WORLD))
    finally:
        WORLD.close()
