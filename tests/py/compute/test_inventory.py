"""What the machine has, as far as it may be used. The driver is a tiny library of our own."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from jupyter_mltrain.compute import inventory
from jupyter_mltrain.spec import Device

# The functions of NVML that the inventory calls; variables say what goes wrong.
_NVML = r"""
#include <stdio.h>
#include <stdlib.h>
enum { OK = 0, NOT_SUPPORTED = 3, NO_PERMISSION = 4, GPU_IS_LOST = 15 };
static int devices[2] = {0, 1};
int nvmlInitWithFlags(unsigned flags) {
    return getenv("FAKE_FORBIDDEN") ? NO_PERMISSION : OK;
}
int nvmlShutdown(void) { return OK; }
int nvmlDeviceGetCount_v2(unsigned *count) { *count = 2; return OK; }
int nvmlDeviceGetHandleByIndex_v2(unsigned index, int **device) {
    if (index == 0 && getenv("FAKE_LOST")) return GPU_IS_LOST;
    *device = &devices[index];
    return OK;
}
int nvmlDeviceGetName(int *device, char *name, unsigned length) {
    snprintf(name, length, "Fake %d", *device);
    return OK;
}
int nvmlDeviceGetMemoryInfo(int *device, unsigned long long *memory) {
    if (getenv("FAKE_SHARED")) return NOT_SUPPORTED;
    memory[0] = 8000000000ULL * (*device + 1);
    return OK;
}
"""

_SHOW = """
import json
from jupyter_mltrain.compute import inventory
print(json.dumps([[gpu.index, gpu.name, gpu.memory_bytes] for gpu in inventory.machine().gpus]))
"""


@pytest.fixture(scope="module")
def driver(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a driver library that knows two devices."""
    compiler = shutil.which("cc")
    if compiler is None:
        problem = "no C compiler (cc) to build the fake NVIDIA driver with; install gcc"
        if os.environ.get("CI"):
            pytest.fail(problem)
        pytest.skip(problem)
    folder = tmp_path_factory.mktemp("driver")
    (folder / "nvml.c").write_text(_NVML)
    subprocess.run(
        [compiler, "-shared", "-fPIC", "-o", folder / "libnvidia-ml.so.1", folder / "nvml.c"],
        check=True,
        timeout=60,
    )
    return folder


def gpus(driver: Path, **variables: str) -> tuple[Device, ...]:
    """The GPUs that a fresh process finds."""
    done = subprocess.run(
        [sys.executable, "-c", _SHOW],
        env={**os.environ, "LD_LIBRARY_PATH": str(driver), **variables},
        capture_output=True,
        text=True,
        check=True,
        timeout=30,
    )
    return tuple(
        Device(index=index, name=name, memory_bytes=memory_bytes)
        for index, name, memory_bytes in json.loads(done.stdout)
    )


def test_every_device_that_the_driver_counts_is_a_gpu(driver: Path) -> None:
    assert gpus(driver) == (
        Device(index=0, name="Fake 0", memory_bytes=8_000_000_000),
        Device(index=1, name="Fake 1", memory_bytes=16_000_000_000),
    )


def test_a_driver_that_may_not_be_used_means_no_gpus(driver: Path) -> None:
    assert gpus(driver, FAKE_FORBIDDEN="1") == ()


def test_a_lost_device_is_left_out_and_the_others_keep_their_index(driver: Path) -> None:
    assert [gpu.index for gpu in gpus(driver, FAKE_LOST="1")] == [1]


def test_a_device_without_memory_of_its_own_is_a_gpu(driver: Path) -> None:
    assert [gpu.memory_bytes for gpu in gpus(driver, FAKE_SHARED="1")] == [0, 0]


def cgroups(folder: Path, **files: str) -> Path:
    """Control group files; in their names `__` is a slash and `_dot_` a dot."""
    for name, text in files.items():
        path = folder / name.replace("__", "/").replace("_dot_", ".")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return folder


def test_without_control_groups_all_of_the_machine_is_there(tmp_path: Path) -> None:
    found = inventory.machine(tmp_path)
    assert 1 <= found.cpus <= (os.cpu_count() or 1)
    assert found.memory_bytes > 0


def test_a_container_has_the_cpus_of_its_quota_and_at_least_one(tmp_path: Path) -> None:
    assert inventory.machine(cgroups(tmp_path, cpu_dot_max="50000 100000\n")).cpus == 1


def test_a_quota_of_max_is_no_limit(tmp_path: Path) -> None:
    unlimited = cgroups(tmp_path / "max", cpu_dot_max="max 100000\n", memory_dot_max="max\n")
    assert inventory.machine(unlimited) == inventory.machine(tmp_path)


def test_a_quota_never_gives_more_cpus_than_there_are(tmp_path: Path) -> None:
    plenty = cgroups(tmp_path / "plenty", cpu_dot_max="99900000 100000\n")
    assert inventory.machine(plenty).cpus == inventory.machine(tmp_path).cpus


def test_a_container_has_the_memory_of_its_limit(tmp_path: Path) -> None:
    found = inventory.machine(cgroups(tmp_path, memory_dot_max="1000000000\n"))
    assert found.memory_bytes == 1_000_000_000


def test_the_first_version_of_control_groups_counts_too(tmp_path: Path) -> None:
    found = inventory.machine(
        cgroups(
            tmp_path,
            cpu__cpu_dot_cfs_quota_us="100000\n",
            cpu__cpu_dot_cfs_period_us="100000\n",
            memory__memory_dot_limit_in_bytes="2000000000\n",
        )
    )
    assert (found.cpus, found.memory_bytes) == (1, 2_000_000_000)
