"""deploy/: every file can be loaded, is what its reader takes, and says what the program says."""

import json
import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml

from sync import errors
from sync.cli.main import app
from sync.publish.textfile import Textfile
from sync.service.metrics import Metrics
from sync.settings import VARIABLES
from tests.support.needed import needed

DEPLOY = Path(__file__).parents[2] / "deploy"
MANIFESTS = sorted((DEPLOY / "kubernetes").glob("*.yaml"))
UNITS = sorted((DEPLOY / "systemd").iterdir())
EXPRESSIONS = [
    target["expr"]
    for panel in json.loads((DEPLOY / "grafana" / "dashboard.json").read_text())["panels"]
    for target in panel["targets"]
]
RULES = yaml.safe_load((DEPLOY / "prometheus" / "rules.yaml").read_text())


def documents(file: Path) -> list[dict[str, Any]]:
    return list(yaml.safe_load_all(file.read_text()))


def manifest(kind: str) -> dict[str, Any]:
    (found,) = (one for file in MANIFESTS for one in documents(file) if one["kind"] == kind)
    return found


def pods() -> list[dict[str, Any]]:
    cron = manifest("CronJob")["spec"]["jobTemplate"]["spec"]["template"]["spec"]
    return [cron, manifest("Deployment")["spec"]["template"]["spec"]]


@pytest.mark.parametrize("file", MANIFESTS, ids=lambda file: file.stem)
def test_manifests(file):
    """Kubernetes' own schema takes each, with no key that it does not know."""
    validate = needed("kubernetes_validate")
    for one in documents(file):
        validate.validate(one, validate.latest_version(), strict=True)


def test_every_exit_code_has_a_rule():
    """Trying again is for what may pass by itself; 0 alone needs no rule."""
    rules = manifest("CronJob")["spec"]["jobTemplate"]["spec"]["podFailurePolicy"]["rules"]
    found = {
        code: rule["action"]
        for rule in rules
        for code in rule.get("onExitCodes", {}).get("values", [])
    }
    codes = {code for name, code in vars(errors).items() if name.startswith("EXIT_") and code}
    again = {
        errors.EXIT_SERVER,
        errors.EXIT_LOCKED,
        errors.EXIT_INTERRUPTED,
        errors.EXIT_TERMINATED,
    }
    assert found == {code: "Count" if code in again else "FailJob" for code in codes | {6}}
    assert rules[0]["action"] == "Ignore"
    assert manifest("CronJob")["spec"]["concurrencyPolicy"] == "Forbid"


@pytest.mark.parametrize("pod", pods(), ids=["cronjob", "schedule"])
def test_pods(pod):
    """A pod is not root, writes to its volumes alone, and has no variable that the program does not know."""
    (container,) = pod["containers"]
    mounts = {mount["name"]: mount for mount in container["volumeMounts"]}
    known = {*VARIABLES, "CHARTMOGUL_API_KEY_FILE"}
    variables = {one["name"]: one.get("value") for one in container["env"]}
    assert set(variables) <= known
    assert mounts.keys() == {volume["name"] for volume in pod["volumes"]}
    assert variables["SYNC_TMP"] == mounts["scratch"]["mountPath"]
    assert str(variables["CHARTMOGUL_API_KEY_FILE"]).startswith(mounts["api-key"]["mountPath"])
    assert {mounts[name]["mountPath"] for name in ("state", "reports")} == {"/state", "/reports"}
    assert pod["securityContext"]["runAsNonRoot"]
    assert container["securityContext"]["readOnlyRootFilesystem"]
    assert container["args"][0] in app.commands


def test_claims_and_secrets_are_there():
    """What the pods mount is made by the other files."""
    made = {one["metadata"]["name"] for one in documents(DEPLOY / "kubernetes" / "storage.yaml")}
    (secret,) = documents(DEPLOY / "kubernetes" / "secret.example.yaml")
    for pod in pods():
        volumes = {volume["name"]: volume for volume in pod["volumes"]}
        claims = {
            volumes[name]["persistentVolumeClaim"]["claimName"] for name in ("state", "reports")
        }
        keys = {
            one["valueFrom"]["secretKeyRef"]["key"]
            for one in pod["containers"][0]["env"]
            if "valueFrom" in one
        }
        assert claims == made
        assert keys | {"api-key"} == set(secret["stringData"])


def test_probes():
    """Restarts are by /livez, readiness by /healthz, at the port that the program is told to listen on."""
    (container,) = pods()[1]["containers"]
    (port,) = container["ports"]
    probes = {name: container[f"{name}Probe"]["httpGet"] for name in ("liveness", "readiness")}
    arguments = container["args"]
    options = {option for one in app.commands["schedule"].params for option in one.opts}
    assert {name: probe["path"] for name, probe in probes.items()} == {
        "liveness": "/livez",
        "readiness": "/healthz",
    }
    assert {probe["port"] for probe in probes.values()} == {port["name"]}
    assert str(port["containerPort"]) == arguments[arguments.index("--port") + 1]
    assert {one for one in arguments if one.startswith("--")} <= options


@pytest.mark.parametrize("unit", UNITS, ids=lambda unit: unit.name)
def test_units(unit, tmp_path):
    """systemd takes each unit, but for the program, which is not installed here."""
    program = shutil.which("systemd-analyze")
    if program is None:
        pytest.skip("systemd-analyze is not installed")
    for one in UNITS:  # a timer is read with its service
        text = one.read_text().replace("/opt/chartmogul-sync/bin/chartmogul-sync", "/bin/true")
        (tmp_path / one.name).write_text(text)
    done = subprocess.run(
        [program, "verify", "--man=no", tmp_path / unit.name], capture_output=True, text=True
    )
    ours = [line for line in done.stderr.splitlines() if "chartmogul" in line]
    assert (done.returncode, ours) == (0, [])


def names(expression: str) -> set[str]:
    return set(re.findall(r"\bchartmogul_sync_\w+", expression))


def exposed(folder: Path) -> set[str]:
    """The names that the program exposes, as they stand in queries."""
    Textfile(folder / "sync.prom", lambda _: True).add(Metrics().families())
    kinds = re.findall(r"^# TYPE (\w+) (\w+)$", (folder / "sync.prom").read_text(), re.M)
    histograms = {f"{name}_bucket" for name, kind in kinds if kind == "histogram"}
    return {name for name, _ in kinds} | histograms


def test_names_of_metrics(tmp_path):
    """Rules and dashboard ask for what the program exposes, and for nothing else."""
    asked = [rule["expr"] for group in RULES["groups"] for rule in group["rules"]]
    assert set().union(*map(names, [*asked, *EXPRESSIONS])) - exposed(tmp_path) == set()


def test_every_alert_is_fired_by_a_test():
    """rules.test.yaml knows all of them."""
    tests = yaml.safe_load((DEPLOY / "prometheus" / "rules.test.yaml").read_text())["tests"]
    fired = {
        one["alertname"] for test in tests for one in test["alert_rule_test"] if "exp_alerts" in one
    }
    assert fired == {rule["alert"] for group in RULES["groups"] for rule in group["rules"]}


def promtool(*arguments: object, folder: Path = DEPLOY / "prometheus") -> None:
    program = shutil.which("promtool")
    if program is None:
        pytest.skip("promtool is not installed (Debian: prometheus)")
    done = subprocess.run(
        [program, *map(str, arguments)], cwd=folder, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stdout + done.stderr


def test_rules():
    """Prometheus' own tool takes the rules, and each alert fires when it should, and not before."""
    promtool("check", "rules", "rules.yaml")
    promtool("test", "rules", "rules.test.yaml")


def test_queries_of_the_dashboard(tmp_path):
    """Each is PromQL; panels have numbers of their own and do not overlap."""
    plain = [one.replace("$__rate_interval", "5m").replace("$mapping", ".*") for one in EXPRESSIONS]
    rules = [{"record": f"panel:{number}", "expr": one} for number, one in enumerate(plain)]
    file = tmp_path / "rules.yaml"
    file.write_text(yaml.safe_dump({"groups": [{"name": "panels", "rules": rules}]}))
    panels = json.loads((DEPLOY / "grafana" / "dashboard.json").read_text())["panels"]
    cells = [
        (column, row)
        for place in (panel["gridPos"] for panel in panels)
        for column in range(place["x"], place["x"] + place["w"])
        for row in range(place["y"], place["y"] + place["h"])
    ]
    assert len({panel["id"] for panel in panels}) == len(panels)
    assert (len(set(cells)), max(cells)[0]) == (len(cells), 23)
    promtool("check", "rules", file)


def test_the_page_names_every_file():
    """deploy/README.md says of each file what it is."""
    page = (DEPLOY / "README.md").read_text()
    files = [path for path in DEPLOY.rglob("*") if path.is_file() and path.suffix != ".md"]
    assert {one.name for one in files if one.stem not in page} == set()
