# SPDX-License-Identifier: Apache-2.0
"""deploy/ecs against AWS's own models of ECS and ELB, and what ECS demands."""
import copy
import json
import os
import re
import subprocess

import botocore.session
import botocore.validate

import deploy

ECS = deploy.DEPLOY / "ecs"
# Memory that Fargate takes for so much CPU, in MiB: least, greatest.
FARGATE = {"256": (512, 2048), "512": (1024, 4096), "1024": (2048, 8192)}
STOP_MAX_S = 120


def load(name):
    return json.loads((ECS / f"{name}.json").read_text(encoding="utf-8"))


def shape_of(service, operation):
    model = botocore.session.get_session().get_service_model(service)
    return model.operation_model(operation).input_shape


def enums(shape, value, where):
    """What botocore's own validator leaves to the service: values of enums."""
    if shape.type_name == "structure":
        for key, part in value.items():
            yield from enums(shape.members[key], part, f"{where}.{key}")
    elif shape.type_name == "list":
        for part in value:
            yield from enums(shape.member, part, where)
    elif shape.type_name == "map":
        for part in value.values():
            yield from enums(shape.value, part, where)
    elif getattr(shape, "enum", None) and value not in shape.enum:
        yield f"{where}: {value} is none of {', '.join(shape.enum)}"


def problems(service, operation, value):
    shape = shape_of(service, operation)
    report = botocore.validate.ParamValidator().validate(value, shape)
    if report.has_errors():
        return [report.generate_report()]
    return list(enums(shape, value, operation))


def task_rules(task):
    """What the model does not say, but ECS, Fargate or we demand."""
    low, high = FARGATE.get(task["cpu"], (1, 0))
    if not low <= int(task["memory"]) <= high:
        yield f"Fargate has no {task['memory']} MiB with {task['cpu']} CPU"
    if task["taskRoleArn"] == task["executionRoleArn"]:
        yield "one role for the server and for ECS"
    containers = {c["name"]: c for c in task["containerDefinitions"]}
    volumes = {v["name"] for v in task.get("volumes", [])}
    if sum(c["memory"] for c in containers.values()) > int(task["memory"]):
        yield "containers may hold more than the task"
    for name, c in containers.items():
        if not re.search(r":[0-9][^/]*$|@sha256:", c["image"]):
            yield f"{name}: an image without a version"
        if c.get("readonlyRootFilesystem") is not True:
            yield f"{name}: a writable root"
        if c.get("logConfiguration", {}).get("logDriver") != "awslogs":
            yield f"{name}: no log"
        for mount in c.get("mountPoints", []):
            if mount["sourceVolume"] not in volumes:
                yield f"{name}: no volume {mount['sourceVolume']}"
        for other in c.get("dependsOn", []):
            if other["containerName"] not in containers:
                yield f"{name}: waits for nobody"
            elif other["condition"] in ("SUCCESS", "COMPLETE") and \
                    containers[other["containerName"]]["essential"]:
                yield f"{name}: waits for the end of what must not end"
        for entry in c.get("environment", []):
            if "SECRET" in entry["name"]:
                yield f"{name}: a secret in the environment"
    server = containers["cloudwatch-mcp"]
    if server.get("user") != "1000:1000":
        yield "the server is not user 1000"
    if server.get("linuxParameters", {}).get("capabilities") != {
            "drop": ["ALL"]}:
        yield "the server holds capabilities"
    if server["healthCheck"]["command"] != ["CMD", "/cloudwatch-mcp",
                                            "health"]:
        yield "the image has no shell for that health check"
    if any(m.get("readOnly") is not True
           for m in server.get("mountPoints", [])):
        yield "the server can write"
    env = {e["name"]: e["value"] for e in server["environment"]}
    grace = int(env["CLOUDWATCH_MCP_DRAIN_GRACE"])
    drain = int(env["CLOUDWATCH_MCP_DRAIN_TIMEOUT"])
    if not grace + drain < server["stopTimeout"] <= STOP_MAX_S:
        yield "killed before it has drained"
    if int(env["CLOUDWATCH_MCP_CALL_TIMEOUT"]) >= drain:
        yield "a call may outlive the drain"


TASKS = ["task-definition", "task-definition-tokens"]


def the_models_take_every_file():
    for name in TASKS:
        found = problems("ecs", "RegisterTaskDefinition", load(name))
        found += task_rules(load(name))
        assert not found, (name, found)
    assert not problems("ecs", "CreateService", load("service"))
    assert not problems("elbv2", "CreateTargetGroup", load("target-group"))


def both_architectures_are_taken():
    for architecture in ("ARM64", "X86_64"):
        task = load("task-definition")
        task["runtimePlatform"]["cpuArchitecture"] = architecture
        assert not problems("ecs", "RegisterTaskDefinition", task)


def the_files_agree_with_each_other():
    task, service = load("task-definition"), load("service")
    balancer = service["loadBalancers"][0]
    server = task["containerDefinitions"][0]
    assert service["taskDefinition"] == task["family"]
    assert balancer["containerName"] == server["name"]
    port = server["portMappings"][0]["containerPort"]
    assert balancer["containerPort"] == port == load("target-group")["Port"]
    assert service["deploymentConfiguration"]["minimumHealthyPercent"] == 100


def the_execution_role_may_read_what_is_fetched():
    policy = load("execution-role-secrets")["Statement"][0]
    pattern = re.escape(policy["Resource"]).replace(r"\*", ".*")
    for container in load("task-definition-tokens")["containerDefinitions"]:
        for secret in container.get("secrets", []):
            assert re.fullmatch(pattern, secret["valueFrom"]), secret


def the_file_is_written_as_the_server_reads_it():
    """The run-once container's command, in a shell, on a folder of ours."""
    command = load("task-definition-tokens")["containerDefinitions"][1][
        "command"]
    assert command[:2] == ["sh", "-c"]
    with deploy.folder() as folder:
        path = os.path.join(folder, "tokens")
        script = command[2].replace("/auth/tokens", path).replace(
            "chown 1000:1000", "true")
        subprocess.run(["sh", "-c", script], check=True,
                       env={"TOKENS": "one:0123456789abcdef\ntwo:$(x)'\"",
                            "PATH": os.environ["PATH"]})
        with open(path, encoding="utf-8") as f:
            assert f.read() == "one:0123456789abcdef\ntwo:$(x)'\"\n"
        assert os.stat(path).st_mode & 0o777 == 0o400


def the_ceiling_fits_the_container():
    server = load("task-definition")["containerDefinitions"][0]
    limit = server["memory"] * 1024 * 1024
    env = {e["name"]: e["value"] for e in server["environment"]}
    event = deploy.start_event(env, limit)
    assert event["memory_max_bytes"] < 0.92 * limit, event


def server_of(task):
    return task["containerDefinitions"][0]


# A fault, and words of the complaint.
FAULTS = [
    (lambda t: t.update(networkmode="awsvpc"), "networkmode"),
    (lambda t: t.update(networkMode="aws"), "aws is none of"),
    (lambda t: t["runtimePlatform"].update(cpuArchitecture="AMD64"),
     "AMD64 is none of"),
    (lambda t: t.update(cpu=256), "Invalid type for parameter cpu"),
    (lambda t: server_of(t)["portMappings"][0].update(containerPort="1"),
     "containerPort"),
    (lambda t: t.update(memory="4096"), "Fargate has no 4096"),
    (lambda t: t.update(taskRoleArn=t["executionRoleArn"]), "one role"),
    (lambda t: server_of(t).update(image="a.example:5000/cloudwatch-mcp"),
     "without a version"),
    (lambda t: server_of(t).update(readonlyRootFilesystem=False),
     "writable root"),
    (lambda t: server_of(t).update(user="0"), "not user 1000"),
    (lambda t: server_of(t).pop("linuxParameters"), "holds capabilities"),
    (lambda t: server_of(t)["healthCheck"].update(
        command=["CMD-SHELL", "/cloudwatch-mcp health"]), "no shell"),
    (lambda t: server_of(t)["mountPoints"][0].update(readOnly=False),
     "can write"),
    (lambda t: server_of(t).update(stopTimeout=100), "killed before"),
    (lambda t: server_of(t).update(stopTimeout=180), "killed before"),
    (lambda t: t.update(volumes=[]), "no volume auth"),
    (lambda t: server_of(t).update(memory=500), "more than the task"),
    (lambda t: t["containerDefinitions"][1].update(essential=True),
     "must not end"),
    (lambda t: server_of(t)["dependsOn"][0].update(containerName="x"),
     "waits for nobody"),
    (lambda t: server_of(t)["environment"].append(
        {"name": "AWS_SECRET_ACCESS_KEY", "value": "x"}), "a secret in"),
    (lambda t: server_of(t).pop("logConfiguration"), "no log"),
    (lambda t: server_of(t)["environment"].append(
        {"name": "CLOUDWATCH_MCP_CALL_TIMEOUT", "value": "200"}),
     "outlive the drain"),
]


def every_planted_fault_is_found():
    for plant, words in FAULTS:
        task = copy.deepcopy(load("task-definition-tokens"))
        plant(task)
        found = problems("ecs", "RegisterTaskDefinition", task)
        found = found or list(task_rules(task))
        assert found and words in found[0], (words, found)


deploy.run([the_models_take_every_file, both_architectures_are_taken,
            the_files_agree_with_each_other,
            the_execution_role_may_read_what_is_fetched,
            the_file_is_written_as_the_server_reads_it,
            the_ceiling_fits_the_container, every_planted_fault_is_found])
