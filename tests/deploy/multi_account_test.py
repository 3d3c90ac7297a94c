#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""multi-account.sh against a stand-in for the AWS CLI.

The stand-in (multi_account_aws.py) keeps what was made, records every call and
refuses what it is told to. Where the AWS CLI itself is installed, every kind of
call that was recorded is also held against its model of the API. With PROGRAM,
the generated files are read by the server.

usage: multi_account_test.py [PROGRAM]
"""
import json
import os
import re
import shlex
import shutil
import subprocess
import sys
import tempfile

SCRIPT = "deploy/iam/multi-account.sh"
EXAMPLE = "deploy/iam/multi-account.example.yaml"
ROLE = "EKSMultiAccountMCPRole"
PROD, STAGING = "444455556666", "777788889999"
ISSUER = "oidc.eks.us-east-2.amazonaws.com/id/EXAMPLED539D4633E53DE1B71EXAMPLE"
READS = ("get-", "list-")
real_aws = shutil.which("aws")
kinds = {}


class Cloud:
    """Accounts that the script works on, in a folder of their own."""

    def __init__(self, config=None):
        self.folder = tempfile.mkdtemp(prefix="multi-account.")
        with open("tests/deploy/multi_account_aws.py", encoding="utf-8") as f:
            # Whatever "env python3" finds may take long to start.
            text = f.read().replace("/usr/bin/env python3", sys.executable)
        self.write("aws", text)
        os.chmod(os.path.join(self.folder, "aws"), 0o755)
        self.config = os.path.join(self.folder, "config")
        with open(EXAMPLE, encoding="utf-8") as f:
            self.write("config", config or f.read())
        self.write("fail", "")
        self.write("calls", "")
        self.write("state.json", json.dumps({
            "production": {"account": PROD}, "staging": {"account": STAGING}}))

    def path(self, name):
        return os.path.join(self.folder, name)

    def write(self, name, text):
        with open(self.path(name), "w", encoding="utf-8") as f:
            f.write(text)

    def read(self, name):
        with open(self.path(name), encoding="utf-8") as f:
            return f.read()

    def state(self):
        return json.loads(self.read("state.json"))

    def change(self, change):
        state = self.state()
        change(state)
        self.write("state.json", json.dumps(state))

    def run(self, *words, **env):
        """(exit status, output, calls)."""
        self.write("calls", "")
        p = subprocess.run(
            ["sh", SCRIPT, *words, "--config", self.config],
            capture_output=True, text=True, check=False,
            stdin=subprocess.DEVNULL,
            env={"PATH": f"{self.folder}:{os.environ['PATH']}",
                 "FAKE_AWS": self.folder, **env})
        calls = [json.loads(c) for c in self.read("calls").splitlines()]
        for call in calls:
            kinds.setdefault(call[3], call)
        return p.returncode, p.stdout + p.stderr, calls

    def close(self):
        shutil.rmtree(self.folder)


def changes(calls, profile=None):
    return [c[3] for c in calls if not c[3].startswith(READS) and
            profile in (None, c[1])]


def trust_of(state, profile="production"):
    return state[profile]["roles"][ROLE]["trust"]["Statement"]


def setup_makes_provider_policy_and_role(cloud):
    status, text, calls = cloud.run("setup")
    assert status == 0, text
    for profile, account in (("production", PROD), ("staging", STAGING)):
        s = cloud.state()[profile]
        assert s["providers"][
            f"arn:aws:iam::{account}:oidc-provider/{ISSUER}"][
            "ClientIDList"] == ["sts.amazonaws.com"]
        assert changes(calls, profile) == [
            "create-open-id-connect-provider", "create-policy",
            "create-role", "attach-role-policy"], calls
        (one,) = trust_of(cloud.state(), profile)
        assert one["Condition"] == {"StringEquals": {
            f"{ISSUER}:aud": "sts.amazonaws.com",
            f"{ISSUER}:sub":
                "system:serviceaccount:observability:cloudwatch-mcp"}}, one
        with open("deploy/iam/read-only.json", encoding="utf-8") as f:
            (policy,) = s["policies"].values()
            assert policy["versions"]["v1"] == json.load(f)
        assert s["roles"][ROLE]["attached"] == list(s["policies"])
    assert s["roles"][ROLE]["about"] == "Shop, staging"


def setup_twice_changes_nothing_more(cloud):
    cloud.run("setup")
    before = cloud.state()
    status, text, calls = cloud.run("setup")
    assert status == 0, text
    assert not changes(calls) and cloud.state() == before, changes(calls)
    assert cloud.run("verify")[0] == 0


def setup_mends_what_was_changed(cloud):
    cloud.run("setup")

    def spoil(state):
        role = state["production"]["roles"][ROLE]
        del role["trust"]["Statement"][0]["Condition"]["StringEquals"][
            f"{ISSUER}:sub"]
        role["seconds"] = 7200
        role["attached"] = []
        for p in state["production"]["policies"].values():
            p["versions"]["v1"]["Statement"][0]["Action"] = ["logs:*"]
        for p in state["production"]["providers"].values():
            p["ClientIDList"] = ["other"]
    cloud.change(spoil)
    status, text, _ = cloud.run("verify")
    assert status == 1, text
    for part in (f"without the condition {ISSUER}:sub", "lasts 7200 seconds",
                 "is not attached", "does not say what",
                 "does not take sts.amazonaws.com",
                 "failed to verify: 5 things are wrong"):
        assert part in text, (part, text)
    status, text, calls = cloud.run("setup")
    assert status == 0, text
    assert changes(calls) == [
        "add-client-id-to-open-id-connect-provider", "create-policy-version",
        "update-role", "update-assume-role-policy", "attach-role-policy"]
    assert cloud.run("verify")[0] == 0


def verify_sees_each_thing_that_lacks(cloud):
    status, text, calls = cloud.run("verify")
    assert status == 1 and not changes(calls), text
    for thing in ("OIDC provider of platform", "role " + ROLE,
                  "policy MCPReadOnlyPolicy"):
        assert f"there is no {thing}" in text, text
    cloud.run("setup")

    def widen(state):
        trust_of(state).append({"Effect": "Allow", "Principal": {"AWS": "*"},
                                "Action": "sts:AssumeRole"})
    cloud.change(widen)
    status, text, _ = cloud.run("verify")
    assert status == 1 and "trusts more, or otherwise" in text, text

    def loosen(state):
        trust_of(state)[:] = trust_of(state)[:1]
        del trust_of(state)[0]["Condition"]["StringEquals"][f"{ISSUER}:aud"]
    cloud.change(loosen)
    status, text, _ = cloud.run("verify")
    assert f"without the condition {ISSUER}:aud" in text, text

    def forget(state):
        trust_of(state)[0]["Principal"]["Federated"] = "arn:other"
    cloud.change(forget)
    assert "does not trust cluster platform" in cloud.run("verify")[1]


def a_policy_keeps_at_most_five_versions(cloud):
    cloud.run("setup")
    for n in range(6):
        policy = cloud.path("policy.json")
        cloud.write("policy.json", json.dumps({
            "Version": "2012-10-17", "Statement": [{
                "Effect": "Allow", "Action": ["logs:StopQuery"],
                "Resource": f"*{n}"}]}))
        status, text, _ = cloud.run("setup", "--policy", policy)
        assert status == 0, text
    for policy in cloud.state()["production"]["policies"].values():
        assert list(policy["versions"]) == ["v3", "v4", "v5", "v6", "v7"]
    assert cloud.run("teardown", "--yes")[0] == 0
    assert not cloud.state()["production"]["policies"]


def one_account_failing_leaves_the_other(cloud):
    cloud.write("fail", "production create-role\n")
    status, text, calls = cloud.run("setup")
    assert status == 1, text
    last = text.strip().splitlines()[-1]
    assert last.startswith(
        f"multi-account: {PROD} (production): failed to create role {ROLE}: "
        "An error occurred (AccessDenied)"), last
    assert "setup: 1 accounts done, 1 failed" in text, text
    assert ROLE in cloud.state()["staging"]["roles"]
    assert "attach-role-policy" not in changes(calls, "production")
    cloud.write("fail", "")
    status, text, calls = cloud.run("setup")
    assert status == 0 and changes(calls) == ["create-role",
                                              "attach-role-policy"], text


def every_call_that_fails_is_named(cloud):
    kinds_seen = []
    for action in ("setup", "teardown"):
        text = cloud.read("config")
        fresh = Cloud(re.sub("  - profile: production(.|\\n)*?  - profile",
                             "  - profile", text))
        if action == "teardown":
            fresh.run("setup")
        before = fresh.state()
        calls = fresh.run(action, "--yes", TEARDOWN_OIDC="true")[2]
        for call in {c[3]: c for c in calls if c[1] == "staging"}:
            fresh.write("state.json", json.dumps(before))
            fresh.write("fail", f"staging {call}\n")
            status, text, _ = fresh.run(action, "--yes", TEARDOWN_OIDC="true")
            assert status == 1, (call, text)
            assert f"{STAGING} (staging): failed to " in text, (call, text)
            assert "AccessDenied" in text, (call, text)
            kinds_seen.append(call)
        fresh.close()
    assert len(kinds_seen) > 15, kinds_seen


def a_profile_of_another_account_is_not_touched(cloud):
    cloud.change(lambda s: s["production"].update(account="000000000000"))
    status, text, calls = cloud.run("setup")
    assert status == 1 and not changes(calls, "production"), text
    assert "it is of account 000000000000, the configuration says " + PROD \
        in text, text
    cloud.change(lambda s: s.pop("production"))
    status, text, _ = cloud.run("setup")
    assert status == 1 and "could not be found" in text, text


def dry_runs_print_calls_and_make_none(cloud):
    want = {
        "setup": ["create-open-id-connect-provider", "create-policy",
                  "create-role", "attach-role-policy"],
        "teardown": ["detach-role-policy", "delete-role", "delete-policy",
                     "delete-open-id-connect-provider"],
        "verify": [],
    }
    for action, changing in want.items():
        status, text, calls = cloud.run(action, "--dry-run",
                                        TEARDOWN_OIDC="true")
        assert status == 0 and not calls, text
        lines = text.splitlines()
        assert lines[0] == f"# {PROD} (production)", lines[0]
        assert all(line.startswith(("aws --profile ", "# ")) for line in
                   lines), text
        words = [line.split()[4] for line in lines if line[0] != "#"]
        assert [w for w in words if not w.startswith(READS)] == changing * 2
    # What is printed can be run as it stands, and does it.
    p = subprocess.run(
        ["sh", "-e"], input=cloud.run("setup", "--dry-run")[1].replace(
            "aws --profile", "try aws --profile").replace(
            "# ", "try() { \"$@\" || case $5 in get*|list*) ;; "
            "*) exit 1 ;; esac; }\n# ", 1),
        text=True, capture_output=True, check=False,
        env={"PATH": f"{cloud.folder}:{os.environ['PATH']}",
             "FAKE_AWS": cloud.folder})
    assert p.returncode == 0, p.stderr
    assert cloud.run("verify")[0] == 0


def teardown_leaves_nothing_that_setup_made(cloud):
    empty = cloud.state()
    cloud.run("setup")
    status, text, calls = cloud.run("teardown", "--yes")
    assert status == 0, text
    assert changes(calls, "staging") == [
        "detach-role-policy", "delete-role", "delete-policy"]
    assert len(cloud.state()["staging"]["providers"]) == 1
    status, text, calls = cloud.run("teardown", "--yes", TEARDOWN_OIDC="true")
    assert status == 0 and changes(calls, "staging") == [
        "delete-open-id-connect-provider"], text
    for profile, s in cloud.state().items():
        assert s == {**empty[profile], "providers": {}, "policies": {},
                     "roles": {}}
    assert cloud.run("teardown", "--yes", TEARDOWN_OIDC="true")[0] == 0


def teardown_asks_first(cloud):
    cloud.run("setup")
    status, text, calls = cloud.run("teardown")
    assert status == 2 and not calls, text
    assert "add --yes" in text, text


def what_others_made_is_left_alone(cloud):
    cloud.run("setup")

    def unmark(state):
        for kind in ("roles", "policies"):
            for thing in state["staging"][kind].values():
                thing["tags"] = []
        for thing in state["staging"]["providers"].values():
            thing["Tags"] = []
    cloud.change(unmark)
    before = cloud.state()
    status, text, calls = cloud.run("setup")
    assert status == 1 and not changes(calls), text
    assert "it was not made by this script; ADOPT=true takes it over" in text
    status, text, calls = cloud.run("teardown", "--yes", TEARDOWN_OIDC="true")
    assert status == 1 and not changes(calls, "staging"), text
    assert f"failed to touch role {ROLE}: it was not made" in text, text
    cloud.write("state.json", json.dumps(before))
    status, text, calls = cloud.run("setup", ADOPT="true")
    assert status == 0 and changes(calls) == ["tag-policy", "tag-role"], text
    # Other people use the identity provider still.
    status, text, calls = cloud.run("teardown", "--yes", TEARDOWN_OIDC="true")
    assert status == 0, text
    assert "kept the OIDC provider of platform" in text, text
    assert len(cloud.state()["staging"]["providers"]) == 1
    assert not cloud.state()["production"]["providers"]


def each_thing_of_others_is_left_alone(cloud):
    cloud.run("setup")
    whole = cloud.state()
    for kind, name in (("roles", f"role {ROLE}"),
                       ("policies", "policy MCPReadOnlyPolicy")):
        def unmark(state, of=kind):
            for thing in state["staging"][of].values():
                thing["tags"] = []
        for action in ("setup", "teardown"):
            cloud.write("state.json", json.dumps(whole))
            cloud.change(unmark)
            status, text, _ = cloud.run(action, "--yes")
            assert status == 1, (action, kind, text)
            assert f"failed to touch {name}: it was not" in text, text
            assert cloud.state()["staging"][kind], (action, kind)


def namespaces_may_have_stars(cloud):
    cloud.write("config", cloud.read("config").replace(
        "namespace: observability", 'namespace: "team-*"'))
    assert cloud.run("setup")[0] == 0
    (one,) = trust_of(cloud.state())
    assert one["Condition"] == {
        "StringEquals": {f"{ISSUER}:aud": "sts.amazonaws.com"},
        "StringLike": {f"{ISSUER}:sub":
                       "system:serviceaccount:team-*:cloudwatch-mcp"}}
    assert cloud.run("verify")[0] == 0


def several_clusters_are_trusted_side_by_side(cloud):
    cloud.write("config", cloud.read("config").replace(
        "\nkubernetes:", "  - name: edge\n    region: eu-west-1\n"
        "    oidc_issuer_id: 0123456789ABCDEF0123456789ABCDEF\n"
        "\nkubernetes:", 1))
    assert cloud.run("setup")[0] == 0
    assert len(trust_of(cloud.state())) == 2
    assert len(cloud.state()["staging"]["providers"]) == 2
    status, text, calls = cloud.run("setup")
    assert status == 0 and not changes(calls), text

    def forget(state):
        del trust_of(state)[1]
    cloud.change(forget)
    status, text, _ = cloud.run("verify")
    assert status == 1 and "does not trust cluster edge" in text, text


# Descriptions that shells, YAML, JSON or IAM might stumble over.
TEXTS = ["it's \"quoted\" \\ and $HOME `id` $(id)", "a: b # c", "  two  ",
         "trailing\\", "* ? [a-z]", "Zürich – größte", "'", "%s %d", "-n"]


def descriptions_may_hold_anything(cloud):
    for text in TEXTS:
        cloud.write("config", json.dumps({
            "clusters": [{"name": "p", "region": "us-east-2",
                          "oidc_issuer_id": "EXAMPLE1"}],
            "kubernetes": {"namespace": "o", "service_account": "s"},
            "target_accounts": [{"profile": "production", "account_id": PROD,
                                 "description": text}]},
            ensure_ascii=text.startswith("Z"), indent=1))
        cloud.write("state.json", json.dumps({"production":
                                              {"account": PROD}}))
        status, out, _ = cloud.run("setup")
        assert status == 0, (text, out)
        about = cloud.state()["production"]["roles"][ROLE]["about"]
        assert about == re.sub(r"[^ -~]+", "?", text), (text, about)
        dry = cloud.run("setup", "--dry-run")[1]
        line = next(d for d in dry.splitlines() if " create-role " in d)
        words = subprocess.run(
            ["sh", "-c", 'aws() { for w; do printf "%s\\n" "$w"; done; }\n' + line],
            capture_output=True, text=True, check=True).stdout.splitlines()
        assert words[words.index("--description") + 1] == about, words
        status, out, _ = cloud.run("generate-config", "--out", cloud.folder)
        assert status == 0, out
        line = next(x for x in cloud.read("accounts.yaml").splitlines()
                    if "description" in x)
        assert json.loads(line.split(": ", 1)[1]) == text, line


GOOD = {"clusters": [{"name": "platform", "region": "us-east-2",
                      "account_id": "111122223333",
                      "oidc_issuer_id": "EXAMPLED539D4633E53DE1B71EXAMPLE"}],
        "kubernetes": {"namespace": "observability",
                       "service_account": "cloudwatch-mcp"},
        "iam": {"role_name": ROLE, "policy_name": "MCPReadOnlyPolicy",
                "session_duration": 3600},
        "target_accounts": [
            {"profile": "production", "account_id": PROD,
             "description": "Shop, production"},
            {"profile": "staging", "account_id": STAGING,
             "description": "Shop, staging", "region": "eu-west-1"}]}

# Other ways to write the example.
SAME = [
    json.dumps(GOOD), json.dumps(GOOD, indent=4),
    json.dumps(GOOD, indent="\t").replace("\n", "\r\n"),
    """---
# comment
clusters:
- name:   'platform'   # comment
  region: us-east-2
  account_id: 111122223333
  oidc_issuer_id: "EXAMPLED539D4633E53DE1B71EXAMPLE"
kubernetes: # comment

    namespace: observability
    service_account: cloudwatch-mcp
target_accounts:
    -
      profile: production
      account_id: '444455556666'
      description: Shop, production
    -   profile: staging
        account_id: 777788889999
        description: "Shop,\\u0020staging"

        region: eu-west-1
""",
]


def the_same_in_yaml_and_json(cloud):
    def generated():
        status, text, _ = cloud.run("generate-config", "--out", cloud.folder)
        assert status == 0, text
        return cloud.read("accounts.yaml"), cloud.read("aws-config")
    want = generated()
    for text in SAME:
        cloud.write("config", text)
        assert generated() == want, text


# (what is changed in the example, into what, what the sentence says)
BAD = [
    ("clusters:   ", "clusters:\n\t-", "3: indented by a tab"),
    ("  - name: platform", "  - {name: platform}",
     "3: this script does not read YAML that begins with {"),
    ("name: platform", "name: &a platform", "begins with &"),
    ("    region: us-east-2", "     region: us-east-2",
     "4: indented unlike the lines above"),
    ("region: us-east-2", "region: us_east_2",
     "line 4: clusters.0.region is no region: us_east_2"),
    ("region: us-east-2", "regoin: us-east-2",
     "line 4: clusters.0.regoin means nothing here"),
    ("region: us-east-2", "region us-east-2", '4: expected "name: value"'),
    ('"444455556666"', '"44445555666"',
     "target_accounts.0.account_id is not 12 digits: 44445555666"),
    ('"444455556666"', '"444455556666', "a quote is not closed"),
    ('"444455556666"', '"444455556666" x', "text behind the closing quote"),
    ("profile: staging", "profile: production",
     "target_accounts.1.profile stands in line 18 already: production"),
    ("profile: staging", "profile: sta ging", "letters, digits and . _ - only"),
    ("profile: staging", "account_id: 1",
     "target_accounts.1.account_id stands twice"),
    ("session_duration: 3600", "session_duration: 900",
     "iam.session_duration has to be 3600 to 43200 seconds: 900"),
    ("namespace: observability", "", "kubernetes.namespace is missing"),
    ("service_account: cloudwatch-mcp", "service_account: '*'",
     "kubernetes.service_account has to be one name: *"),
    ("role_name: EKS", "role_name: E/S", "iam.role_name is no name in IAM"),
    ("EXAMPLED539", "https://oidc", "the last part of the issuer only"),
    ("target_accounts:", "target_account:", "means nothing here"),
    ("description: \"Shop, s", "description: Shop: s", "put the value in"),
    ("\"Shop, s", "\"Shop\\x s", "no such escape: \\x"),
    ("\"Shop, s", "\"Shop\\n s", "holds a control character"),
    ("\"Shop, s", "\"\\ud800 s", "is no character"),
]
BAD_JSON = [
    ('"us-east-2",', '"us-east-2"', "expected , or }"),
    ('"region": "us-east-2"', '"region" "us-east-2"', "expected a : behind"),
    ('"us-east-2"', "", "expected a value"),
    ('"us-east-2"', '"us-east-2', "5: a quote is not closed"),
    ('"name": "platform"', 'name: "platform"', '4: expected a "'),
    ("]\n}", "]\n} x", "text behind the closing }"),
    ("]\n}", "]\n", "expected , or }"),
]


def wrong_configurations_are_one_sentence(cloud):
    example = cloud.read("config")
    as_json = json.dumps(GOOD, indent=1)
    for source, cases in ((example, BAD), (as_json, BAD_JSON)):
        for old, new, sentence in cases:
            assert source.count(old) >= 1, old
            cloud.write("config", source.replace(old, new, 1))
            status, text, calls = cloud.run("setup")
            assert status == 2 and not calls, (new, text)
            assert text.count("\n") == 1 and text.startswith(
                "multi-account: " + cloud.config), (new, text)
            assert sentence in text, (new, text)
    cloud.write("config", "{}")
    assert "clusters is missing" in cloud.run("setup")[1]
    cloud.write("config", "")
    assert "clusters is missing" in cloud.run("setup")[1]
    for words, sentence in ((["setup", "verify"], "One at a time"),
                            (["set-up"], "means nothing"),
                            (["--out"], "means nothing"),
                            ([], "what to do")):
        status, text, _ = cloud.run(*words)
        assert status in (1, 2) and text.count("\n") == 1, (words, text)
        assert words == ["--out"] or sentence in text, (words, text)
    status, text, _ = cloud.run("setup", "--policy", "/none")
    assert status == 2 and "cannot read /none" in text


def the_server_reads_the_accounts_file(cloud):
    server_reads(cloud, "CLOUDWATCH_MCP_ACCOUNTS_FILE", "accounts.yaml")


def the_server_reads_the_aws_config(cloud):
    server_reads(cloud, "AWS_CONFIG_FILE", "aws-config")


def server_reads(cloud, setting, file):
    if len(sys.argv) < 2:
        return
    assert cloud.run("generate-config", "--out", cloud.folder)[0] == 0
    p = subprocess.run(
        [sys.argv[1], "call", "list_profiles"], capture_output=True,
        text=True, check=False,
        env={setting: cloud.path(file), "HOME": cloud.folder,
             "AWS_EC2_METADATA_DISABLED": "true",
             "AWS_REGION": "us-east-2"})
    assert p.returncode == 0, p.stderr
    profiles = {q["profile_name"]: q for q in json.loads(p.stdout)["profiles"]}
    for name, account, region in (("production", PROD, "us-east-2"),
                                  ("staging", STAGING, "eu-west-1")):
        found = profiles[name]
        assert found["account_id"] == account, found
        assert found["region"] == region, found
        assert found["role_arn"] == f"arn:aws:iam::{account}:role/{ROLE}"
        assert setting == "AWS_CONFIG_FILE" or \
            found["description"] == f"Shop, {name}", found


def guide():
    """The commands of deploy/iam/README.md."""
    with open("deploy/iam/README.md", encoding="utf-8") as f:
        text = f.read().replace("\\\n", " ")
    return [shlex.split(line) for line in
            re.findall(r"^    ((?:aws|sh) .+)$", text, re.M)]


def the_guide_runs_as_it_is_written(cloud):
    os.symlink(os.path.abspath("deploy"), cloud.path("deploy"))
    shutil.copy(EXAMPLE, cloud.path("multi-account.yaml"))
    said = {}
    for words in guide():
        if words[0] == "sh":
            p = subprocess.run(
                words, capture_output=True, text=True, check=False,
                cwd=cloud.folder, stdin=subprocess.DEVNULL,
                env={"PATH": f"{cloud.folder}:{os.environ['PATH']}",
                     "FAKE_AWS": cloud.folder})
            said[words[2]] = p.returncode
    # Nobody is there to answer the last one.
    assert said == {"setup": 0, "verify": 0, "generate-config": 0,
                    "teardown": 2}, said
    assert os.path.exists(cloud.path("accounts.yaml"))


def the_aws_cli_knows_every_call(_):
    if real_aws is None:
        print("skip the AWS CLI is not installed")
        return
    assert len(kinds) >= 20, sorted(kinds)
    calls = [c[2:] for c in kinds.values() if c[2] != "sts"]
    written = [words[1:] for words in guide() if words[0] == "aws"]
    assert len(written) >= 3, written
    for words in calls + written:
        for option in ("--query", "--output"):
            if option in words:
                at = words.index(option)
                del words[at:at + 2]
        p = subprocess.run(
            [real_aws, *words, "--endpoint-url", "http://127.0.0.1:9"],
            capture_output=True, text=True, check=False,
            env={**os.environ, "AWS_DEFAULT_REGION": "us-east-1",
                 "AWS_MAX_ATTEMPTS": "1", "AWS_ACCESS_KEY_ID": "a",
                 "AWS_SECRET_ACCESS_KEY": "b"})
        # It got as far as sending.
        assert "Could not connect to the endpoint" in p.stderr, \
            (words, p.stderr)


TESTS = [
    setup_makes_provider_policy_and_role, setup_twice_changes_nothing_more,
    setup_mends_what_was_changed, verify_sees_each_thing_that_lacks,
    a_policy_keeps_at_most_five_versions,
    one_account_failing_leaves_the_other, every_call_that_fails_is_named,
    a_profile_of_another_account_is_not_touched,
    dry_runs_print_calls_and_make_none,
    teardown_leaves_nothing_that_setup_made, teardown_asks_first,
    what_others_made_is_left_alone, each_thing_of_others_is_left_alone,
    namespaces_may_have_stars,
    several_clusters_are_trusted_side_by_side, descriptions_may_hold_anything,
    the_same_in_yaml_and_json, wrong_configurations_are_one_sentence,
    the_server_reads_the_accounts_file, the_server_reads_the_aws_config,
    the_guide_runs_as_it_is_written, the_aws_cli_knows_every_call,
]


def main():
    failed = 0
    for test in TESTS:
        cloud = Cloud()
        try:
            test(cloud)
        except Exception as e:  # pylint: disable=broad-except
            failed += 1
            print(f"FAIL {test.__name__}: {type(e).__name__}: {e}")
        cloud.close()
    print(f"{len(TESTS) - failed} passed, {failed} failed")
    sys.exit(1 if failed else 0)


main()
