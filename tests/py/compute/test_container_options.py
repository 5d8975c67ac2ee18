"""Options of ``docker run``: what a run may be given, and what it may not and why."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest

from jupyter_mltrain.compute.container_options import parse
from jupyter_mltrain.errors import InvalidSpec

DATA = {"Type": "bind", "Target": "/data", "ReadOnly": True, "Source": "/data"}
CACHE = {"Type": "volume", "Target": "/c", "ReadOnly": False, "Source": "cache"}
FUSE = {"PathOnHost": "/dev/fuse", "PathInContainer": "/dev/fuse", "CgroupPermissions": "rwm"}


@pytest.mark.parametrize(
    ("line", "host"),
    [
        ("", {}),
        ("--init", {}),
        ("--network host", {"NetworkMode": "host"}),
        ("--net=none", {"NetworkMode": "none"}),
        ("--ipc=host", {"IpcMode": "host"}),
        ("--shm-size 2g", {"ShmSize": 2 * 1024**3}),
        ("--ulimit memlock=-1", {"Ulimits": [{"Name": "memlock", "Soft": -1, "Hard": -1}]}),
        ("--cap-add CAP_SYS_PTRACE", {"CapAdd": ["SYS_PTRACE"]}),
        ("--add-host=db:10.0.0.1", {"ExtraHosts": ["db:10.0.0.1"]}),
        ("-v /data:/data:ro", {"Mounts": [DATA]}),
        ("--mount type=bind,src=/data,dst=/data,readonly", {"Mounts": [DATA]}),
        ("--volume cache:/c", {"Mounts": [CACHE]}),
        ("--device /dev/fuse", {"Devices": [FUSE]}),
        ("--tmpfs /tmp:size=1g", {"Tmpfs": {"/tmp": "size=1g"}}),
        ("--security-opt seccomp=unconfined", {"SecurityOpt": ["seccomp=unconfined"]}),
        ("-p 8080:80", {"PortBindings": {"80/tcp": [{"HostIp": "", "HostPort": "8080"}]}}),
        ("--pids-limit 100", {"PidsLimit": 100}),
        ("--read-only", {"ReadonlyRootfs": True}),
    ],
)
def test_an_option_becomes_what_the_engine_takes(line: str, host: dict[str, Any]) -> None:
    assert parse(line.split()).host == host


def test_an_option_may_be_given_many_times() -> None:
    found = parse(["-v", "/a:/a", "-v", "/b:/b", "-e", "X=1", "--env", "Y=a=b"])
    assert [mount["Target"] for mount in found.host["Mounts"]] == ["/a", "/b"]
    assert found.variables == {"X": "1", "Y": "a=b"}


def test_hostname_labels_and_ports_are_not_the_hosts() -> None:
    found = parse(["-h", "trainer", "--label", "team=vision", "-p", "80"])
    assert found.config == {
        "Hostname": "trainer",
        "Labels": {"team": "vision"},
        "ExposedPorts": {"80/tcp": {}},
    }


def test_root_is_the_way_out_for_images_that_insist_on_it() -> None:
    assert parse(["--user", "root"]).as_root
    assert not parse(["--user", f"{os.getuid()}:{os.getgid()}"]).as_root
    assert not parse([]).as_root


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("--cpus 2", "--cpus cannot be given as a docker argument: the run's resources say that"),
        ("--memory=1g", "the run's resources say that"),
        ("--gpus all", "the run's resources say that"),
        ("--name mine", "is named, followed and deleted for you"),
        ("--rm", "is named, followed and deleted for you"),
        ("-it", "is named, followed and deleted for you"),
        ("-d", "is named, followed and deleted for you"),
        ("--entrypoint /bin/bash", "executes its own script"),
        ("--privileged", "would open the machine"),
        ("--pid=host", "would open the machine"),
        ("--log-driver none", "output is kept with the run"),
        ("--platform linux/arm64", "the environment's `platform` says that"),
        ("--frobnicate", "'--frobnicate' is not an option of docker run that a run can use"),
        ("train.py", "'train.py' is not an option of docker run"),
        ("--network", "--network"),
        ("--user 1234", "A container runs as you"),
        ("-v /var/run/docker.sock:/var/run/docker.sock", "would give the run the Docker socket"),
        ("-v /:/host", "would give the run the Docker socket"),
        ("-v /var/run:/r:ro", "would give the run the Docker socket"),
        ("--mount type=bind,source=/run,target=/r", "would give the run the Docker socket"),
        ("-v data:here", "names no absolute path in the container"),
        ("-v ./data:/data", "names no absolute path of the machine"),
        ("-v /a:/b:rshared", "may end in ro or rw"),
        ("--cap-add ALL", "ALL is not for a run"),
        ("--security-opt no-new-privileges=false", "is not for a run"),
        ("--label mltrain.run=x", "is one of ours"),
        ("--env HOME", "Write it as --env NAME=VALUE"),
        ("--shm-size much", "is no size"),
        ("--ulimit nofile=many", "with numbers"),
        ("--net container:other", "no other container's"),
        ("--ipc container:other", "Use host, private or none"),
        ("--pids-limit few", "invalid int value"),
    ],
)
def test_what_a_run_cannot_be_given_is_said(line: str, words: str) -> None:
    with pytest.raises(InvalidSpec) as caught:
        parse(line.split())
    assert words in caught.value.message


def test_a_link_to_the_engines_socket_is_no_way_around(tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to("/var/run")
    with pytest.raises(InvalidSpec, match="Docker socket"):
        parse(["-v", f"{tmp_path}/link:/x"])
