# SPDX-License-Identifier: Apache-2.0
"""Every setting that deploy/ names is one that the program knows."""
import json
import re

import deploy
import policy

NAME = re.compile(r"^(CLOUDWATCH_MCP|AUTH|AWS|ENABLE|FASTMCP)_[A-Z0-9_]+$")


def known():
    """Names in --help; a list of them shortens the later ones: ..._STS."""
    names = set()
    for line in deploy.command(deploy.program(), "--help").splitlines():
        words = re.findall(r"(?:\.\.\.)?[A-Z][A-Z0-9_]*_[A-Z0-9_]+|\.\.\._\w+",
                           line)
        first = ""
        for word in words:
            if word.startswith("..."):
                names |= {first[:n] + word[3:] for n, c in enumerate(first)
                          if c == "_"}
            else:
                names.add(word)
                first = word
    return names


def of_chart():
    for path in deploy.VARIANTS:
        for doc in deploy.variant(path.stem):
            spec = policy.pod_of(doc)
            if doc["kind"] == "ConfigMap":
                yield from filter(NAME.match, doc["data"])
            if spec:
                for entry in spec["containers"][0].get("env", []):
                    yield entry["name"]


def of_ecs():
    for path in sorted((deploy.DEPLOY / "ecs").glob("task-*.json")):
        task = json.loads(path.read_text(encoding="utf-8"))
        for entry in task["containerDefinitions"][0]["environment"]:
            yield entry["name"]


def of_systemd():
    for path in sorted((deploy.DEPLOY / "systemd").iterdir()):
        text = path.read_text(encoding="utf-8")
        yield from re.findall(r"^Environment=(\w+)=", text, re.M)


def of_texts():
    """In prose and comments, too, a name has to be right."""
    for path in [deploy.DEPLOY / "README.md", *(
            p for folder in ("helm", "kubernetes", "ecs", "systemd",
                             "monitoring")
            for p in (deploy.DEPLOY / folder).rglob("*"))]:
        if path.is_file() and path.suffix in (".md", ".yaml", ".conf",
                                              ".service", ".txt"):
            for word in re.findall(r"\b(?:CLOUDWATCH_MCP|AUTH)_[A-Z_]+\b",
                                   path.read_text(encoding="utf-8")):
                yield word.rstrip("_")


def unknown(names):
    return sorted(set(names) - known())


def every_name_is_a_setting():
    for names in (of_chart(), of_ecs(), of_systemd(), of_texts()):
        names = list(names)
        assert len(names) > 5, names
        assert not unknown(names), unknown(names)


def a_misspelt_name_is_found():
    assert unknown(["CLOUDWATCH_MCP_WORKER", "AUTH_TOKEN_FILE",
                    "CLOUDWATCH_MCP_WORKERS", "AWS_CA_BUNDLE"]) == \
        ["AUTH_TOKEN_FILE", "CLOUDWATCH_MCP_WORKER"]


SECRETS = {"tokens": "one:0123456789abcdef0123\n",
           "sigv4-keys": "one:AKIDEXAMPLE:0123456789abcdef0123\n"}


def the_environment_of_every_variant_is_taken():
    """As the program itself parses it: a value it cannot use ends it."""
    for path in deploy.VARIANTS:
        docs = deploy.variant(path.stem)
        pod = policy.pod_of(deploy.of_kind(docs, "Deployment")[0])
        env = dict(policy.settings_of(docs, pod))
        with deploy.folder() as folder:
            files = dict(SECRETS)
            for doc in deploy.of_kind(docs, "ConfigMap"):
                files.update(doc["data"])
            for name, text in files.items():
                (deploy.pathlib.Path(folder) / name).write_text(
                    str(text), encoding="utf-8")
            for name, value in env.items():
                if str(value).startswith("/etc/cloudwatch-mcp/"):
                    env[name] = f"{folder}/{value.rsplit('/', 1)[1]}"
            if "AWS_SHARED_CREDENTIALS_FILE" in env:
                env.pop("AWS_SHARED_CREDENTIALS_FILE")
            event = deploy.start_event(env, 64 * 1024 * 1024)
            assert event["auth"] == (env["ENABLE_AUTH"] == "true"), path.stem


deploy.run([every_name_is_a_setting, a_misspelt_name_is_found,
            the_environment_of_every_variant_is_taken])
