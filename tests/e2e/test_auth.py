#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Who may call, end to end: an OpenID provider that rotates its keys and goes
down, roles for callers, limits, rates, the audit lines, bad settings.
"""
import base64
import json
import os
import subprocess
import sys
import time

import oidc_provider
import world as w

JSON = {"Content-Type": "application/json",
        "Accept": "application/json, text/event-stream"}
WHOAMI = json.dumps({"jsonrpc": "2.0", "id": 1, "method": "tools/call",
                     "params": {"name": "whoami", "arguments": {}}})
STATIC = "a-static-token-of-ci"


def ask(server, token=None, body=WHOAMI, **headers):
    fields = dict(JSON, **{k.replace("_", "-"): v
                           for k, v in headers.items()})
    if token:
        fields["Authorization"] = "Bearer " + token
    response, data = server.request("POST", "/mcp", body, fields)
    return response, json.loads(data)


def result_of(reply):
    assert "isError" not in reply["result"], reply
    return json.loads(reply["result"]["content"][0]["text"])


def server_for(world, provider, *words, **env):
    return w.Server(world, world.aws(
        AUTH_ISSUER=provider.issuer, AUTH_AUDIENCE="cw", **env), *words)


def audits(server):
    return [e for e in server.log() if e["event"] == "audit"]


def test_a_client_goes_from_401_over_metadata_to_an_answer(world):
    provider = oidc_provider.Provider(world.folder)
    server = server_for(world, provider, AUTH_SCOPES="cw.read")
    for method, body in (("HEAD", None), ("POST", "{}")):
        response, _ = server.request(method, "/mcp", body)
        assert response.status == 401
        challenge = response.getheader("WWW-Authenticate")
        assert "error" not in challenge, challenge
        assert 'scope="cw.read"' in challenge, challenge
    url = challenge.split('resource_metadata="')[1].split('"')[0]
    assert url.startswith(f"http://127.0.0.1:{server.port}/.well-known/")
    response, data = server.request("GET", "/" + url.split("/", 3)[3])
    metadata = json.loads(data)
    assert metadata["resource"] == f"http://127.0.0.1:{server.port}/mcp"
    assert metadata["authorization_servers"] == [provider.issuer]
    assert metadata["scopes_supported"] == ["cw.read"]
    for kid in ("first", "curve"):
        response, reply = ask(server, provider.token(kid, scope="a cw.read"))
        assert response.status == 200, reply
        assert result_of(reply)["arn"].endswith("user/demo-reader"), reply
    response, reply = ask(server, provider.token(scope="a"))
    assert response.status == 403
    assert 'error="insufficient_scope"' in response.getheader(
        "WWW-Authenticate")
    server.stop()
    provider.stop()


def test_what_is_wrong_with_a_token_is_401_and_said(world):
    provider = oidc_provider.Provider(world.folder)
    server = server_for(world, provider)
    good = provider.token()
    head, body, signature = good.split(".")
    none = oidc_provider.b64(b'{"alg":"none"}') + "." + body + "."
    rows = [
        (provider.token(exp=int(time.time()) - 61), "expired"),
        (provider.token(nbf=int(time.time()) + 120), "not valid yet"),
        (provider.token(iat=int(time.time()) + 120), "future"),
        (provider.token(aud="another"), "another audience"),
        (provider.token(aud=None), "another audience"),
        (provider.token(iss="https://evil.example"), "not trusted"),
        (provider.token(header={"kid": "unknown"}), "not one of its"),
        (provider.token(header={"alg": "HS256"}), "algorithm"),
        (none, "algorithm"),
        (".".join((head, body, signature[:-8] + "AAAAAAAA")), "signature"),
        (".".join((head, oidc_provider.b64(b'{"iss":"x","iss":"y"}'),
                   signature)), "same member twice"),
        ("not-a-jwt", "not a JWT"),
    ]
    for token, why in rows:
        response, reply = ask(server, token)
        challenge = response.getheader("WWW-Authenticate") or ""
        assert response.status in (400, 401), (why, response.status)
        assert why in challenge, (why, challenge, reply)
        assert "jsonrpc" not in reply
    assert ask(server, good)[0].status == 200
    text = open(server.log_path, encoding="utf-8").read()
    assert signature not in text and body not in text
    server.stop()
    provider.stop()


def test_new_keys_are_found_and_old_ones_outlive_an_outage(world):
    provider = oidc_provider.Provider(world.folder)
    server = server_for(world, provider)
    assert ask(server, provider.token())[0].status == 200
    before = len(provider.asked)
    # Many unknown tokens cost no fetch but one each ten seconds.
    for number in range(5):
        token = provider.token(header={"kid": f"made-up-{number}"})
        assert ask(server, token)[0].status == 401
    assert len(provider.asked) - before <= 2, provider.asked
    time.sleep(10.2)
    provider.rotate("second")
    response, reply = ask(server, provider.token())
    assert response.status == 200, reply
    provider.stop()
    # A token it has not seen, of a key that it has.
    assert ask(server, provider.token(sub="bob"))[0].status == 200
    provider.keys.append(oidc_provider.Key(world.folder, "third"))
    time.sleep(10.2)
    response, reply = ask(server, provider.token("third"))
    assert response.status == 503, reply
    assert int(response.getheader("Retry-After")) > 0
    assert response.getheader("WWW-Authenticate") is None
    provider.start()
    time.sleep(10.2)
    assert ask(server, provider.token("third"))[0].status == 200
    server.stop()
    provider.stop()


def test_a_provider_that_is_down_does_not_stop_the_start(world):
    provider = oidc_provider.Provider(world.folder)
    token = provider.token()
    provider.stop()
    server = server_for(world, provider)
    assert server.request("GET", "/health")[0].status == 200
    assert ask(server, token)[0].status == 503
    assert ask(server)[0].status == 401
    server.stop()


def test_a_caller_reads_with_its_own_role_or_not_at_all(world):
    provider = oidc_provider.Provider(world.folder)
    issuers = os.path.join(world.folder, "issuers.json")
    tokens = os.path.join(world.folder, "tokens")
    with open(tokens, "w", encoding="ascii") as f:
        f.write(f"ci:{STATIC}\n")
    with open(issuers, "w", encoding="ascii") as f:
        json.dump({"issuers": [{
            "issuer": provider.issuer, "audiences": ["cw"],
            "allow": [{"group": "sre", "role_arn":
                       "arn:aws:iam::111122223333:role/Sre"}, {}]}]}, f)
    server = w.Server(world, world.aws(
        AUTH_ISSUERS_FILE=issuers, AUTH_TOKENS_FILE=tokens,
        AUTH_TOKEN_HEADER="X-User-Token",
        AWS_CLOUDWATCH_ROLE_ARN="arn:aws:iam::111122223333:role/User"))
    ann = provider.token(email="ann@example.com")
    arn = result_of(ask(server, ann)[1])["arn"]
    assert arn.endswith(":assumed-role/User/ann@example.com"), arn
    arn = result_of(ask(server, provider.token(groups=["sre"]))[1])["arn"]
    assert arn.endswith(":assumed-role/Sre/ann"), arn
    # Where a gateway keeps Authorization to itself.
    reply = ask(server, "of-the-gateway", X_User_Token=ann)[1]
    assert "assumed-role/User" in result_of(reply)["arn"]
    arn = result_of(ask(server, STATIC)[1])["arn"]
    assert arn.endswith("user/demo-reader"), arn
    # It cannot reach for another identity by naming one...
    reply = ask(server, ann, body=WHOAMI.replace(
        "{}", '{"profile_name": "prod"}'))[1]
    assert reply["result"]["isError"], reply
    assert "your own AWS identity" in reply["result"]["content"][0]["text"]
    # ...nor gets ours when its own is refused.
    world.faults("500@AssumeRoleWithWebIdentity")
    reply = ask(server, provider.token(sub="carl"))[1]
    assert reply["result"]["isError"], reply
    assert "AssumeRoleWithWebIdentity" in reply["result"]["content"][0][
        "text"], reply
    world.faults("")
    lines = audits(server)
    assert lines[0]["caller"] == "ann" and lines[0]["kind"] == "oidc"
    assert lines[0]["email"] == "ann@example.com"
    assert lines[0]["account_id"] == "111122223333"
    assert lines[0]["region"] == "eu-central-1"
    assert lines[-1]["outcome"] == "AWS_SERVICE", lines[-1]
    server.stop()
    provider.stop()


def test_tools_profiles_and_rate_are_limited_by_caller(world):
    tokens = os.path.join(world.folder, "limited")
    with open(tokens, "w", encoding="ascii") as f:
        f.write(f"ci:{STATIC}:account,list_metrics:dev-*\n"
                "all:another-static-token\n")
    server = w.Server(world, world.aws(AUTH_TOKENS_FILE=tokens),
                      "--rate-limit", "3")
    reply = ask(server, STATIC, body=WHOAMI.replace(
        "tools/call", "tools/list"))[1]
    names = [t["name"] for t in reply["result"]["tools"]]
    assert sorted(names) == ["list_metrics", "list_profiles", "whoami"]
    reply = ask(server, STATIC)[1]
    assert "you may not read with the profile" in reply["result"]["content"][
        0]["text"], reply
    reply = ask(server, STATIC, body=WHOAMI.replace(
        "whoami", "get_active_alarms"))[1]
    assert reply["error"]["code"] == -32602, reply
    for _ in range(3):
        assert "isError" not in ask(server, "another-static-token")[1][
            "result"]
    reply = ask(server, "another-static-token")[1]
    assert reply["result"]["isError"]
    assert "wait 20 s" in reply["result"]["content"][0]["text"], reply
    lines = audits(server)
    assert [e["caller"] for e in lines].count("all") == 4
    assert lines[-1]["outcome"] == "AUTH_RATE"
    assert all(e["level"] == "AUDIT" for e in lines)
    server.stop()


def test_credentials_of_the_caller_are_used_and_forgotten(world):
    server = w.Server(world, world.aws(
        AUTH_CALLER_CREDENTIALS="true", AWS_ACCESS_KEY_ID=None,
        AWS_SECRET_ACCESS_KEY=None))
    # Temporary keys, as a browser would have got them.
    keys = subprocess.run(
        [sys.executable, os.path.join(os.path.dirname(__file__),
                                      "demo_keys.py"),
         str(world.endpoint_port)], check=True, capture_output=True).stdout
    brought = base64.b64encode(keys).decode()
    response, reply = ask(server, None, X_AWS_Credentials=brought)
    assert response.status == 200, reply
    assert "assumed-role/Browser/ann" in result_of(reply)["arn"], reply
    reply = ask(server, brought)[1]
    assert "assumed-role/Browser/ann" in result_of(reply)["arn"], reply
    old = json.loads(keys)
    old["expiresAt"] = int(time.time() * 1000) - 1
    response, reply = ask(server, None, X_AWS_Credentials=base64.b64encode(
        json.dumps(old).encode()).decode())
    assert response.status == 401, reply
    assert ask(server)[0].status == 401
    text = open(server.log_path, encoding="utf-8").read()
    assert old["secretAccessKey"] not in text
    assert old["sessionToken"] not in text and brought not in text
    server.stop()


def test_settings_that_make_no_sense_stop_the_start(world):
    rows = [
        ({"AUTH_ISSUER": "https://x.example"}, "AUTH_AUDIENCE"),
        ({"AUTH_ISSUER": "http://x.example", "AUTH_AUDIENCE": "a"}, "https"),
        ({"AWS_CLOUDWATCH_ROLE_ARN": "arn:aws:iam::111122223333:role/R"},
         "AUTH_ISSUER"),
        ({"ENABLE_AUTH": "true"}, "no way to authenticate"),
        ({"ENABLE_AUTH": "no"}, "must be true or false"),
        ({"AUTH_TOKENS_FILE": "/none/such"}, "/none/such"),
        ({"AUTH_ISSUERS_FILE": "/none/such"}, "/none/such"),
        ({"AUTH_PUBLIC_URL": "mcp.example.com"}, "AUTH_PUBLIC_URL"),
        ({"AUTH_STS_ROLES": "arn:aws:iam::111122223333:role/*"},
         "AUTH_STS_SERVER_ID"),
        ({"AUTH_PROXY_NETWORKS": "10.0.0.0/99",
          "AUTH_PROXY_HEADER": "X-Forwarded-User"}, "10.0.0.0/99"),
        ({"CLOUDWATCH_MCP_RATE_LIMIT": "x"}, "CLOUDWATCH_MCP_RATE_LIMIT"),
    ]
    for env, word in rows:
        process = world.start(["--port", "0"], world.aws(**env),
                              stderr=subprocess.PIPE)
        _, error = process.communicate(timeout=20)
        assert process.returncode == 2, (env, process.returncode)
        assert word in error.decode(), (env, error)
        assert error.count(b"\n") == 1, error


TESTS = [v for k, v in list(globals().items()) if k.startswith("test_")]

if __name__ == "__main__":
    WORLD = w.World(sys.argv[1])
    try:
        sys.exit(w.run(TESTS, WORLD))
    finally:
        WORLD.close()
