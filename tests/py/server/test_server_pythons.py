"""The Pythons that a page can choose."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from loops import in_loop

from jupyter_mltrain.errors import InvalidSpec
from jupyter_mltrain.server.pythons import Pythons


class Specs:
    """Kernel specs as Jupyter has them."""

    def __init__(self, **kernels: list[str]) -> None:
        self._kernels = kernels

    def get_all_specs(self):
        return {
            name: {"resource_dir": "/", "spec": {"argv": argv, "display_name": name.title()}}
            for name, argv in self._kernels.items()
        }


def kernel(python: str) -> list[str]:
    return [python, "-Xfrozen_modules=off", "-m", "ipykernel_launcher", "-f", "{file}"]


@pytest.fixture
def other(tmp_path: Path) -> str:
    """The Python of another virtual environment."""
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", tmp_path / "env"], check=True)
    return str(tmp_path / "env/bin/python")


@in_loop
async def test_without_kernels_there_is_the_python_of_the_server():
    (found,) = await Pythons(Specs(), "python3").found()
    assert (found.interpreter, found.default) == (sys.executable, True)
    assert found.version == "{}.{}.{}".format(*sys.version_info[:3])


@in_loop
async def test_an_interpreter_has_the_name_of_its_kernel():
    (found,) = await Pythons(Specs(mine=kernel(sys.executable)), "mine").found()
    assert found.name == "Mine"


@in_loop
async def test_a_kernel_that_names_no_path_is_the_python_of_the_server():
    (found,) = await Pythons(Specs(python3=kernel("python3")), "python3").found()
    assert found.interpreter == sys.executable


@in_loop
async def test_the_python_of_the_default_kernel_comes_first(other):
    pythons = Pythons(Specs(aaa=kernel(sys.executable), best=kernel(other)), "best")
    found = await pythons.found()
    assert [each.interpreter for each in found] == [other, sys.executable]
    assert [each.default for each in found] == [True, False]


@in_loop
async def test_kernels_of_other_kinds_and_ones_that_are_gone_are_left_out(tmp_path):
    broken = tmp_path / "python"
    broken.write_text("#!/bin/sh\nexit 1\n")
    broken.chmod(0o755)
    specs = Specs(
        bash=["bash", "-m", "ipykernel_launcher"],
        gone=kernel("/nowhere/python"),
        broken=kernel(str(broken)),
        runner=[sys.executable, "-m", "nb_conda_kernels.runner", "/env"],
        empty=[],
    )
    found = await Pythons(specs, "python3").found()
    assert [each.name for each in found] == ["Python of this Jupyter server"]


@in_loop
async def test_a_server_that_answers_later_is_waited_for():
    class Later(Specs):
        async def get_all_specs(self):
            return Specs.get_all_specs(self)

    (found,) = await Pythons(Later(mine=kernel(sys.executable)), "mine").found()
    assert found.name == "Mine"


@in_loop
async def test_another_interpreter_does_not_get_the_variables_of_this_one(other, monkeypatch):
    monkeypatch.setenv("VIRTUAL_ENV", sys.prefix)
    spec = await Pythons(Specs(best=kernel(other)), "best").environment(other)
    assert (spec.name, spec.interpreter) == ("Best", other)
    assert "VIRTUAL_ENV" not in spec.inherited
    assert spec.inherited["PATH"] == os.environ["PATH"]


@in_loop
async def test_what_is_not_listed_is_no_environment():
    with pytest.raises(InvalidSpec, match="ipykernel install"):
        await Pythons(Specs(), "python3").environment(shutil.which("sh"))
