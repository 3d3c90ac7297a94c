#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""deploy/iam against the code: no action missing, none too many.

deploy/iam/actions.tsv is the one table: operation, IAM actions, tools. It has
to agree with the operations that the program may send (src/aws/operation.c),
with what doctor and the error sentences say is missing (src/aws/fault.c), with
the tools (src/tools), and, when a program is given, with what each tool was
seen to send. The policies have a statement for each family of tools, with
exactly the actions of its tools. All documents have to be IAM's grammar.

usage: iam_check.py [--write] [PROGRAM]
	--write	makes the policies and the template's policy anew from the table
"""
import glob
import json
import os
import re
import sys

HERE = "deploy/iam"
POLICIES = {
    "alarms-metrics-logs.json": ["alarms", "metrics", "logs"],
    "alarms-metrics-logs-promql.json": ["alarms", "metrics", "logs",
                                        "promql"],
    "read-only.json": ["alarms", "metrics", "logs", "promql",
                       "investigation", "dashboards"],
}
CROSS_ACCOUNT = "read-only-cross-account.json"
TEMPLATE = "cross-account-role.template.json"
SIDS = {"promql": "PromQL"}
ROLE = re.compile(r"arn:aws[a-z-]*:iam::\d{12}:role/[\w+=,.@/-]{1,512}")
# Limits of IAM: characters without white space of a managed policy, and of a
# trust policy by default.
POLICY_MAX = 6144
TRUST_MAX = 2048


def read(root, path):
    with open(os.path.join(root, path), encoding="utf-8") as f:
        return f.read()


class Table:
    """actions.tsv."""

    def __init__(self, root):
        self.actions = {}
        self.tools = {}
        self.rarely = {}
        for line in read(root, f"{HERE}/actions.tsv").splitlines():
            if line.startswith("#"):
                continue
            name, actions, tools, rarely = line.split("\t")
            assert name not in self.actions, f"{name} stands there twice"
            self.actions[name] = actions.split()
            self.tools[name] = tools.split()
            self.rarely[name] = rarely.split()

    def of(self, tools):
        """The actions that these tools need, sorted."""
        return sorted({
            action for name, actions in self.actions.items()
            if tools & {*self.tools[name], *self.rarely[name]}
            for action in actions})


def families(root):
    found = {}
    for family, tool in re.findall(r"^TOOL\((\w+), (\w+)\)",
                                   read(root, "src/tools/tools.def"), re.M):
        found.setdefault(family, set()).add(tool)
    return found


def statement(sid, actions, resource="*"):
    return {"Sid": sid, "Effect": "Allow", "Action": actions,
            "Resource": resource}


def wanted_statements(table, tools_of, names):
    return [statement(SIDS.get(n, n.title()), table.of(tools_of[n]))
            for n in names]


def cross_account(resource):
    return statement("AssumeRolesOfOtherAccounts", ["sts:AssumeRole"],
                     resource)


# ---- checks: each raises with a sentence ----

def table_agrees_with_operations(root):
    table = Table(root)
    listed = re.findall(r'^\t(CLOUDWATCH|LOGS|STS)\("(\w+)",?\s*(NONE)?',
                        read(root, "src/aws/operation.c"), re.M)
    names = {name for _, name, _ in listed}
    assert len(names) > 20, "src/aws/operation.c was not understood"
    missing = names - set(table.actions)
    assert not missing, f"actions.tsv lacks {sorted(missing)}"
    extra = set(table.actions) - names
    assert not extra, f"the program never sends {sorted(extra)}"
    # What doctor prints is the service and the operation's name.
    for service, name, none in listed:
        if service != "STS" and not none:
            said = [f"{service.lower()}:{name}"]
            assert table.actions[name] == said, \
                f"doctor says {said}, actions.tsv {table.actions[name]}"


def table_agrees_with_error_sentences(root):
    table = Table(root)
    text = read(root, "src/aws/fault.c")
    start = text.index("add_permission(")
    text = text[start:text.index("\n}", start)]
    said = {}
    for condition, action in re.findall(
            r'if \((.*?)\) \{\s*buf_add\(b, S\("([\w:]+)"\)\)', text, re.S):
        for name in re.findall(r'S\("(\w+)"\)', condition):
            said[name] = action
    assert said, "src/aws/fault.c was not understood"
    for name, actions in table.actions.items():
        if name in said:
            assert said[name] in actions, (name, said[name], actions)
        elif actions:
            assert [a.split(":")[1] for a in actions] == [name], \
                f"{name}: an error would name another action than {actions}"


def table_agrees_with_tools(root):
    table = Table(root)
    tools = set().union(*families(root).values())
    for name, used in table.tools.items():
        unknown = {*used, *table.rarely[name]} - tools
        assert not unknown, f"{name}: no such tools: {sorted(unknown)}"
    # An operation that no tool sends is in no policy; one that a tool's
    # source names has to be traced to it.
    text = "".join(read(root, os.path.relpath(p, root)) for p in sorted(
        glob.glob(os.path.join(root, "src/tools/*.[ch]"))))
    for name in table.actions:
        if name in ("AssumeRole", "AssumeRoleWithWebIdentity"):
            continue
        assert bool(table.tools[name]) == (f'"{name}"' in text), \
            f"{name}: actions.tsv says {table.tools[name] or 'no tool'}, " \
            f"src/tools {'names it' if not table.tools[name] else 'does not'}"


def policies_agree_with_table(root):
    table, tools_of = Table(root), families(root)
    assert set(POLICIES["read-only.json"]) | {"account"} == set(tools_of), \
        "a family of tools has no statement"
    for file, names in POLICIES.items():
        found = json.loads(read(root, f"{HERE}/{file}"))["Statement"]
        assert found == wanted_statements(table, tools_of, names), \
            f"{file} is not what actions.tsv says; --write makes it anew"
    found = json.loads(read(root, f"{HERE}/{CROSS_ACCOUNT}"))["Statement"]
    assert found[:-1] == wanted_statements(
        table, tools_of, POLICIES["read-only.json"]), CROSS_ACCOUNT
    assert found[-1] == cross_account(found[-1]["Resource"]), CROSS_ACCOUNT
    for arn in found[-1]["Resource"]:
        assert ROLE.fullmatch(arn), f"{CROSS_ACCOUNT}: {arn} is no role"


def check_statement(where, s, trust):
    known = {"Sid", "Effect", "Action", "Condition"} | (
        {"Principal"} if trust else {"Resource"})
    assert set(s) <= known, f"{where}: {sorted(set(s) - known)} in a statement"
    assert known - {"Condition"} <= set(s), f"{where}: {s} lacks an element"
    assert re.fullmatch(r"[A-Za-z0-9]+", s["Sid"]), f"{where}: Sid {s['Sid']}"
    assert s["Effect"] == "Allow", where
    actions = s["Action"] if isinstance(s["Action"], list) else [s["Action"]]
    assert actions and len(set(actions)) == len(actions), where
    for action in actions:
        assert re.fullmatch(r"(cloudwatch|logs|sts):[A-Z][A-Za-z]+", action), \
            f"{where}: '{action}' is not one action, written out"
    for operator, pairs in s.get("Condition", {}).items():
        assert operator in ("StringEquals", "StringLike"), (where, operator)
        for key, value in pairs.items():
            assert re.fullmatch(r"[\w./-]+:[\w/-]+", key), (where, key)
            assert isinstance(value, str) and value, (where, key)
            if operator == "StringEquals":
                assert "*" not in value, f"{where}: {key} never equals {value}"
    return s["Sid"]


def documents_are_iam_grammar(root):
    files = sorted(glob.glob(os.path.join(root, HERE, "*.json")))
    assert len(files) >= 9, files
    for path in files:
        name = os.path.basename(path)
        if name == TEMPLATE:
            continue
        trust = name.startswith("trust-")
        document = json.loads(read(root, f"{HERE}/{name}"))
        assert list(document) == ["Version", "Statement"], name
        assert document["Version"] == "2012-10-17", name
        sids = [check_statement(name, s, trust) for s in
                document["Statement"]]
        assert len(set(sids)) == len(sids), f"{name}: a Sid stands twice"
        size = len(re.sub(r"\s", "", json.dumps(document)))
        limit = TRUST_MAX if trust else POLICY_MAX
        assert size <= limit, f"{name}: {size} characters, over {limit}"


def trusts_name_who_and_for_what(root):
    def one(name):
        (s,) = json.loads(read(root, f"{HERE}/trust-{name}.json"))["Statement"]
        return s

    def provider(s):
        return re.fullmatch(r"arn:aws:iam::\d{12}:oidc-provider/(\S+)",
                            s["Principal"]["Federated"])[1]

    for name, operator in (("irsa", "StringEquals"),
                           ("irsa-any-namespace", "StringLike")):
        s = one(name)
        issuer = provider(s)
        assert s["Action"] == "sts:AssumeRoleWithWebIdentity", name
        assert s["Condition"]["StringEquals"][f"{issuer}:aud"] == \
            "sts.amazonaws.com", f"{name}: no audience"
        sub = s["Condition"][operator][f"{issuer}:sub"]
        assert re.fullmatch(r"system:serviceaccount:[a-z0-9*-]+:"
                            r"[a-z0-9-]+", sub), f"{name}: {sub}"
    s = one("pod-identity")
    assert s["Principal"] == {"Service": "pods.eks.amazonaws.com"}
    assert s["Action"] == ["sts:AssumeRole", "sts:TagSession"]
    assert set(s["Condition"]["StringEquals"]) == {
        "aws:RequestTag/kubernetes-namespace",
        "aws:RequestTag/kubernetes-service-account"}
    s = one("user-oidc")
    assert s["Action"] == "sts:AssumeRoleWithWebIdentity"
    assert s["Condition"]["StringEquals"][f"{provider(s)}:aud"]
    s = one("cross-account")
    assert ROLE.fullmatch(s["Principal"]["AWS"])
    assert s["Action"] == "sts:AssumeRole"
    assert s["Condition"]["StringEquals"]["sts:ExternalId"]


def references(node):
    """Everything that a template refers to, and its conditions."""
    if isinstance(node, dict):
        for key, inner in node.items():
            if key in ("Ref", "Condition") and isinstance(inner, str):
                yield inner
            elif key == "Fn::If":
                yield inner[0]
            elif key == "Fn::GetAtt":
                yield inner[0]
            yield from references(inner)
    elif isinstance(node, list):
        for inner in node:
            yield from references(inner)


def template_makes_the_role(root):
    text = read(root, f"{HERE}/{TEMPLATE}")
    t = json.loads(text)
    assert set(t) == {"AWSTemplateFormatVersion", "Description", "Parameters",
                      "Conditions", "Resources", "Outputs"}, sorted(t)
    assert t["AWSTemplateFormatVersion"] == "2010-09-09"
    assert len(t["Description"]) <= 1024
    (role,) = t["Resources"].values()
    assert role["Type"] == "AWS::IAM::Role"
    p = role["Properties"]
    assert set(p) == {"RoleName", "Description", "MaxSessionDuration",
                      "AssumeRolePolicyDocument", "Policies"}, sorted(p)
    (policy,) = p["Policies"]
    assert policy["PolicyDocument"] == \
        json.loads(read(root, f"{HERE}/read-only.json")), \
        "the template's policy is not read-only.json; --write makes it anew"
    (s,) = p["AssumeRolePolicyDocument"]["Statement"]
    assert s["Action"] == "sts:AssumeRole"
    assert s["Principal"] == {"AWS": {"Ref": "TrustedRoleArn"}}
    assert "sts:ExternalId" in json.dumps(s["Condition"])
    defined = {*t["Parameters"], *t["Conditions"], *t["Resources"]}
    used = {r for r in references({k: t[k] for k in (
        "Resources", "Outputs", "Conditions")}) if not r.startswith("AWS::")}
    assert used <= defined, used - defined
    assert set(t["Parameters"]) <= used, set(t["Parameters"]) - used
    for name, parameter in t["Parameters"].items():
        if "AllowedPattern" in parameter:
            re.compile(parameter["AllowedPattern"])
            assert parameter["ConstraintDescription"], name
    # CloudFormation's limit of a template in a request.
    assert len(text) <= 51200


def tools_send_what_the_table_says(root, program):
    from iam_trace import trace  # pylint: disable=import-outside-toplevel
    table = Table(root)
    sent = trace(program)
    every = set().union(*families(root).values())
    assert set(sent) == every, f"never called: {sorted(every - set(sent))}"
    for tool, operations in sent.items():
        for name in operations:
            assert name in table.tools and (
                tool in table.tools[name] or tool in table.rarely[name]), \
                f"{tool} sends {name}, and actions.tsv does not know"
    for name, tools in table.tools.items():
        for tool in tools:
            assert name in sent[tool], f"{tool} was not seen to send {name}"


CHECKS = [table_agrees_with_operations, table_agrees_with_error_sentences,
          table_agrees_with_tools, policies_agree_with_table,
          documents_are_iam_grammar, trusts_name_who_and_for_what,
          template_makes_the_role]


def save(path, document):
    with open(path, "w", encoding="utf-8") as f:
        json.dump(document, f, indent=2)
        f.write("\n")


def write():
    table, tools_of = Table("."), families(".")
    for file, names in POLICIES.items():
        save(f"{HERE}/{file}", {
            "Version": "2012-10-17",
            "Statement": wanted_statements(table, tools_of, names)})
    whole = wanted_statements(table, tools_of, POLICIES["read-only.json"])
    try:
        resource = json.loads(read(".", f"{HERE}/{CROSS_ACCOUNT}"))[
            "Statement"][-1]["Resource"]
    except FileNotFoundError:
        resource = ["arn:aws:iam::444455556666:role/cloudwatch-mcp"]
    save(f"{HERE}/{CROSS_ACCOUNT}", {
        "Version": "2012-10-17",
        "Statement": whole + [cross_account(resource)]})
    template = json.loads(read(".", f"{HERE}/{TEMPLATE}"))
    (role,) = template["Resources"].values()
    role["Properties"]["Policies"][0]["PolicyDocument"]["Statement"] = whole
    save(f"{HERE}/{TEMPLATE}", template)


def failures(root, program=None):
    """One sentence for each check that fails."""
    found = []
    for check in CHECKS:
        try:
            check(root)
        except Exception as e:  # pylint: disable=broad-except
            found.append(f"{check.__name__}: {type(e).__name__}: {e}")
    if program:
        try:
            tools_send_what_the_table_says(root, program)
        except Exception as e:  # pylint: disable=broad-except
            found.append(f"tools_send_what_the_table_says: {e}")
    return found


def main():
    words = sys.argv[1:]
    if words[:1] == ["--write"]:
        write()
        words = words[1:]
    found = failures(".", words[0] if words else None)
    for sentence in found:
        print("FAIL", sentence)
    print(f"{len(CHECKS) + len(words) - len(found)} passed, "
          f"{len(found)} failed")
    sys.exit(1 if found else 0)


if __name__ == "__main__":
    main()
