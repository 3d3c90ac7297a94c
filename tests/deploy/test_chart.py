# SPDX-License-Identifier: Apache-2.0
"""The chart: lint, what it refuses, and the facts the guides rely on."""
import json
import os
import re
import tempfile

import deploy
import policy

ROLE = "aws.roleArn=arn:aws:iam::111122223333:role/r"

# Values that contradict each other or mean nothing, and words of the answer.
REFUSED = [
    ("replicas=3", "additional properties 'replicas' not allowed"),
    ("replicaCount=0", "replicaCount"),
    ("image.repository=", "/image/repository"),
    ("image.tag=latest", "names another image tomorrow"),
    ("image.digest=sha256:12", "/image/digest"),
    ("aws.identity=role", "/aws/identity"),
    ("aws.roleArn=reader", "/aws/roleArn"),
    ("aws.region=Frankfurt", "/aws/region"),
    ("aws.identity=secret", "set aws.credentials.existingSecret"),
    ("aws.credentials.existingSecret=keys", "set aws.identity=secret"),
    (f"aws.identity=podIdentity,{ROLE}", "for aws.identity=irsa"),
    (f"serviceAccount.create=false,{ROLE}", "annotate yours"),
    ("auth.enabled=true", "no caller is named"),
    ("auth.tokens.existingSecret=a", "auth.enabled is false"),
    ("auth.userRoleArn=arn:aws:iam::111122223333:role/r",
     "set auth.oidc.issuer"),
    ("auth.enabled=true,auth.oidc.issuer=https://a.example",
     "needs auth.oidc.audience"),
    ("auth.enabled=true,auth.oidc.issuer=http://a.example",
     "/auth/oidc/issuer"),
    ("auth.publicUrl=https://a.example/mcp", "/auth/publicUrl"),
    ("auth.sts.roles=arn:aws:iam::111122223333:role/r",
     "auth.enabled is false"),
    ("auth.enabled=true,auth.identityCenter.issuer=https://a.example",
     "needs auth.identityCenter.clientId"),
    ("auth.enabled=true,externalSecrets.tokens.remoteKey=a",
     "needs externalSecrets.secretStoreRef.name"),
    ("autoscaling.maxReplicas=1", "less than autoscaling.minReplicas"),
    ("metrics.port=3334", "choose another"),
    ("metrics.enabled=false,metrics.serviceMonitor.enabled=true",
     "nothing to scrape"),
    ("ingress.enabled=true", "name at least one of ingress.hosts"),
    ("networkPolicy.httpsCidrs[0]=aws", "/networkPolicy/httpsCidrs"),
    ("config.logLevel=info", "/config/logLevel"),
    ("podDisruptionBudget.maxUnavailable=0", "/podDisruptionBudget"),
]


def lint_has_nothing_to_say():
    for helm in deploy.helms():
        deploy.command(helm, "lint", "--strict", deploy.CHART)
        for path in deploy.VARIANTS:
            deploy.command(helm, "lint", "--strict", deploy.CHART, "-f", path)


def lint_sees_a_broken_chart():
    with tempfile.TemporaryDirectory() as folder:
        chart = os.path.join(folder, "cloudwatch-mcp")
        deploy.command("cp", "-r", deploy.CHART, chart)
        with open(os.path.join(chart, "templates", "service.yaml"), "a",
                  encoding="utf-8") as f:
            f.write("{{ .Values.none.such }}\n")
        try:
            deploy.command(deploy.helms()[-1], "lint", "--strict", chart)
        except deploy.Refused:
            return
        raise AssertionError("a broken chart passes")


def contradictions_are_refused_with_a_sentence():
    for values, words in REFUSED:
        try:
            deploy.render(deploy.helms()[-1], "--set", values)
        except deploy.Refused as refused:
            answer = str(refused).replace(".", "/")
            assert words.replace(".", "/") in answer, (values, answer)
        else:
            raise AssertionError(f"{values} is taken")


def every_helm_renders_the_same():
    for path in deploy.VARIANTS:
        texts = {json.dumps(deploy.variant(path.stem, helm), sort_keys=True)
                 for helm in deploy.helms()}
        kinds = [sorted((d["kind"], d["metadata"]["name"])
                        for d in json.loads(t)) for t in texts]
        assert all(k == kinds[0] for k in kinds), path.stem
        bodies = {json.dumps(sorted(json.loads(t), key=json.dumps))
                  for t in texts}
        assert len(bodies) == 1, path.stem


def nothing_unset_reaches_an_object():
    """A misspelt value renders as nothing or as "<no value>"."""
    def walk(thing, where):
        if isinstance(thing, dict):
            for key, value in thing.items():
                walk(value, f"{where}.{key}")
        elif isinstance(thing, list):
            for n, value in enumerate(thing):
                walk(value, f"{where}[{n}]")
        else:
            assert thing is not None and "<no value>" not in str(thing), where
    for path in deploy.VARIANTS:
        for doc in deploy.variant(path.stem):
            walk(doc, f"{path.stem}: {doc['kind']}")


def the_service_is_where_the_guides_say():
    service = deploy.of_kind(deploy.variant("irsa"), "Service")[0]
    assert service["metadata"]["name"] == "cloudwatch-mcp", service
    assert service["spec"]["ports"][0]["port"] == 3334, service


def the_role_is_on_the_service_account():
    account = deploy.of_kind(deploy.variant("irsa"), "ServiceAccount")[0]
    assert account["metadata"]["annotations"][
        "eks.amazonaws.com/role-arn"].endswith(":role/cloudwatch-mcp")


def the_node_role_is_out_of_reach_unless_chosen():
    for path in deploy.VARIANTS:
        docs = deploy.variant(path.stem)
        data = deploy.of_kind(docs, "ConfigMap")[0]["data"]
        chosen = path.stem == "small"
        assert (data.get("AWS_EC2_METADATA_DISABLED") != "true") == chosen
        text = json.dumps(deploy.of_kind(docs, "NetworkPolicy"))
        assert "169.254.169.254" not in text, path.stem
    docs = deploy.objects(deploy.render(
        deploy.helms()[-1], "--set", "aws.identity=instance"))
    assert "169.254.169.254/32" in json.dumps(
        deploy.of_kind(docs, "NetworkPolicy"))


def the_promised_numbers_are_kept():
    docs = deploy.variant("irsa")
    scaler = deploy.of_kind(docs, "HorizontalPodAutoscaler")[0]["spec"]
    assert (scaler["minReplicas"], scaler["maxReplicas"]) == (2, 10)
    target = scaler["metrics"][0]["resource"]
    assert target["name"] == "cpu", target
    assert target["target"]["averageUtilization"] == 70, target
    budget = deploy.of_kind(docs, "PodDisruptionBudget")[0]["spec"]
    assert budget["maxUnavailable"] == 1, budget
    # Its own replicas would undo what the autoscaler decides.
    assert "replicas" not in deploy.of_kind(docs, "Deployment")[0]["spec"]


def a_client_stays_at_its_pod_where_streams_live_there():
    def affinity(name):
        service = deploy.of_kind(deploy.variant(name), "Service")[0]
        return service["spec"].get("sessionAffinity")
    assert affinity("small") == "ClientIP"
    assert affinity("irsa") is None


def a_packaged_chart_renders_the_same():
    with deploy.folder() as folder:
        deploy.command(deploy.helms()[-1], "package", deploy.CHART, "-d",
                       folder)
        path = next(deploy.pathlib.Path(folder).glob("*.tgz"))
        values = deploy.HERE / "variants" / "everything.yaml"
        packed = deploy.command(
            deploy.helms()[-1], "template", "cloudwatch-mcp", path,
            "--namespace", deploy.NAMESPACE, "-f", values)
        assert packed == deploy.render(deploy.helms()[-1], "-f", values)


def callers_do_not_reach_the_metrics():
    spec = deploy.of_kind(deploy.variant("everything"), "NetworkPolicy")[0][
        "spec"]
    ports = {rule["ports"][0]["port"]: json.dumps(rule["from"])
             for rule in spec["ingress"] if "from" in rule}
    assert "holmes" in ports["http"] and "monitoring" not in ports["http"]
    assert "monitoring" in ports["metrics"] and "holmes" not in ports["metrics"]
    monitor = deploy.of_kind(deploy.variant("everything"), "ServiceMonitor")[0]
    assert monitor["spec"]["endpoints"][0]["port"] == "metrics", monitor


def pod_identity_reaches_its_agent():
    policies = deploy.of_kind(deploy.variant("pod-identity"), "NetworkPolicy")
    assert "169.254.170.23/32" in json.dumps(policies)
    policies = deploy.of_kind(deploy.variant("irsa"), "NetworkPolicy")
    assert "169.254.170.23" not in json.dumps(policies)


def every_named_file_is_mounted():
    """Settings that name a file below /etc/cloudwatch-mcp find it there."""
    for path in deploy.VARIANTS:
        docs = deploy.variant(path.stem)
        pod = policy.pod_of(deploy.of_kind(docs, "Deployment")[0])
        maps = {d["metadata"]["name"]: d["data"]
                for d in deploy.of_kind(docs, "ConfigMap")}
        fetched = {d["spec"]["target"]["name"]:
                   {e["secretKey"] for e in d["spec"]["data"]}
                   for d in deploy.of_kind(docs, "ExternalSecret")}
        files = set()
        for mount in pod["containers"][0].get("volumeMounts", []):
            volume = [v for v in pod["volumes"]
                      if v["name"] == mount["name"]][0]
            for source in volume.get("projected", {}).get("sources", []):
                if "secret" in source:
                    secret = source["secret"]
                    for item in secret["items"]:
                        if secret["name"] in fetched:
                            assert item["key"] in fetched[secret["name"]]
                        files.add(f"{mount['mountPath']}/{item['path']}")
                else:
                    files |= {f"{mount['mountPath']}/{k}" for k in
                              maps[source["configMap"]["name"]]}
        settings = policy.settings_of(docs, pod)
        named = {v for v in settings.values()
                 if str(v).startswith("/etc/cloudwatch-mcp/")}
        assert named == files, (path.stem, named, files)


def pods_restart_when_settings_change_and_only_then():
    def checksum(*sets):
        words = [w for s in sets for w in ("--set", s)]
        docs = deploy.objects(deploy.render(deploy.helms()[-1], *words))
        pod = deploy.of_kind(docs, "Deployment")[0]["spec"]["template"]
        return json.dumps(pod)
    plain = checksum()
    assert checksum("config.workers=4") != plain
    assert checksum("aws.accounts=x") != plain
    assert checksum("autoscaling.maxReplicas=20") == plain
    assert checksum("networkPolicy.enabled=false") == plain


def the_notes_tell_the_next_command():
    """As an object of a copied chart: helm shows them only to a cluster."""
    def notes(*sets):
        words = [w for s in sets for w in ("--set", s)]
        with tempfile.TemporaryDirectory() as folder:
            chart = deploy.pathlib.Path(folder) / "cloudwatch-mcp"
            deploy.command("cp", "-r", deploy.CHART, chart)
            os.rename(chart / "templates" / "NOTES.txt", chart / "notes")
            (chart / "templates" / "notes.yaml").write_text(
                'kind: Notes\ntext: |\n'
                '{{ tpl (.Files.Get "notes") . | indent 2 }}\n',
                encoding="utf-8")
            docs = deploy.objects(deploy.command(
                deploy.helms()[-1], "template", "cloudwatch-mcp", chart,
                "--namespace", deploy.NAMESPACE, *words))
        return deploy.of_kind(docs, "Notes")[0]["text"]
    text = notes()
    assert "rollout status deployment/cloudwatch-mcp" in text, text
    assert "helm -n observability test cloudwatch-mcp" in text, text
    assert "WARNING: no role is named" in text, text
    assert "lets in librechat, holmes." in text, text
    text = notes(ROLE, "config.drainTimeout=20")
    assert "no role is named" not in text, text
    assert "a rollout can cut long calls" in text, text
    text = notes("aws.identity=podIdentity", "networkPolicy.enabled=false")
    assert "--service-account cloudwatch-mcp" in text, text
    assert "holds anybody back" in text, text


def versions_follow_the_makefile():
    makefile = (deploy.ROOT / "Makefile").read_text(encoding="utf-8")
    version = re.search(r"^VERSION := (\S+)", makefile, re.M).group(1)
    chart = (deploy.CHART / "Chart.yaml").read_text(encoding="utf-8")
    assert f"version: {version}\n" in chart, version
    assert f'appVersion: "{version}"\n' in chart, version


def plain_manifests_are_fresh():
    with tempfile.TemporaryDirectory() as folder:
        deploy.command("sh", deploy.HERE / "manifests.sh", folder)
        for path in sorted(deploy.pathlib.Path(folder).rglob("*.yaml")):
            name = path.relative_to(folder)
            committed = deploy.DEPLOY / name
            assert committed.read_bytes() == path.read_bytes(), \
                f"{name} is not what the chart renders: run make manifests"


def the_ceiling_printed_at_start_fits_the_limit():
    """With the settings of a variant, as the binary itself reckons."""
    docs = deploy.variant("irsa")
    pod = policy.pod_of(deploy.of_kind(docs, "Deployment")[0])
    limit = policy.quantity(
        pod["containers"][0]["resources"]["limits"]["memory"])
    event = deploy.start_event(policy.settings_of(docs, pod), limit)
    assert event["memory_max_bytes"] < 0.92 * limit, event


deploy.run([lint_has_nothing_to_say, lint_sees_a_broken_chart,
            contradictions_are_refused_with_a_sentence,
            every_helm_renders_the_same, nothing_unset_reaches_an_object,
            the_service_is_where_the_guides_say,
            the_role_is_on_the_service_account,
            the_node_role_is_out_of_reach_unless_chosen,
            the_promised_numbers_are_kept,
            a_client_stays_at_its_pod_where_streams_live_there,
            callers_do_not_reach_the_metrics, a_packaged_chart_renders_the_same,
            pod_identity_reaches_its_agent, every_named_file_is_mounted,
            pods_restart_when_settings_change_and_only_then,
            the_notes_tell_the_next_command, versions_follow_the_makefile,
            plain_manifests_are_fresh,
            the_ceiling_printed_at_start_fits_the_limit])
