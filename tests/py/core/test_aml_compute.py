"""Clusters as Azure's code makes and asks them, with a real service behind."""

from __future__ import annotations

import copy
import inspect
import json
import os
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from services import end_service

from jupyter_mltrain import ComputeTarget, Experiment, ScriptRunConfig, Workspace
from jupyter_mltrain.core.aml_compute import (
    AmlCompute,
    AmlComputeProvisioningConfiguration,
    BatchAiCompute,
)
from jupyter_mltrain.core.aml_compute_status import AmlComputeStatus, ScaleSettings
from jupyter_mltrain.core.compute_instance import ComputeInstance, ComputeInstanceStatus
from jupyter_mltrain.core.compute_target import (
    ComputeTargetException,
    ComputeTargetProvisioningConfiguration,
)
from jupyter_mltrain.core.remote_compute import RemoteCompute

COUNTS = ("preparing", "running", "idle", "unusable", "leaving", "preempted")

BLOCK = """
cluster_name = "gpu-cluster"

try:
    compute_target = ComputeTarget(workspace=ws, name=cluster_name)
    print('Found existing compute target.')
except ComputeTargetException:
    print('Creating a new compute target...')
    compute_config = AmlCompute.provisioning_configuration(vm_size='STANDARD_NC6',
                                                           max_nodes=4)

    # Create the cluster.
    compute_target = ComputeTarget.create(ws, cluster_name, compute_config)

    compute_target.wait_for_completion(show_output=True, min_node_count=None, timeout_in_minutes=20)

# Use get_status() to get a detailed status for the current AmlCompute.
print(compute_target.get_status().serialize())
"""
"""As it stands in the documents, with the parameters of document 003."""


@pytest.fixture(scope="module")
def ws(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Workspace]:
    """A workspace on a machine of 4 CPUs and 16 GB, whatever this one is."""
    directory = tmp_path_factory.mktemp("clusters") / "workspace"
    directory.mkdir()
    (directory / "settings.json").write_text(json.dumps({"cpus": 4, "memory_bytes": 16 * 1024**3}))
    workspace = Workspace.at(directory)
    yield workspace
    end_service(workspace)


@pytest.fixture(autouse=True)
def _only_local(ws: Workspace) -> Iterator[None]:
    yield
    for target in ComputeTarget.list(ws):
        if target.name != "local":
            target.delete()


def a_cluster(ws: Workspace, name: str = "nodes", **given: object) -> AmlCompute:
    asked = {"vm_size": "STANDARD_D1_V2", "max_nodes": 2, **given}
    configuration = AmlCompute.provisioning_configuration(**asked)  # type: ignore[arg-type]
    target = ComputeTarget.create(ws, name, configuration)
    assert type(target) is AmlCompute
    return target


def a_script(tmp_path: Path, target: object, text: str = "print(1)\n") -> ScriptRunConfig:
    (tmp_path / "train.py").write_text(text)
    return ScriptRunConfig(str(tmp_path), "train.py", compute_target=target)


# The documents' block


def test_the_documents_block_creates_and_then_finds_the_cluster(
    ws: Workspace, capsys: pytest.CaptureFixture[str]
) -> None:
    names = {
        "ws": ws,
        "ComputeTarget": ComputeTarget,
        "ComputeTargetException": ComputeTargetException,
        "AmlCompute": AmlCompute,
    }
    exec(BLOCK, names)
    first, note, *rest = capsys.readouterr().out.splitlines()
    assert first == "Creating a new compute target..."
    assert note.startswith("STANDARD_NC6 has 6 CPUs, 56 GB of memory")
    assert note.endswith("This machine has room for 1 of 4 nodes at a time.")
    assert rest[:6] == [
        "InProgress.",
        'SucceededProvisioning operation finished, operation "Succeeded"',
        "Succeeded",
        "AmlCompute wait for completion finished",
        "",
        "Minimum number of nodes requested have been provisioned",
    ]
    exec(BLOCK, names)
    assert capsys.readouterr().out.startswith("Found existing compute target.\n{'currentNodeCount'")


def test_a_status_has_exactly_the_keys_of_azures(ws: Workspace) -> None:
    status = a_cluster(ws, min_nodes=1, idle_seconds_before_scaledown=120).get_status().serialize()
    times = {key: status.pop(key) for key in tuple(status) if key.endswith("Time")}
    assert status == {
        "currentNodeCount": 1,
        "targetNodeCount": 1,
        "nodeStateCounts": {f"{each}NodeCount": int(each == "idle") for each in COUNTS},
        "allocationState": "Steady",
        "errors": None,
        "provisioningState": "Succeeded",
        "scaleSettings": {
            "minNodeCount": 1,
            "maxNodeCount": 2,
            "nodeIdleTimeBeforeScaleDown": "PT120S",
        },
        "vmPriority": "Dedicated",
        "vmSize": "STANDARD_D1_V2",
    }
    assert sorted(times) == [
        "allocationStateTransitionTime",
        "creationTime",
        "modifiedTime",
        "provisioningStateTransitionTime",
    ]
    assert all(re.match(r"\d{4}-\d\d-\d\dT[\d:.]+\+00:00$", each) for each in times.values())


# What is given


def test_the_parameters_are_azures_in_order_with_their_defaults() -> None:
    parameters = inspect.signature(AmlCompute.provisioning_configuration).parameters
    assert {name: each.default for name, each in parameters.items()} == {
        "vm_size": "",
        "vm_priority": "dedicated",
        "min_nodes": 0,
        "max_nodes": None,
        "idle_seconds_before_scaledown": 1800,
        "admin_username": None,
        "admin_user_password": None,
        "admin_user_ssh_key": None,
        "vnet_resourcegroup_name": None,
        "vnet_name": None,
        "subnet_name": None,
        "tags": None,
        "description": None,
        "remote_login_port_public_access": "NotSpecified",
        "identity_type": None,
        "identity_id": None,
        "location": None,
        "enable_node_public_ip": True,
    }
    waits = inspect.signature(AmlCompute.wait_for_completion).parameters
    assert {name: each.default for name, each in waits.items() if name != "self"} == {
        "show_output": False,
        "min_node_count": None,
        "timeout_in_minutes": 25,
        "is_delete_operation": False,
    }


def test_everything_that_is_given_is_kept_in_the_configuration() -> None:
    given = AmlComputeProvisioningConfiguration("STANDARD_NC6", "lowpriority", 1, 2, 60, "me")
    assert (given.vm_size, given.vm_priority, given.admin_username) == (
        "STANDARD_NC6",
        "lowpriority",
        "me",
    )
    assert given.scale_settings.serialize()["nodeIdleTimeBeforeScaleDown"] == "PT60S"


def test_the_most_nodes_are_mandatory() -> None:
    with pytest.raises(ComputeTargetException, match="max nodes count is mandatory"):
        AmlCompute.provisioning_configuration(vm_size="STANDARD_NC6")


def test_the_most_nodes_are_not_less_than_the_least() -> None:
    with pytest.raises(ComputeTargetException, match="max_nodes=1 is less than min_nodes=2"):
        AmlCompute.provisioning_configuration(min_nodes=2, max_nodes=1)


def test_a_number_of_nodes_that_is_text_is_a_type_error() -> None:
    with pytest.raises(TypeError):
        AmlCompute.provisioning_configuration(max_nodes="4")  # type: ignore[arg-type]


def test_without_a_size_it_is_azures_default(ws: Workspace) -> None:
    assert a_cluster(ws, vm_size="").vm_size == "STANDARD_NC6"


def test_tags_and_description_are_the_clusters(ws: Workspace) -> None:
    made = a_cluster(ws, tags={"team": "vision"}, description="for pets")
    assert (made.tags, made.description) == ({"team": "vision"}, "for pets")
    assert made.created_on is not None
    assert made.created_on == made.modified_on


@pytest.mark.parametrize(
    ("name", "given", "said"),
    [
        ("nodes", {"vm_size": "STANDARD_NC7"}, "There is no VM size 'STANDARD_NC7'"),
        ("../x", {}, "cannot name a compute target"),
        ("local", {}, "There is a compute target 'local' already"),
        ("nodes", {"min_nodes": 9, "max_nodes": 9}, "has room for 4. Set min_nodes to 4 at most"),
    ],
)
def test_what_cannot_be_created_is_azures_exception(
    ws: Workspace, name: str, given: dict[str, object], said: str
) -> None:
    with pytest.raises(ComputeTargetException, match=re.escape(said)):
        a_cluster(ws, name, **given)


def test_only_clusters_are_created(ws: Workspace) -> None:
    with pytest.raises(ComputeTargetException, match="Only clusters are created"):
        ComputeTarget.create(ws, "x", ComputeTargetProvisioningConfiguration(ComputeTarget, None))


# Finding them


def test_a_compute_target_is_of_the_class_for_its_kind(ws: Workspace) -> None:
    made = a_cluster(ws)
    assert type(ComputeTarget(ws, "nodes")) is AmlCompute
    assert type(AmlCompute(ws, "nodes")) is AmlCompute
    assert type(ComputeTarget(ws, "local")) is ComputeTarget
    assert type(ws.compute_targets["nodes"]) is AmlCompute
    assert BatchAiCompute is AmlCompute
    assert (made.type, made.provisioning_state, made.provisioning_errors) == (
        "AmlCompute",
        "Succeeded",
        None,
    )
    assert type(copy.deepcopy(made)) is AmlCompute


def test_a_compute_target_of_another_kind_is_not_found_as_a_cluster(ws: Workspace) -> None:
    with pytest.raises(ComputeTargetException, match="'local' is not an AmlCompute"):
        AmlCompute(ws, "local")


def test_a_cluster_is_found_again_by_what_it_was_serialized_to(ws: Workspace) -> None:
    made = a_cluster(ws)
    found = AmlCompute.deserialize(ws, json.loads(json.dumps(made.serialize())))
    assert (type(found), found.name) == (AmlCompute, "nodes")
    assert made.serialize()["properties"]["properties"]["vmSize"] == "STANDARD_D1_V2"
    with pytest.raises(ComputeTargetException, match="it has no name"):
        ComputeTarget.deserialize(ws, {})


def test_a_status_is_read_again_as_it_was_written(ws: Workspace) -> None:
    status = a_cluster(ws).get_status()
    again = AmlComputeStatus.deserialize(json.loads(json.dumps(status.serialize())))
    assert again.serialize() == status.serialize()
    with pytest.raises(ComputeTargetException, match="it has no 'allocationState'"):
        AmlComputeStatus.deserialize({"nodeStateCounts": {}})
    with pytest.raises(ComputeTargetException, match="no scale settings"):
        ScaleSettings.deserialize({"nodeIdleTimeBeforeScaleDown": "soon"})


def test_sizes_are_listed_with_what_they_have(ws: Workspace) -> None:
    sizes = {size["name"]: size for size in AmlCompute.supported_vmsizes(ws)}
    assert sizes["STANDARD_NC6"] == {
        "name": "STANDARD_NC6",
        "vCPUs": 6,
        "gpus": 1,
        "memoryGB": 56.0,
    }
    assert sizes["STANDARD_D1_V2"]["memoryGB"] == 3.5


# Runs


def test_a_run_executes_on_a_node_with_all_that_it_has(ws: Workspace, tmp_path: Path) -> None:
    made = a_cluster(ws, vm_size="STANDARD_D2_V2")
    text = "import os\nprint(os.environ['OMP_NUM_THREADS'])\n"
    run = Experiment(ws, "digits").submit(a_script(tmp_path, made, text))
    run.wait_for_completion()
    assert run.get_status() == "Completed"
    assert b"".join(ws.client.read_file(run.id, "azureml-logs/70_driver_log.txt")) == b"2\n"
    (node,) = made.list_nodes()
    assert (node["nodeId"], node["nodeState"], node["runId"]) == ("nodes-1", "idle", None)


def test_the_runs_that_have_not_ended_are_told(ws: Workspace, tmp_path: Path) -> None:
    made = a_cluster(ws, max_nodes=1)
    gate = tmp_path / "gate"
    os.mkfifo(gate)
    script = a_script(tmp_path, "nodes", f"open({str(gate)!r}).read()\n")
    first, second = (Experiment(ws, "digits").submit(script) for _ in range(2))
    assert [run.id for run in made.get_active_runs()] == [second.id, first.id]
    counts = made.get_status().node_state_counts
    assert (counts.running_node_count, counts.idle_node_count) == (1, 0)
    with pytest.raises(ComputeTargetException, match="2 runs on 'nodes' have not ended"):
        made.delete()
    for run in (second, first):
        run.cancel()
        run.wait_for_completion(raise_on_error=False)
    assert list(made.get_active_runs()) == []


def test_a_run_that_runs_out_of_its_nodes_memory_says_so(ws: Workspace, tmp_path: Path) -> None:
    made = a_cluster(ws, vm_size="STANDARD_B1S")
    text = "import time\nhog = bytearray(1_500_000_000)\nfor at in range(0, len(hog), 4096):\n"
    text += "    hog[at] = 1\ntime.sleep(60)\n"
    run = Experiment(ws, "digits").submit(a_script(tmp_path, made, text))
    run.wait_for_completion(raise_on_error=False)
    assert ws.client.get(run.id).reason == (
        "Out of memory: it needs more than the 1 GB of its node."
    )


# Limits


def test_limits_are_updated_and_what_is_not_given_stays(ws: Workspace) -> None:
    made = a_cluster(ws)
    made.update(min_nodes=1)
    assert made.scale_settings.serialize() == {
        "minNodeCount": 1,
        "maxNodeCount": 2,
        "nodeIdleTimeBeforeScaleDown": "PT1800S",
    }
    made.update(min_nodes=0, max_nodes=3, idle_seconds_before_scaledown=0)
    status = made.get_status()
    assert (status.current_node_count, status.scale_settings.maximum_node_count) == (0, 3)
    with pytest.raises(ComputeTargetException, match="cannot have 4 to 3 nodes"):
        made.update(min_nodes=4)


def test_waiting_for_nodes_that_do_not_come_says_how_to_have_them(
    ws: Workspace, capsys: pytest.CaptureFixture[str]
) -> None:
    a_cluster(ws).wait_for_completion(show_output=True, min_node_count=1)
    assert capsys.readouterr().out.endswith(
        "0 of 1 nodes are there; more come when runs need them. To have them always, use "
        "update(min_nodes=1).\n"
    )


def test_waiting_for_nodes_ends_when_its_time_is_over(
    ws: Workspace, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    gate = tmp_path / "gate"
    os.mkfifo(gate)
    script = a_script(tmp_path, "local", f"open({str(gate)!r}).read()\n")
    script.run_config.target = "local"
    runs = [Experiment(ws, "digits").submit(script) for _ in range(2)]
    made = a_cluster(ws, min_nodes=1)
    made.wait_for_completion(show_output=True, timeout_in_minutes=0)
    assert "0 of 1 nodes are there, waiting for 1 CPU for a node: " in capsys.readouterr().out
    runs[0].cancel()
    made.wait_for_completion(show_output=True)
    assert "Minimum number of nodes requested" in capsys.readouterr().out
    runs[1].cancel()
    for run in runs:
        run.wait_for_completion(raise_on_error=False)


def test_a_deleted_cluster_is_gone(ws: Workspace, capsys: pytest.CaptureFixture[str]) -> None:
    made = a_cluster(ws)
    made.delete()
    made.wait_for_completion(show_output=True, is_delete_operation=True)
    assert capsys.readouterr().out.endswith('operation "Succeeded"\n')
    assert list(ws.compute_targets) == ["local"]
    with pytest.raises(ComputeTargetException, match="No compute target 'nodes'"):
        made.get_status()
    with pytest.raises(ComputeTargetException, match="No compute target 'nodes'"):
        made.delete()


def test_what_only_azure_has_is_refused_in_a_sentence(ws: Workspace) -> None:
    made = a_cluster(ws)
    for ask, said in (
        (made.detach, "created here and cannot be detached"),
        (lambda: made.add_identity("SystemAssigned"), "Managed identities belong to Azure"),
        (made.remove_identity, "Managed identities belong to Azure"),
        (lambda: AmlCompute.list_usages(ws), "Quotas are limits of an Azure subscription"),
        (lambda: AmlCompute.list_quotas(ws), "Quotas are limits of an Azure subscription"),
        (lambda: AmlCompute.update_quotas(ws, "x", 1), "Quotas are limits of an Azure"),
    ):
        with pytest.raises(ComputeTargetException, match=said):
            ask()


# Other kinds


def test_a_compute_instance_takes_one_run_at_a_time_until_it_is_stopped(
    ws: Workspace, tmp_path: Path
) -> None:
    configuration = ComputeInstance.provisioning_configuration("STANDARD_D1_V2")
    made = ComputeTarget.create(ws, "mine", configuration)
    assert type(made) is ComputeInstance
    assert type(ComputeTarget(ws, "mine")) is ComputeInstance
    assert made.get_status().state == "Running"
    made.stop()
    assert made.get_status().state == "Stopped"
    run = Experiment(ws, "digits").submit(a_script(tmp_path, made))
    assert run.get_status() == "Queued"
    made.start(wait_for_completion=True)
    run.wait_for_completion()
    assert run.get_status() == "Completed"
    status = made.get_status()
    again = ComputeInstanceStatus.deserialize(json.loads(json.dumps(status.serialize())))
    assert again.serialize() == status.serialize()


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({}, "The machine has no address"),
        ({"address": "box", "password": "hunter2"}, "A password for box cannot be kept"),
        ({"address": "box", "private_key_file": "~/k"}, "IdentityFile ~/k"),
    ],
)
def test_a_machine_that_ssh_alone_does_not_reach_is_refused(
    ws: Workspace, given: dict[str, str], said: str
) -> None:
    configuration = RemoteCompute.attach_configuration("me", **given)  # type: ignore[arg-type]
    with pytest.raises(ComputeTargetException, match=re.escape(said)) as refusal:
        ComputeTarget.attach(ws, "box", configuration)
    assert "hunter2" not in str(refusal.value)


def test_a_machine_is_attached_by_the_url_that_ssh_has() -> None:
    configuration = RemoteCompute.attach_configuration("me", address="box", ssh_port=2222)
    assert str(configuration) == "ssh://me@box:2222"
