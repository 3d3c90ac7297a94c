#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Compares the credentials that we find with those that botocore finds.

    botocore_profiles.py PROBE

PROBE is the program built from profiles_probe.c. Each case is a pair of
configuration files, an environment and a profile; both sides read the same
files, and their requests to AWS are answered here and there by the same rules.
What came out (keys, nothing, an error) and every request has to be equal,
except where a case says what we do instead, and why. Ends with "N passed, M
failed".
"""
import hashlib
import json
import os
import shutil
import subprocess
import sys
import tempfile
from unittest import mock
from urllib.parse import parse_qsl, urlsplit

import botocore
import botocore.credentials
import botocore.httpsession
import botocore.session
import botocore.tokens
from botocore.awsrequest import AWSResponse

END = "2099-01-01T00:00:00Z"
PAST = "2020-01-01T00:00:00Z"
STATIC = "aws_access_key_id = %s\naws_secret_access_key = s\n"
KEYS = '"SecretAccessKey":"s","Token":"t","Expiration":"%s"}' % END
PROCESS = ("/usr/bin/printf %%s '{\"Version\": 1, \"AccessKeyId\": \"%s\", "
           "\"SecretAccessKey\": \"s\", \"SessionToken\": \"t\"}'\n")
SSO = ("sso_session = corp\nsso_account_id = 123456789012\n"
       "sso_role_name = Reader\n")
SESSION = ("[sso-session corp]\nsso_region = eu-west-1\n"
           "sso_start_url = https://corp.awsapps.com/start\n")
OLD_SSO = ("sso_region = eu-west-1\nsso_account_id = 123456789012\n"
           "sso_start_url = https://corp.awsapps.com/start\n"
           "sso_role_name = Reader\n")
TOKEN = {"accessToken": "at", "expiresAt": END, "region": "eu-west-1",
         "startUrl": "https://corp.awsapps.com/start", "clientId": "ci",
         "clientSecret": "cs", "refreshToken": "rt",
         "registrationExpiresAt": END}
ENV = {"AWS_ACCESS_KEY_ID": "ENV", "AWS_SECRET_ACCESS_KEY": "s"}
IRSA = {"AWS_WEB_IDENTITY_TOKEN_FILE": "@/token", "AWS_ROLE_ARN": "arn:aws:iam::1:role/W"}
ECS = {"AWS_CONTAINER_CREDENTIALS_RELATIVE_URI": "/v2/x?y=1"}
IMDS = {"AWS_EC2_METADATA_DISABLED": "false"}


def role(name, rest):
    return "role_arn = arn:aws:iam::1:role/%s\n%s" % (name, rest)


def profile(name, *lines):
    return "[profile %s]\n" % name + "".join(lines)


X = profile("x", STATIC % "X")
SRC = profile("s", STATIC % "S")
BY_S = "source_profile = s\n"

# name: (config, credentials, environment, profile named in code, our result
# where it differs on purpose)
CASES = {
    "nothing": ("", "", {}, None),
    "environment": ("", "", ENV, None),
    "environment with a token": ("", "", {**ENV, "AWS_SESSION_TOKEN": "t"},
                                 None),
    "older name of the token first": (
        "", "", {**ENV, "AWS_SESSION_TOKEN": "t",
                 "AWS_SECURITY_TOKEN": "u"}, None),
    "environment without secret": ("", "", {"AWS_ACCESS_KEY_ID": "E"}, None),
    "environment with an empty secret": (
        "", "", {"AWS_ACCESS_KEY_ID": "E", "AWS_SECRET_ACCESS_KEY": ""}, None),
    "environment, empty": (SRC, "", {**ENV, "AWS_ACCESS_KEY_ID": ""}, None),
    "environment before AWS_PROFILE": (X, "", {**ENV, "AWS_PROFILE": "x"},
                                       None),
    "profile in code before environment": (X, "", ENV, "x"),
    "AWS_PROFILE": (X, "", {"AWS_PROFILE": "x"}, None),
    "AWS_DEFAULT_PROFILE": (X, "", {"AWS_DEFAULT_PROFILE": "x"}, None),
    "profile that is not there": (X, "", {}, "y"),
    "AWS_PROFILE that is not there": (X, "", {"AWS_PROFILE": "y"}, None),
    "default of the config file": ("[default]\n" + STATIC % "D", "", {}, None),
    "default of the credentials file": (
        "", "[default]\n" + STATIC % "D", {}, None),
    "credentials file first": (X, "[x]\n" + STATIC % "C", {}, "x"),
    "bare section of the config file": ("[x]\n" + STATIC % "X", "", {}, "x"),
    "prefix in the credentials file": (
        "", "[profile x]\n" + STATIC % "X", {}, "x"),
    "quoted profile name": (profile('"a b"', STATIC % "Q"), "", {}, "a b"),
    "names with a case": (profile("X", STATIC % "U") + X, "", {}, "X"),
    "keys with a case": (
        "[profile x]\nAWS_Access_Key_ID = X\nAWS_SECRET_ACCESS_KEY = s\n", "",
        {}, "x"),
    "colons": ("[profile x]\naws_access_key_id: X\naws_secret_access_key: s\n",
               "", {}, "x"),
    "no blanks": ("[profile x]\naws_access_key_id=X\n"
                  "aws_secret_access_key=s=/+\n", "", {}, "x"),
    "comments": ("# a\n; b\n[profile x]\n# c\n" + STATIC % "X", "", {}, "x"),
    "carriage returns": (X.replace("\n", "\r\n"), "", {}, "x"),
    "access key without secret": (
        profile("x", "aws_access_key_id = X\n"), "", {}, "x"),
    "secret without access key": (
        profile("x", "aws_secret_access_key = X\n"), "", {}, "x"),
    "session token": (profile("x", STATIC % "X", "aws_session_token = t\n"),
                      "", {}, "x"),
    "security token": (profile("x", STATIC % "X", "aws_security_token = u\n",
                               "aws_session_token = t\n"), "", {}, "x"),
    "nested section": (profile("x", "s3 =\n  addressing_style = path\n",
                               STATIC % "X"), "", {}, "x"),
    "a line that is nothing": (X + "nonsense\n", "", {}, "x"),
    "role with source": (
        SRC + profile("x", role("R", BY_S)), "", {}, "x"),
    "role with everything": (
        SRC + profile("x", role("R", BY_S + "external_id = e-1\n"
                                "role_session_name = me\n"
                                "duration_seconds = 1800\n")), "", {}, "x"),
    "role with a duration that is no number": (
        SRC + profile("x", role("R", BY_S + "duration_seconds = 1h\n")), "",
        {}, "x"),
    "role, source in the credentials file": (
        profile("x", role("R", BY_S)), "[s]\n" + STATIC % "C", {}, "x"),
    "role in the credentials file": (
        "", "[x]\n" + role("R", BY_S) + "[s]\n" + STATIC % "C", {}, "x"),
    "role of the default profile": (
        SRC + "[default]\n" + role("R", BY_S), "", {}, None),
    "environment before the role": (
        SRC + "[default]\n" + role("R", BY_S), "", ENV, None),
    "chain of roles": (
        SRC + profile("x", role("A", "source_profile = y\n"))
        + profile("y", role("B", "source_profile = z\n"))
        + profile("z", role("C", BY_S)), "", {}, "x"),
    "chain with keys in between": (
        SRC + profile("x", role("A", "source_profile = y\n"))
        + profile("y", role("B", BY_S), STATIC % "Y"), "", {}, "x"),
    "role that is its own source": (
        profile("x", role("A", "source_profile = x\n"), STATIC % "X"), "", {},
        "x"),
    "role that is its own source without keys": (
        profile("x", role("A", "source_profile = x\n")), "", {}, "x"),
    "loop of roles": (
        profile("x", role("A", "source_profile = y\n"))
        + profile("y", role("B", "source_profile = x\n")), "", {}, "x"),
    "role without a source": (profile("x", role("A", "")), "", {}, "x"),
    "role with two sources": (
        SRC + profile("x", role("A", BY_S
                                + "credential_source = Environment\n")), "",
        {}, "x"),
    "source that is not there": (
        profile("x", role("A", "source_profile = y\n")), "", {}, "x"),
    "source without keys": (
        profile("x", role("A", BY_S)) + profile("s"), "", {}, "x"),
    "source with half of the keys": (
        profile("x", role("A", BY_S))
        + profile("s", "aws_access_key_id = S\n"), "", {}, "x"),
    "credential_source Environment": (
        profile("x", role("A", "credential_source = Environment\n")), "", ENV,
        "x"),
    "credential_source Environment, empty": (
        profile("x", role("A", "credential_source = Environment\n")), "", {},
        "x"),
    "credential_source EcsContainer": (
        profile("x", role("A", "credential_source = EcsContainer\n")), "", ECS,
        "x"),
    "credential_source EcsContainer, none": (
        profile("x", role("A", "credential_source = EcsContainer\n")), "", {},
        "x"),
    "credential_source Ec2InstanceMetadata": (
        profile("x", role("A", "credential_source = Ec2InstanceMetadata\n")),
        "", IMDS, "x"),
    "credential_source with another case": (
        profile("x", role("A", "credential_source = environment\n")), "", ENV,
        "x"),
    "credential_source of the source": (
        profile("x", role("A", "source_profile = y\n"))
        + profile("y", role("B", "credential_source = Environment\n")), "",
        ENV, "x"),
    "web identity of the environment": ("", "", IRSA, None),
    "web identity with a session name": (
        "", "", {**IRSA, "AWS_ROLE_SESSION_NAME": "pod"}, None),
    "web identity without a role": (
        "", "", {"AWS_WEB_IDENTITY_TOKEN_FILE": "@/token"}, None),
    "role of the environment without a token": (
        "", "", {"AWS_ROLE_ARN": "arn:aws:iam::1:role/W"}, None),
    "web identity, file missing": (
        "", "", {**IRSA, "AWS_WEB_IDENTITY_TOKEN_FILE": "@/none"}, None),
    "web identity of a profile": (
        profile("x", role("W", "web_identity_token_file = @/token\n"
                          "role_session_name = pod\n")), "", {}, "x"),
    "web identity of a profile in code before the environment": (
        profile("x", role("P", "web_identity_token_file = @/token\n")), "",
        IRSA, "x"),
    "web identity of the environment before the profile": (
        profile("x", role("P", "web_identity_token_file = @/token\n")), "",
        {**IRSA, "AWS_PROFILE": "x"}, None),
    "web identity before static keys": (
        X, "", {**IRSA, "AWS_PROFILE": "x"}, None),
    "web identity as a source": (
        profile("x", role("A", BY_S))
        + profile("s", role("W", "web_identity_token_file = @/token\n")), "",
        IRSA, "x"),
    "SSO session": (profile("x", SSO) + SESSION, "", {}, "x"),
    "SSO, older form": (profile("x", OLD_SSO), "", {}, "x"),
    "SSO, session not there": (profile("x", SSO), "", {}, "x"),
    "SSO, account missing": (
        profile("x", SSO.replace("sso_account_id = 123456789012\n", ""))
        + SESSION, "", {}, "x"),
    "SSO, region missing": (
        profile("x", SSO) + SESSION.replace("sso_region = eu-west-1\n", ""),
        "", {}, "x"),
    "SSO, values that differ": (
        profile("x", SSO, "sso_region = us-east-1\n") + SESSION, "", {}, "x"),
    "SSO, same value twice": (
        profile("x", SSO, "sso_region = eu-west-1\n") + SESSION, "", {}, "x"),
    "SSO, session alone": (
        profile("x", "sso_session = corp\n") + SESSION, "", {}, "x"),
    "SSO before static keys": (
        profile("x", SSO) + SESSION, "[x]\n" + STATIC % "C", {}, "x"),
    "SSO, not signed in": (
        profile("x", SSO.replace("corp", "none"))
        + SESSION.replace("corp]", "none]"), "", {}, "x"),
    "SSO, expired, can be renewed": (
        profile("x", SSO.replace("corp", "late"))
        + SESSION.replace("corp]", "late]"), "", {}, "x"),
    "SSO, expired for good": (
        profile("x", SSO.replace("corp", "gone"))
        + SESSION.replace("corp]", "gone]"), "", {}, "x"),
    "SSO as a source": (
        profile("x", role("A", BY_S)) + profile("s", SSO) + SESSION, "", {},
        "x"),
    "program": (profile("x", "credential_process = " + PROCESS % "P"), "", {},
                "x"),
    "program, comment sign inside": (
        profile("x", "credential_process = " + PROCESS % "P #1"), "", {}, "x",
        "error"),  # a key with a blank in it is a mistake
    "program that fails": (
        profile("x", "credential_process = /bin/false\n"), "", {}, "x"),
    "program that prints something else": (
        profile("x", "credential_process = /bin/echo hello\n"), "", {}, "x"),
    "program with another version": (
        profile("x", "credential_process = /bin/echo "
                "'{\"Version\": 2}'\n"), "", {}, "x"),
    "program before the config file": (
        profile("x", "credential_process = " + PROCESS % "P", STATIC % "X"),
        "", {}, "x"),
    "credentials file before the program": (
        profile("x", "credential_process = " + PROCESS % "P"),
        "[x]\n" + STATIC % "C", {}, "x"),
    "program as a source": (
        profile("x", role("A", BY_S))
        + profile("s", "credential_process = " + PROCESS % "P"), "", {}, "x"),
    "services section": (
        SRC + profile("x", role("A", BY_S), "services = here\n")
        + "[services here]\nsts =\n  endpoint_url = https://sts.here\n", "",
        {}, "x"),
    "services section that is not there": (
        SRC + profile("x", role("A", BY_S), "services = here\n"), "", {},
        "x"),
    "endpoint of the profile": (
        SRC + profile("x", role("A", BY_S),
                      "endpoint_url = https://sts.profile\n"), "", {}, "x"),
    "endpoint of the environment before the section": (
        SRC + profile("x", role("A", BY_S), "services = here\n")
        + "[services here]\nsts =\n  endpoint_url = https://sts.here\n", "",
        {"AWS_ENDPOINT_URL_STS": "https://sts.env"}, "x"),
    "endpoint of all services before the section": (
        SRC + profile("x", role("A", BY_S), "services = here\n")
        + "[services here]\nsts =\n  endpoint_url = https://sts.here\n", "",
        {"AWS_ENDPOINT_URL": "https://sts.all"}, "x"),
    "endpoints ignored": (
        SRC + profile("x", role("A", BY_S),
                      "endpoint_url = https://sts.profile\n"
                      "ignore_configured_endpoint_urls = true\n"), "", {},
        "x"),
    "FIPS": (SRC + profile("x", role("A", BY_S),
                           "use_fips_endpoint = true\n"), "", {}, "x"),
    "container": ("", "", ECS, None),
    "container, full URI": (
        "", "", {"AWS_CONTAINER_CREDENTIALS_FULL_URI": "http://127.0.0.1/c",
                 "AWS_CONTAINER_AUTHORIZATION_TOKEN": "tok"}, None),
    "container, token file": (
        "", "", {"AWS_CONTAINER_CREDENTIALS_FULL_URI": "http://127.0.0.1/c",
                 "AWS_CONTAINER_AUTHORIZATION_TOKEN": "tok",
                 "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE": "@/token"}, None),
    "container, relative first": (
        "", "", {**ECS, "AWS_CONTAINER_CREDENTIALS_FULL_URI": "http://a/"},
        None),
    "container, host not allowed": (
        "", "", {"AWS_CONTAINER_CREDENTIALS_FULL_URI": "http://a.example/"},
        None),
    "keys before the container": (X, "", {**ECS, "AWS_PROFILE": "x"}, None),
    "web identity before the container": ("", "", {**ECS, **IRSA}, None),
    "instance": ("", "", IMDS, None),
    "container before the instance": ("", "", {**IMDS, **ECS}, None),
    "profile without keys, then the instance": (
        profile("x", "output = json\n"), "", IMDS, "x"),
}

# What botocore learned after 1.29, which some distributions still have.
NEWER = {
    "SSO as a source", "services section",
    "services section that is not there", "endpoint of the profile",
    "endpoint of the environment before the section",
    "endpoint of all services before the section", "container, token file",
}


class Raw:
    def __init__(self, body):
        self.body = body.encode()

    def stream(self, *_args, **_kwargs):
        yield self.body


def answer_sts(url, headers, form):
    action = form["Action"]
    name = form.get("RoleSessionName", "-")
    signer = headers.get("Authorization", "")
    signer = (signer.split("Credential=")[1].split("/")[0]
              if "Credential=" in signer else "-")
    said = "%s %s arn=%s name=%s id=%s seconds=%s token=%s by=%s" % (
        action, url.hostname, form["RoleArn"],
        "default" if name.startswith("botocore-session-") else name,
        form.get("ExternalId", "-"), form.get("DurationSeconds", "-"),
        form.get("WebIdentityToken", "-"), signer)
    return said, (
        "<{0}Response><{0}Result><Credentials><AccessKeyId>{1}-{2}"
        "</AccessKeyId><SecretAccessKey>s</SecretAccessKey><SessionToken>t"
        "</SessionToken><Expiration>{3}</Expiration></Credentials></{0}Result>"
        "</{0}Response>").format(action, "R" if action == "AssumeRole" else
                                 "W", form["RoleArn"].split("/")[-1], END)


def answer(request):
    url = urlsplit(request.url)
    headers = {k: v.decode() if isinstance(v, bytes) else v
               for k, v in request.headers.items()}
    query = dict(parse_qsl(url.query))
    target = url.path + ("?" + url.query if url.query else "")
    if url.hostname.startswith("sts"):
        body = request.body
        if isinstance(body, bytes):
            body = body.decode()
        return answer_sts(url, headers, dict(parse_qsl(body)))
    if url.hostname.startswith("portal."):
        return ("portal %s role=%s account=%s token=%s" % (
            url.hostname, query["role_name"], query["account_id"],
            headers["x-amz-sso_bearer_token"]),
            '{"roleCredentials":{"accessKeyId":"S-%s","secretAccessKey":"s",'
            '"sessionToken":"t","expiration":4070908800000}}'
            % query["role_name"])
    if url.hostname.startswith("oidc."):
        return ("oidc " + url.hostname,
                '{"accessToken":"renewed","expiresIn":28800,'
                '"tokenType":"Bearer"}')
    if url.hostname == "169.254.169.254":
        return "metadata " + target, (
            "tok" if request.method == "PUT" else
            "irole" if target.endswith("/") else
            '{"Code":"Success","AccessKeyId":"IMDS",' + KEYS)
    return ("container %s%s auth=%s" % (
        url.hostname, target, headers.get("Authorization", "-")),
        '{"AccessKeyId":"CONTAINER",' + KEYS)


def write(path, text):
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(path, "w", newline="") as f:
        f.write(text)


def make_home(home, config, credentials):
    shutil.rmtree(home, ignore_errors=True)
    write(home + "/.aws/config", config.replace("@", home))
    write(home + "/.aws/credentials", credentials.replace("@", home))
    write(home + "/token", "a-web-token")
    for name, token in [
            ("corp", TOKEN), ("https://corp.awsapps.com/start", TOKEN),
            ("late", {**TOKEN, "expiresAt": PAST}),
            ("gone", {**TOKEN, "expiresAt": PAST,
                      "registrationExpiresAt": PAST})]:
        write(home + "/.aws/sso/cache/%s.json"
              % hashlib.sha1(name.encode()).hexdigest(), json.dumps(token))


def botocore_finds(env, name):
    said = []
    cache = env["HOME"] + "/.aws/sso/cache"  # botocore's is from its import

    def send(_self, request):
        text, body = answer(request)
        said.append(text)
        return AWSResponse(request.url, 200, {}, Raw(body))

    with mock.patch.dict(os.environ, {**env, "PATH": os.environ["PATH"]},
                         clear=True), \
            mock.patch.object(botocore.httpsession.URLLib3Session, "send",
                              send), \
            mock.patch.object(botocore.credentials.SSOProvider,
                              "_SSO_TOKEN_CACHE_DIR", cache), \
            mock.patch.object(botocore.tokens.SSOTokenProvider,
                              "_SSO_TOKEN_CACHE_DIR", cache):
        try:
            keys = botocore.session.Session(profile=name).get_credentials()
            if keys is None:
                return "none", said
            keys = keys.get_frozen_credentials()
            return "%s %s" % (keys.access_key, keys.token or "-"), said
        except Exception as e:  # pylint: disable=broad-except
            return "error", said + ["(%s)" % e]


def main():
    passed = failed = 0
    old = [int(n) for n in botocore.__version__.split(".")[:2]] < [1, 34]
    with tempfile.TemporaryDirectory() as top, subprocess.Popen(
            [sys.argv[1]], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
            text=True) as probe:
        home = top + "/home"
        for title, case in CASES.items():
            if old and title in NEWER:
                print("skipped, botocore is too old: " + title)
                continue
            config, credentials, env, name = case[:4]
            env = {"HOME": home, "AWS_DEFAULT_REGION": "eu-west-1",
                   "AWS_STS_REGIONAL_ENDPOINTS": "regional",
                   "AWS_EC2_METADATA_DISABLED": "true",
                   **{k: v.replace("@", home) for k, v in env.items()}}
            make_home(home, config, credentials)
            wanted, said = botocore_finds(env, name)
            make_home(home, config, credentials)
            probe.stdin.write(json.dumps({
                "env": env, "profile": name or "",
                "named": name is not None}) + "\n")
            probe.stdin.flush()
            ours = json.loads(probe.stdout.readline())
            error = ours.get("error")
            got = ("none" if (error or "").startswith("no AWS credentials")
                   else "error" if error is not None else
                   "%s %s" % (ours["key"], ours.get("token") or "-"))
            wanted_here = case[4] if len(case) > 4 else wanted
            if got == wanted_here and (
                    got == "error" or ours["requests"] == said):
                passed += 1
            else:
                failed += 1
                print("FAIL %s\n  botocore %s %s\n  ours     %s %s %s" % (
                    title, wanted, said, got, ours["requests"], error or ""))
        probe.stdin.close()
    print("%d passed, %d failed" % (passed, failed))
    return failed != 0


if __name__ == "__main__":
    sys.exit(main())
