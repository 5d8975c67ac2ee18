"""``runDefinition`` of `Run.get_details`: what was submitted, under Azure ML's names.

What a run here cannot have has the value that it has in Azure when nobody asks for it.
"""

from __future__ import annotations

from typing import Any

from jupyter_mltrain.core import environment_files
from jupyter_mltrain.core.environment import Environment
from jupyter_mltrain.core.script_run_config import COMMAND_SCRIPT
from jupyter_mltrain.spec import DataInput, DataOutput, Run, RunSpec


def of(run: Run) -> dict[str, Any]:
    """All that decides what happens; no password of a registry is ever in it."""
    spec = run.spec
    environment = _environment(spec)
    docker = environment["docker"]
    return {
        **_executed(spec),
        "useAbsolutePath": False,
        "sourceDirectoryDataStore": None,
        "framework": spec.framework,
        "communicator": spec.communicator,
        "target": spec.compute,
        "dataReferences": {each.name: _reference(each) for each in spec.inputs if each.reference},
        "data": {each.name: _data(each) for each in spec.inputs if not each.reference},
        "outputData": {each.name: _output(each) for each in spec.outputs},
        "datacaches": [],
        "jobName": spec.name,
        "maxRunDurationSeconds": int(spec.timeout_s),
        "nodeCount": spec.node_count,
        "instanceTypes": [],
        "priority": spec.priority,
        "credentialPassthrough": False,
        "identity": None,
        "environment": environment,
        "history": {
            "outputCollection": True,
            "directoriesToWatch": ["logs"],
            "enableMLflowTracking": True,
            "snapshotProject": run.snapshot_id is not None,
        },
        "spark": {"configuration": {}},
        "parallelTask": {
            "maxRetriesPerWorker": 0,
            "workerCountPerNode": 1,
            "terminalExitCodes": None,
            "configuration": {},
        },
        "amlCompute": {
            "name": None,
            "vmSize": None,
            "retainCluster": False,
            "clusterMaxNodeCount": None,
        },
        "tensorflow": {"workerCount": 1, "parameterServerCount": 1},
        "mpi": {"processCountPerNode": spec.processes_per_node},
        "pyTorch": {"communicationBackend": "nccl", "processCount": None},
        "hdi": {"yarnDeployMode": "Cluster"},
        "containerInstance": {"region": None, "cpuCores": 2.0, "memoryGb": 3.5},
        "exposedPorts": None,
        "docker": {
            "useDocker": docker["enabled"],
            "sharedVolumes": docker["sharedVolumes"],
            "shmSize": docker["shmSize"],
            "arguments": docker["arguments"],
        },
        "environmentVariables": dict(spec.variables),
    }


def _executed(spec: RunSpec) -> dict[str, Any]:
    """A script with its arguments, or the command that was given in place of them."""
    arguments = list(spec.arguments)
    if spec.script == COMMAND_SCRIPT:
        return {"script": None, "command": arguments, "arguments": []}
    return {"script": spec.script or None, "command": "", "arguments": arguments}


def _environment(spec: RunSpec) -> dict[str, Any]:
    found = environment_files.definition(Environment.from_spec(spec.environment))
    return {
        **found,
        "assetId": None,
        "environmentVariables": {**spec.environment.variables, **spec.variables},
        "spark": {"repositories": [], "packages": [], "precachePackages": True},
        "inferencingStackVersion": None,
    }


def _reference(given: DataInput) -> dict[str, Any]:
    place = given.spec.paths[0] if given.spec.paths else None
    return {
        "dataStoreName": place.datastore if place else None,
        "mode": given.mode.value.capitalize(),
        "pathOnDataStore": place.path if place else None,
        "pathOnCompute": given.path_on_compute,
        "overwrite": False,
    }


def _data(given: DataInput) -> dict[str, Any]:
    return {
        "dataLocation": {
            "dataset": {
                "id": given.dataset_id,
                "name": given.dataset,
                "version": None if given.version is None else str(given.version),
            },
            "dataPath": None,
        },
        "mechanism": given.mode.value.capitalize(),
        "environmentVariableName": given.name,
        "pathOnCompute": given.path_on_compute,
        "overwrite": False,
    }


def _output(given: DataOutput) -> dict[str, Any]:
    return {
        "outputLocation": {
            "dataPath": {"datastoreName": given.datastore, "relativePath": given.path},
        },
        "mechanism": given.mode.value.capitalize(),
        "additionalOptions": {
            "pathOnCompute": given.source,
            "registrationOptions": {"name": given.register_as},
            "uploadOptions": {"overwrite": given.overwrite},
        },
        "environmentVariableName": given.name,
    }
