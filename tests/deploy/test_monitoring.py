# SPDX-License-Identifier: Apache-2.0
"""Alerts and dashboard: valid, and of metrics that the program really has."""
import http.client
import json
import os
import re
import subprocess
import sys
import time

import yaml

import deploy

sys.path.insert(0, str(deploy.ROOT / "tests" / "e2e"))
import world as e2e  # pylint: disable=wrong-import-position

MONITORING = deploy.DEPLOY / "monitoring"
# What Grafana puts in before a query leaves.
VARIABLES = {"$__rate_interval": "5m", "$__interval": "1m", "$__range": "1h",
             "$job": ".*", "$instance": ".*"}


def promtool(*words):
    return deploy.command(os.environ["PROMTOOL"], *words)


def alerts():
    text = (MONITORING / "alerts.yaml").read_text(encoding="utf-8")
    return [rule for group in yaml.safe_load(text)["groups"]
            for rule in group["rules"]]


def dashboard():
    text = (MONITORING / "dashboard.json").read_text(encoding="utf-8")
    return json.loads(text)


def panels():
    for panel in dashboard()["panels"]:
        yield panel
        yield from panel.get("panels", [])


def queries():
    """Every PromQL expression, with where it stands."""
    for rule in alerts():
        yield rule["alert"], rule["expr"]
    for panel in panels():
        for target in panel.get("targets", []):
            yield panel["title"], target["expr"]
    for variable in dashboard()["templating"]["list"]:
        if variable["type"] == "query":
            yield variable["name"], variable["query"]["query"]


def scrape(port):
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
    connection.request("GET", "/metrics")
    response = connection.getresponse()
    text = response.read().decode()
    connection.close()
    assert response.status == 200, text
    return text


def expositions():
    """What two servers say that have been used, AWS and callers and all."""
    the_world = e2e.World(deploy.program())
    try:
        # Keys that end, as those of a role do.
        end = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(
            time.time() + 3600))
        server = e2e.Server(the_world, the_world.aws(
            AWS_CREDENTIAL_EXPIRATION=end))
        for _ in range(2):
            server.call("get_active_alarms")
            server.call("list_metrics")
        the_world.faults("throttle@DescribeAlarms")
        server.call("describe_alarms")
        tokens = os.path.join(the_world.folder, "tokens")
        with open(tokens, "w", encoding="ascii") as f:
            f.write("one:0123456789abcdef0123\n")
        strict = e2e.Server(the_world, the_world.aws(AUTH_TOKENS_FILE=tokens))
        response, _ = strict.request("POST", "/mcp", "{}", {
            "Content-Type": "application/json",
            "Authorization": "Bearer wrong"})
        assert response.status == 401, response.status
        return [scrape(server.port), scrape(strict.port)]
    finally:
        the_world.close()


EXPOSITIONS = expositions()


def samples():
    """Metric names with their labels' names; None: no sample to see them."""
    found = {}
    for line in "\n".join(EXPOSITIONS).splitlines():
        m = re.match(r"# TYPE (\w+) \w+$", line)
        if m:
            found.setdefault(m.group(1), None)
        elif line and not line.startswith("#"):
            m = re.match(r"([a-z_0-9]+)(?:\{(.*)\})? ", line)
            found[m.group(1)] = (found.get(m.group(1)) or set()) | set(
                re.findall(r'(\w+)="', m.group(2) or ""))
    return found


def wrong_names(expression):
    """Metrics and labels that the program does not have."""
    known = samples()
    for m in re.finditer(r"\b((?:cloudwatch_mcp|process)_[a-z0-9_]+)"
                         r"(?:\{([^}]*)\})?", expression):
        if m.group(1) not in known:
            yield m.group(1)
            continue
        labels = known[m.group(1)]
        for label in re.findall(r"(\w+)\s*[=!]~?", m.group(2) or ""):
            if labels is not None and label not in labels | {"job",
                                                             "instance"}:
                yield f"{m.group(1)}{{{label}}}"


def values_of(name, label):
    """Every value that a label has in what was scraped."""
    found = set()
    for line in "\n".join(EXPOSITIONS).splitlines():
        if line.startswith(name + "{"):
            found |= set(re.findall(rf'\b{label}="([^"]*)"', line))
    return found


def promtool_takes_the_alerts():
    promtool("check", "rules", MONITORING / "alerts.yaml")


def the_alerts_fire_when_they_should():
    cases = (deploy.HERE / "alerts_test.yaml").read_text(encoding="utf-8")
    rules = [{k: v for k, v in r.items() if k != "annotations"}
             for r in alerts()]
    with deploy.folder() as folder:
        for name, text in (("cases.yaml", cases), ("alerts.yaml", yaml.dump(
                {"groups": [{"name": "all", "rules": rules}]}))):
            (deploy.pathlib.Path(folder) / name).write_text(
                text, encoding="utf-8")
        promtool("test", "rules", os.path.join(folder, "cases.yaml"))
    for rule in alerts():
        assert f"alertname: {rule['alert']}\n" in cases, rule["alert"]


def promtool_takes_every_query():
    rules = []
    for n, (where, expression) in enumerate(queries()):
        if "label_values(" in expression:
            continue
        for name, value in VARIABLES.items():
            expression = expression.replace(name, value)
        assert "$" not in expression, (where, expression)
        rules.append({"record": f"q{n}", "expr": expression})
    assert len(rules) > 10
    with deploy.folder() as folder:
        path = os.path.join(folder, "queries.yaml")
        with open(path, "w", encoding="utf-8") as f:
            yaml.safe_dump({"groups": [{"name": "q", "rules": rules}]}, f)
        promtool("check", "rules", path)


def promtool_sees_a_broken_alert():
    with deploy.folder() as folder:
        path = os.path.join(folder, "alerts.yaml")
        text = (MONITORING / "alerts.yaml").read_text(encoding="utf-8")
        with open(path, "w", encoding="utf-8") as f:
            f.write(text.replace("rate(", "rat(", 1))
        try:
            promtool("check", "rules", path)
        except deploy.Refused:
            return
        raise AssertionError("a broken alert passes")


def prometheus_takes_what_the_program_says():
    for text in EXPOSITIONS:
        done = subprocess.run([os.environ["PROMTOOL"], "check", "metrics"],
                              input=text, capture_output=True, text=True,
                              check=False)
        assert done.returncode == 0, done.stdout + done.stderr


def every_name_is_a_metric():
    for where, expression in queries():
        found = list(wrong_names(expression))
        assert not found, (where, found)


def a_misspelt_name_is_found():
    name = "cloudwatch_mcp_aws_calls_total"
    assert list(wrong_names(f"rate({name}s[5m]) > 0")) == [name + "s"]
    assert list(wrong_names(f'{name}{{nowhere="x"}}')) == [
        name + "{nowhere}"]


def the_outcomes_that_alerts_ask_for_exist():
    """As far as these few calls show them: the others are in the source."""
    assert "throttled" in values_of("cloudwatch_mcp_tool_calls_total",
                                    "outcome")
    assert "invalid" in values_of("cloudwatch_mcp_auth_requests_total",
                                  "outcome")
    assert {"busy", "memory"} <= values_of("cloudwatch_mcp_http_refused_total",
                                           "reason")
    source = "".join(p.read_text(encoding="utf-8")
                     for p in (deploy.ROOT / "src").glob("app*.c"))
    for where, expression in queries():
        for text in re.findall(r'\b(?:outcome|reason|result)[=!]~?"([^"]*)"',
                               expression):
            for value in text.split("|"):
                assert f'"{value}"' in source, (where, value)


def alerts_tell_what_to_do():
    for rule in alerts():
        assert rule["labels"]["severity"] in ("critical", "warning"), rule
        for part in ("summary", "description"):
            assert rule["annotations"][part].endswith("."), rule["alert"]
        assert rule["annotations"]["description"].count(".") >= 2, \
            f"{rule['alert']}: no next step"


def the_dashboard_is_one_that_grafana_takes():
    board = dashboard()
    assert board["uid"] and board["title"] and board["schemaVersion"] >= 36
    assert board.get("id") is None, "an id of one installation"
    seen = set()
    places = set()
    for panel in panels():
        assert panel["id"] not in seen, panel["title"]
        seen.add(panel["id"])
        at = panel["gridPos"]
        assert at["x"] + at["w"] <= 24, panel["title"]
        for x in range(at["x"], at["x"] + at["w"]):
            for y in range(at["y"], at["y"] + at["h"]):
                assert (x, y) not in places, panel["title"]
                places.add((x, y))
        if panel["type"] == "row":
            continue
        assert panel["datasource"]["uid"] == "${datasource}", panel["title"]
        assert panel["targets"], panel["title"]
        letters = [t["refId"] for t in panel["targets"]]
        assert len(letters) == len(set(letters)), panel["title"]
        assert panel["fieldConfig"]["defaults"].get("unit"), panel["title"]
    names = {v["name"] for v in board["templating"]["list"]}
    used = set(re.findall(r"\$\{?([a-z]+)", json.dumps(board)))
    assert used <= names, used - names


deploy.run([promtool_takes_the_alerts, the_alerts_fire_when_they_should,
            promtool_takes_every_query, promtool_sees_a_broken_alert,
            prometheus_takes_what_the_program_says, every_name_is_a_metric,
            a_misspelt_name_is_found,
            the_outcomes_that_alerts_ask_for_exist, alerts_tell_what_to_do,
            the_dashboard_is_one_that_grafana_takes])
