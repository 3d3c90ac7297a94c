#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Tokens for STS that botocore signs, let in by auth/sts_in.

    botocore_sts.py PROBE

PROBE is the program built from sts_probe.c. The presigned form is made as
aws-iam-authenticator and `aws eks get-token` make theirs, with our header for
theirs; the request form as Vault's clients do, and by the hooks of an STS
client. For every region and kind of credentials both have to be good; altered,
late, or signed for another server they must not be. Ends with "N passed, M
failed". The program of the guide deploy/clients/aws-identity.md is run as it
is written there.
"""
import base64
import contextlib
import datetime
import importlib
import io
import json
import os
import re
import subprocess
import sys
import types
from unittest import mock

import botocore.auth
import botocore.session
import botocore.signers
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

GUIDE = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..",
                     "deploy", "clients", "aws-identity.md")
SERVER = "cw-prod"
HEADER = "x-cloudwatch-mcp-id"
ACCOUNT = "111122223333"
ROLE = f"arn:aws:iam::{ACCOUNT}:role/team/reader"
ROLES = (f"arn:aws:iam::{ACCOUNT}:user/demo-*,"
         f"arn:aws:iam::{ACCOUNT}:role/reader")
BODY = "Action=GetCallerIdentity&Version=2011-06-15"
# Region of the signature, host.
PLACES = [("us-east-1", "sts.amazonaws.com"),
          ("eu-central-1", "sts.eu-central-1.amazonaws.com"),
          ("us-west-2", "sts-fips.us-west-2.amazonaws.com"),
          ("ap-southeast-5", "sts.ap-southeast-5.api.aws")]
READER = ("AKIDEMOREADER0000001", "demo/secret/of/the/reader/key0000000001")
DENIED = ("AKIDEMODENIED0000001", "demo/secret/of/the/denied/key0000000001")
OK, INVALID, SCOPE = 0, 2, 3


def b64url(data):
    return base64.urlsafe_b64encode(data).decode().rstrip("=")


def b64(text):
    return base64.b64encode(text.encode()).decode()


def session_of(credentials):
    session = botocore.session.get_session()
    session.set_credentials(*credentials)
    return session


def presigned(credentials, place, server=SERVER, expires=60):
    """What kubectl sends to EKS, with our header."""
    session = session_of(credentials)
    client = session.create_client("sts", region_name=place[0])
    signer = botocore.signers.RequestSigner(
        client.meta.service_model.service_id, place[0], "sts", "v4",
        session.get_credentials(), session.get_component("event_emitter"))
    url = signer.generate_presigned_url(
        {"method": "GET", "url": f"https://{place[1]}/?{BODY}", "body": {},
         "headers": {HEADER: server}, "context": {}},
        region_name=place[0], expires_in=expires, operation_name="")
    return "k8s-aws-v1." + b64url(url.encode())


def pack(url, headers):
    return "aws-sigv4-v1." + b64url(json.dumps({
        "iam_http_request_method": "POST", "iam_request_url": b64(url),
        "iam_request_body": b64(BODY),
        "iam_request_headers": b64(json.dumps(headers))}).encode())


def request(credentials, place, server=SERVER, without=()):
    """As hvac, the Vault client for Python, makes its logins."""
    signed = AWSRequest(
        method="POST", url=f"https://{place[1]}/", data=BODY,
        headers={HEADER: server, "Content-Type":
                 "application/x-www-form-urlencoded; charset=utf-8",
                 "Content-Length": str(len(BODY))})
    botocore.auth.SigV4Auth(Credentials(*credentials), "sts",
                            place[0]).add_auth(signed)
    return pack(signed.url, {key: value for key, value in
                             signed.headers.items() if key not in without})


def by_client(credentials, place, server=SERVER):
    """What an STS client would have sent, header added by its hook."""
    kept = []

    def keep(request, **_):
        kept.append(request)
        raise StopIteration

    client = session_of(credentials).create_client(
        "sts", region_name=place[0], endpoint_url=f"https://{place[1]}")
    client.meta.events.register(
        "before-sign.sts.GetCallerIdentity",
        lambda request, **_: request.headers.add_header(HEADER, server))
    client.meta.events.register("before-send.sts.GetCallerIdentity", keep)
    try:
        client.get_caller_identity()
    except StopIteration:
        pass
    headers = {key: [value.decode() if isinstance(value, bytes) else value]
               for key, value in kept[0].headers.items()}
    return pack(kept[0].url, headers)


FORMS = [presigned, request, by_client]


def earlier(minutes):
    """Patches for the clocks that versions of botocore look at."""
    moment = datetime.datetime.utcnow() - datetime.timedelta(minutes=minutes)

    class Frozen(datetime.datetime):
        """A clock that stands still."""

        @classmethod
        def utcnow(cls):
            return moment

    module = types.SimpleNamespace(datetime=Frozen, timezone=datetime.timezone,
                                   timedelta=datetime.timedelta)
    patches = []
    # With awscrt installed, botocore presigns by that.
    for name in ("botocore.auth", "botocore.crt.auth"):
        try:
            signer = importlib.import_module(name)
        except ImportError:
            continue
        patches.append(mock.patch.object(signer, "datetime", module,
                                         create=True))
        if hasattr(signer, "get_current_datetime"):
            patches.append(mock.patch.object(
                signer, "get_current_datetime", lambda *_, **__: moment))
    return patches


class Probe:
    """The program, and the count."""

    def __init__(self, path):
        self.process = subprocess.Popen(
            [path, SERVER, ROLES], stdin=subprocess.PIPE,
            stdout=subprocess.PIPE, text=True)
        self.passed = self.failed = 0

    def ask(self, line):
        self.process.stdin.write(line + "\n")
        self.process.stdin.flush()
        return json.loads(self.process.stdout.readline())

    def expect(self, what, token, **want):
        got = self.ask(token)
        if all(got[key] == value for key, value in want.items()):
            self.passed += 1
        else:
            self.failed += 1
            print(f"{what}: want {want}, got {got}")

    def temporary(self, role, session):
        xml = self.ask(f"assume {role} {session}")["xml"]
        return tuple(re.search(f"<{name}>([^<]*)<", xml).group(1)
                     for name in ("AccessKeyId", "SecretAccessKey",
                                  "SessionToken"))


def good(probe):
    user = f"arn:aws:iam::{ACCOUNT}:user/"
    session = f"arn:aws:sts::{ACCOUNT}:assumed-role/reader/ann@example-com"
    temporary = probe.temporary(ROLE, "ann@example-com")
    other = probe.temporary(f"arn:aws:iam::{ACCOUNT}:role/other", "ann")
    for place in PLACES:
        for form in FORMS:
            what = f"{form.__name__} {place[1]}"
            probe.expect(what, form(READER, place), verdict=OK,
                         subject=user + "demo-reader", account=ACCOUNT)
            # GetCallerIdentity cannot be denied.
            probe.expect(what, form(DENIED, place), verdict=OK,
                         subject=user + "demo-denied")
            probe.expect(what, form(temporary, place), verdict=OK,
                         session=session,
                         subject=f"arn:aws:iam::{ACCOUNT}:role/reader")
            probe.expect(what, form(other, place), verdict=SCOPE,
                         subject=None)


def bad(probe):
    for form in FORMS:
        name = form.__name__
        place = PLACES[1]
        probe.expect(name, form(READER, place, server="cw-test"),
                     verdict=INVALID)
        probe.expect(name, form((READER[0], "wrong"), place),
                     verdict=INVALID)
        probe.expect(name, form(("AKIDNOBODY0000000001", "x"), place),
                     verdict=INVALID)
        probe.expect(name, form(READER, ("cn-north-1",
                     "sts.cn-north-1.amazonaws.com.cn")), verdict=INVALID)
        probe.expect(name, form(READER, ("us-east-1", "sts.example.com")),
                     verdict=INVALID)
        # Another region than the host's.
        probe.expect(name, form(READER, ("us-east-1", place[1])),
                     verdict=INVALID)
    probe.expect("expires", presigned(READER, PLACES[0], expires=901),
                 verdict=INVALID)


def late(probe):
    for form in (presigned, request):
        for minutes, verdict in ((14, OK), (16, INVALID), (-4, OK),
                                 (-6, INVALID)):
            patches = earlier(minutes)
            for patch in patches:
                patch.start()
            token = form(READER, PLACES[0])
            for patch in patches:
                patch.stop()
            probe.expect(f"{form.__name__}, {minutes} minutes ago", token,
                         verdict=verdict)


def altered(probe):
    """Every byte of what was signed, one after the other."""
    def bare(credentials, place):
        """A request without the headers for which ours are sent."""
        return request(credentials, place, without=(HEADER, "Content-Length"))

    for form in (presigned, bare):
        prefix, text = form(READER, PLACES[1]).split(".")
        probe.expect("unaltered", f"{prefix}.{text}", verdict=OK)
        raw = base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
        accepted = []
        for i, byte in enumerate(raw):
            changed = raw[:i] + bytes([byte ^ 1]) + raw[i + 1:]
            answer = probe.ask(f"{prefix}.{b64url(changed)}")
            if answer["verdict"] == OK:
                accepted.append(raw[max(0, i - 20):i + 20])
        if accepted:
            print(f"{form.__name__}: accepted {accepted}")
        probe.passed += not accepted
        probe.failed += bool(accepted)


def guide(probe):
    """The indented program of the guide, with the reader's keys."""
    with open(GUIDE, encoding="utf-8") as f:
        blocks = re.findall(r"(?:^    .*\n|^\n(?=    ))+", f.read(), re.M)
    program = [b for b in blocks if "import base64" in b]
    code = re.sub("^    ", "", program[0].lstrip("\n"), flags=re.M)
    out = io.StringIO()
    env = {"AWS_ACCESS_KEY_ID": READER[0], "AWS_SECRET_ACCESS_KEY": READER[1],
           "AWS_DEFAULT_REGION": "eu-west-3", "HOME": "/nonexistent",
           "AWS_CONFIG_FILE": "/nonexistent"}
    with mock.patch.dict(os.environ, env), contextlib.redirect_stdout(out):
        exec(compile(code, GUIDE, "exec"), {})  # pylint: disable=exec-used
    probe.expect("guide", out.getvalue().strip(), verdict=OK,
                 account=ACCOUNT)


def main():
    probe = Probe(sys.argv[1])
    good(probe)
    bad(probe)
    late(probe)
    altered(probe)
    guide(probe)
    probe.process.stdin.close()
    probe.failed += probe.process.wait(10) != 0
    print(f"{probe.passed} passed, {probe.failed} failed")
    return probe.failed > 0


if __name__ == "__main__":
    sys.exit(main())
