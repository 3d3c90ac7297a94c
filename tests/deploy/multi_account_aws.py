#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""A stand-in for the AWS CLI: IAM as far as multi-account.sh uses it.

Keeps its accounts in $FAKE_AWS/state.json ({profile: account}), writes every
call to $FAKE_AWS/calls, and refuses the calls that $FAKE_AWS/fail names
("profile operation", a line). It keeps IAM's rules of order, and applies
--query with the language's own library, as the AWS CLI does.
"""
import json
import os
import re
import sys

FOLDER = os.environ["FAKE_AWS"]


def path(name):
    return os.path.join(FOLDER, name)


class Refused(Exception):
    """What IAM answers: code, sentence."""


def refuse(code, sentence):
    raise Refused(code, sentence)


def missing(sentence):
    refuse("NoSuchEntity", sentence)


def tags(text):
    if text is None:
        return []
    found = re.fullmatch(r"Key=([^,]+),Value=(.+)", text)
    return [{"Key": found[1], "Value": found[2]}]


def document(text, limit):
    if len(re.sub(r"\s", "", text)) > limit:
        refuse("LimitExceeded", "Cannot exceed quota")
    value = json.loads(text)
    if value.get("Version") != "2012-10-17" or not value["Statement"]:
        refuse("MalformedPolicyDocument", "Syntax errors in policy")
    return value


class Iam:
    """One account."""

    def __init__(self, state):
        self.s = state
        for kind in ("providers", "policies", "roles"):
            state.setdefault(kind, {})

    def _get(self, kind, name):
        if name not in self.s[kind]:
            missing(f"The {kind} entity {name} cannot be found.")
        return self.s[kind][name]

    def get_caller_identity(self):
        return {"Account": self.s["account"],
                "Arn": f"arn:aws:iam::{self.s['account']}:user/admin"}

    # OIDC providers
    def get_open_id_connect_provider(self, open_id_connect_provider_arn):
        return self._get("providers", open_id_connect_provider_arn)

    def create_open_id_connect_provider(self, url, client_id_list,
                                        thumbprint_list, tags=None):
        assert url.startswith("https://") and len(thumbprint_list) == 40
        arn = f"arn:aws:iam::{self.s['account']}:oidc-provider/{url[8:]}"
        if arn in self.s["providers"]:
            refuse("EntityAlreadyExists", f"{url} exists")
        self.s["providers"][arn] = {
            "Url": url[8:], "ClientIDList": [client_id_list],
            "Tags": globals()["tags"](tags)}
        return {"OpenIDConnectProviderArn": arn}

    def add_client_id_to_open_id_connect_provider(
            self, open_id_connect_provider_arn, client_id):
        self._get("providers", open_id_connect_provider_arn)[
            "ClientIDList"].append(client_id)

    def delete_open_id_connect_provider(self, open_id_connect_provider_arn):
        self._get("providers", open_id_connect_provider_arn)
        del self.s["providers"][open_id_connect_provider_arn]

    # policies
    def get_policy(self, policy_arn):
        p = self._get("policies", policy_arn)
        return {"Policy": {"DefaultVersionId": p["default"],
                           "Tags": p["tags"]}}

    def create_policy(self, policy_name, policy_document, description,
                      tags=None):
        arn = f"arn:aws:iam::{self.s['account']}:policy/{policy_name}"
        if arn in self.s["policies"]:
            refuse("EntityAlreadyExists", f"{policy_name} exists")
        self.s["policies"][arn] = {
            "default": "v1", "next": 2, "about": description,
            "tags": globals()["tags"](tags),
            "versions": {"v1": document(policy_document, 6144)}}

    def tag_policy(self, policy_arn, tags):
        self._get("policies", policy_arn)["tags"] = globals()["tags"](tags)

    def get_policy_version(self, policy_arn, version_id):
        p = self._get("policies", policy_arn)
        return {"PolicyVersion": {"Document": p["versions"][version_id]}}

    def list_policy_versions(self, policy_arn):
        p = self._get("policies", policy_arn)
        return {"Versions": [
            {"VersionId": v, "IsDefaultVersion": v == p["default"]}
            for v in sorted(p["versions"], key=lambda v: -int(v[1:]))]}

    def create_policy_version(self, policy_arn, policy_document,
                              set_as_default):
        p = self._get("policies", policy_arn)
        if len(p["versions"]) >= 5:
            refuse("LimitExceeded", "A managed policy can have 5 versions")
        name = f"v{p['next']}"
        p["next"] += 1
        p["versions"][name] = document(policy_document, 6144)
        if set_as_default:
            p["default"] = name

    def delete_policy_version(self, policy_arn, version_id):
        p = self._get("policies", policy_arn)
        if version_id == p["default"]:
            refuse("DeleteConflict", "it is the default version")
        del p["versions"][version_id]

    def delete_policy(self, policy_arn):
        p = self._get("policies", policy_arn)
        if len(p["versions"]) > 1 or any(
                policy_arn in r["attached"] for r in self.s["roles"].values()):
            refuse("DeleteConflict", "it has versions or is attached")
        del self.s["policies"][policy_arn]

    # roles
    def get_role(self, role_name):
        r = self._get("roles", role_name)
        return {"Role": {"MaxSessionDuration": r["seconds"],
                         "Description": r["about"], "Tags": r["tags"],
                         "AssumeRolePolicyDocument": r["trust"]}}

    @staticmethod
    def _seconds(text):
        if not 3600 <= int(text) <= 43200:
            refuse("ValidationError", "maxSessionDuration")
        return int(text)

    def create_role(self, role_name, assume_role_policy_document, description,
                    max_session_duration, tags=None):
        if role_name in self.s["roles"]:
            refuse("EntityAlreadyExists", f"{role_name} exists")
        if not re.fullmatch(r"[\t\n\r -~\u00a1-\u00ff]{0,1000}", description):
            refuse("ValidationError", "description")
        self.s["roles"][role_name] = {
            "trust": document(assume_role_policy_document, 2048),
            "about": description, "attached": [],
            "seconds": self._seconds(max_session_duration),
            "tags": globals()["tags"](tags)}

    def tag_role(self, role_name, tags):
        self._get("roles", role_name)["tags"] = globals()["tags"](tags)

    def update_role(self, role_name, max_session_duration, description):
        r = self._get("roles", role_name)
        r["seconds"] = self._seconds(max_session_duration)
        r["about"] = description

    def update_assume_role_policy(self, role_name, policy_document):
        self._get("roles", role_name)["trust"] = document(policy_document,
                                                          2048)

    def list_attached_role_policies(self, role_name):
        return {"AttachedPolicies": [
            {"PolicyArn": a} for a in self._get("roles",
                                                role_name)["attached"]]}

    def attach_role_policy(self, role_name, policy_arn):
        self._get("policies", policy_arn)
        self._get("roles", role_name)["attached"].append(policy_arn)

    def detach_role_policy(self, role_name, policy_arn):
        self._get("roles", role_name)["attached"].remove(policy_arn)

    def delete_role(self, role_name):
        if self._get("roles", role_name)["attached"]:
            refuse("DeleteConflict", "must detach all policies first")
        del self.s["roles"][role_name]


def text_of(value):
    """--output text."""
    if isinstance(value, list):
        return "\t".join(text_of(v) for v in value)
    return str(value)


def main():
    words = sys.argv[1:]
    options = {}
    plain = []
    while words:
        word = words.pop(0)
        if not word.startswith("--"):
            plain.append(word)
        elif word == "--set-as-default":
            options["set_as_default"] = True
        else:
            options[word[2:].replace("-", "_")] = words.pop(0)
    profile = options.pop("profile")
    query = options.pop("query", None)
    output = options.pop("output", "json")
    service, operation = plain
    assert service == ("sts" if operation == "get-caller-identity" else "iam")
    with open(path("calls"), "a", encoding="utf-8") as f:
        f.write(json.dumps(sys.argv[1:]) + "\n")
    with open(path("fail"), encoding="utf-8") as f:
        spoiled = f.read().splitlines()
    with open(path("state.json"), encoding="utf-8") as f:
        state = json.load(f)
    name = "".join(w.title() for w in operation.split("-"))
    try:
        if profile not in state:
            print(f"\nThe config profile ({profile}) could not be found",
                  file=sys.stderr)
            return 255
        if f"{profile} {operation}" in spoiled:
            refuse("AccessDenied", f"User is not authorized to perform: "
                   f"iam:{name}")
        answer = getattr(Iam(state[profile]),
                         operation.replace("-", "_"))(**options)
    except Refused as e:
        print(f"\nAn error occurred ({e.args[0]}) when calling the {name} "
              f"operation: {e.args[1]}", file=sys.stderr)
        return 254
    with open(path("state.json"), "w", encoding="utf-8") as f:
        json.dump(state, f)
    if answer is not None:
        if query:
            import jmespath  # pylint: disable=import-outside-toplevel
            answer = jmespath.search(query, answer)
        print(text_of(answer) if output == "text" else
              json.dumps(answer, indent=4))
    return 0


sys.exit(main())
