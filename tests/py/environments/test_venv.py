"""Virtual environments, really made by uv."""

from __future__ import annotations

import asyncio
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from hashlib import sha256
from pathlib import Path

import pytest
from build_sites import ASite, build, failing, said_by
from loops import in_loop
from wheels import a_wheel, an_index

from jupyter_mltrain.environments import python
from jupyter_mltrain.environments.locks import Lock
from jupyter_mltrain.environments.process_builder import ProcessBuilder
from jupyter_mltrain.spec import Built

OWN = "{}.{}.{}".format(*sys.version_info[:3])
CLOSED = "http://127.0.0.1:9/simple"
"""Nobody listens at the discard port."""


@pytest.fixture(autouse=True)
def _quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("UV_HTTP_RETRIES", "0")


@pytest.fixture
def site(tmp_path: Path) -> ASite:
    return ASite(directory=tmp_path / "build")


@pytest.fixture
def wheels(tmp_path: Path) -> Path:
    """A folder with the wheels of `alpha` 1.0 and 2.0, and of `beta`, which needs the older."""
    folder = tmp_path / "wheels"
    a_wheel(folder, "alpha", "1.0")
    a_wheel(folder, "alpha", "2.0")
    a_wheel(folder, "beta", "1.0", requires=["alpha<2"])
    return folder


def from_(wheels: Path, *lines: str) -> tuple[str, ...]:
    """Requirements that only these wheels can meet."""
    return ("--no-index", f"--find-links {wheels}", *lines)


@in_loop
async def test_what_was_asked_for_can_be_imported(site: ASite, wheels: Path) -> None:
    made = await build(site, pip=from_(wheels, "alpha"))
    assert said_by(made.interpreter, "import alpha; print(alpha.version)") == "2.0"


@in_loop
async def test_it_lies_in_the_folder_of_its_build(site: ASite, wheels: Path) -> None:
    made = await build(site, pip=from_(wheels, "alpha"))
    prefix = said_by(made.interpreter, "import sys; print(sys.prefix)")
    assert Path(prefix).parent == site.directory


@in_loop
async def test_it_says_what_it_is(site: ASite, wheels: Path) -> None:
    made = await build(site, pip=from_(wheels, "beta"))
    assert (made.python, made.packages, made.image) == (OWN, 2, None)
    assert made.size_bytes


@in_loop
async def test_its_steps_have_names_and_a_count(site: ASite, wheels: Path) -> None:
    await build(site, pip=from_(wheels, "beta"))
    assert site.steps == [
        "find Python",
        "make a virtual environment",
        "resolve packages",
        "install 2 packages",
    ]
    assert site.expected == len(site.steps)


@in_loop
async def test_the_log_names_the_python_and_every_package(site: ASite, wheels: Path) -> None:
    await build(site, pip=from_(wheels, "beta"))
    assert f"Python {OWN} at {sys.executable}\n" in site.log
    assert " + alpha==1.0\n + beta==1.0\n" in site.log


@in_loop
async def test_with_nothing_to_install_it_is_an_empty_environment(site: ASite) -> None:
    made = await build(site)
    assert made.packages == 0
    assert site.expected == len(site.steps) == 2


@in_loop
async def test_the_lock_names_every_package_exactly(site: ASite, wheels: Path) -> None:
    made = await build(site, pip=from_(wheels, "beta"))
    assert made.lock is not None
    assert Lock.parsed(made.lock) == Lock(python=OWN, pip=("alpha==1.0", "beta==1.0"))


@in_loop
async def test_from_a_lock_comes_the_same_although_there_is_newer(
    tmp_path: Path, wheels: Path
) -> None:
    first = await build(ASite(directory=tmp_path / "1"), pip=from_(wheels, "beta"))
    a_wheel(wheels, "beta", "3.0")
    again = ASite(directory=tmp_path / "2", lock=first.lock)
    second = await build(again, pip=from_(wheels, "beta"))
    assert second.lock == first.lock
    assert again.cached == ["resolve packages"]
    anew = await build(ASite(directory=tmp_path / "3"), pip=from_(wheels, "beta"))
    assert "beta==3.0" in str(anew.lock)


@in_loop
async def test_a_wheel_named_by_its_path_is_in_the_lock_with_it(
    tmp_path: Path, wheels: Path
) -> None:
    wheel = a_wheel(tmp_path / "own", "gamma")
    first = await build(ASite(directory=tmp_path / "1"), pip=(str(wheel),))
    assert f"gamma @ {wheel.as_uri()}" in str(first.lock)
    again = await build(ASite(directory=tmp_path / "2", lock=first.lock), pip=(str(wheel),))
    assert again.lock == first.lock


@in_loop
async def test_hashes_are_checked_from_a_lock_too(tmp_path: Path, wheels: Path) -> None:
    wheel = wheels / "alpha-1.0-py3-none-any.whl"
    line = f"alpha==1.0 --hash=sha256:{sha256(wheel.read_bytes()).hexdigest()}"
    pip = from_(wheels, "--require-hashes", line)
    first = await build(ASite(directory=tmp_path / "1"), pip=pip)
    again = await build(ASite(directory=tmp_path / "2", lock=first.lock), pip=pip)
    assert again.lock == first.lock
    a_wheel(wheels, "alpha", "1.0", requires=["beta"])
    said = await failing(ASite(directory=tmp_path / "3", lock=first.lock), pip=pip)
    assert "hash" in said.lower()


@in_loop
async def test_azureml_defaults_is_recognised_and_not_installed(site: ASite, wheels: Path) -> None:
    made = await build(site, pip=from_(wheels, "azureml-defaults==1.27", "alpha"))
    assert made.packages == 1
    assert "azureml-defaults==1.27: satisfied by jupyter_mltrain's runtime" in site.log


@in_loop
async def test_the_facts_for_preflight_can_be_asked_of_it(site: ASite, wheels: Path) -> None:
    made = await build(site, pip=from_(wheels, "alpha"))
    info = python.probe(made.interpreter)
    assert python.lacking(info, ["alpha", "json", "beta"]) == {"beta"}


@in_loop
async def test_a_package_comes_from_the_public_index(site: ASite) -> None:
    made = await build(site, pip=("six==1.16.0",))
    assert said_by(made.interpreter, "import six; print(six.__version__)") == "1.16.0"


# The user's settings


@in_loop
async def test_pip_s_configuration_counts(
    site: ASite, wheels: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "pip.conf").write_text(f"[global]\nno-index = true\nfind-links = {wheels}\n")
    monkeypatch.setenv("PIP_CONFIG_FILE", str(tmp_path / "pip.conf"))
    monkeypatch.delenv("PIP_FIND_LINKS", raising=False)
    made = await build(site, pip=("alpha",))
    assert "alpha==2.0" in str(made.lock)


@in_loop
async def test_a_password_of_an_index_reaches_it_and_nothing_else(
    site: ASite, wheels: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with an_index(wheels, login="reader:planted-secret") as index:
        monkeypatch.setenv("PIP_INDEX_URL", f"http://reader:planted-secret@{index}/simple")
        made = await build(site, pip=("beta",))
    assert made.packages == 2
    written = [path.read_bytes() for path in site.directory.rglob("*") if path.is_file()]
    assert not [each for each in written if b"planted-secret" in each]
    assert "planted-secret" not in f"{site.log}{made}"


@in_loop
async def test_an_index_that_the_requirements_name_is_the_only_one(
    site: ASite, wheels: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PIP_INDEX_URL", CLOSED)
    with an_index(wheels) as index:
        made = await build(site, pip=(f"--index-url http://{index}/simple", "alpha"))
    assert made.packages == 1


@in_loop
async def test_a_variable_may_stand_for_the_password(
    site: ASite, wheels: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OUR_TOKEN", "planted-secret")
    with an_index(wheels, login="reader:planted-secret") as index:
        line = f"--index-url http://reader:${{OUR_TOKEN}}@{index}/simple"
        made = await build(site, pip=(line, "beta"))
    assert made.packages == 2
    assert "planted-secret" not in f"{site.log}{made}"


@in_loop
async def test_where_the_user_works_leads_nowhere_else(
    site: ASite, wheels: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("VIRTUAL_ENV", str(tmp_path / "other"))
    monkeypatch.setenv("UV_SYSTEM_PYTHON", "1")
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    made = await build(site, pip=from_(wheels, "alpha"))
    assert made.packages == 1


# What goes wrong


@in_loop
async def test_a_package_that_does_not_exist_is_named(site: ASite, wheels: Path) -> None:
    with an_index(wheels) as index:
        said = await failing(site, pip=(f"--index-url http://{index}/simple", "nosuchthing"))
    assert said.startswith("Package `nosuchthing` is not in the package index. Check its name")


@in_loop
async def test_a_module_s_name_is_answered_with_its_package(site: ASite, wheels: Path) -> None:
    with an_index(wheels) as index:
        said = await failing(site, pip=(f"--index-url http://{index}/simple", "cv2"))
    assert said == "Package `cv2` is not in the package index. Did you mean `opencv-python`?"


@in_loop
async def test_a_version_that_does_not_exist_is_named(site: ASite, wheels: Path) -> None:
    with an_index(wheels) as index:
        said = await failing(site, pip=(f"--index-url http://{index}/simple", "beta==9"))
    assert said.startswith("There is no `beta==9` in the package index.")


@in_loop
async def test_versions_that_cannot_be_solved_come_with_the_reason(
    site: ASite, wheels: Path
) -> None:
    said = await failing(site, pip=from_(wheels, "alpha==2.0", "beta"))
    first, *more = said.splitlines()
    assert first.startswith("No versions fit together: because ")
    assert first.endswith(" Loosen one of these requirements.")
    assert re.search(r"beta\S* depends? on alpha<2 ?", first)
    assert len(more) < 8


@in_loop
async def test_an_index_that_cannot_be_reached_is_named(site: ASite) -> None:
    said = await failing(site, pip=(f"--index-url {CLOSED}", "alpha"))
    assert said.startswith("127.0.0.1 cannot be reached (Connection refused")
    assert "Check the network" in said


@in_loop
async def test_an_index_that_wants_a_password_says_so(site: ASite, wheels: Path) -> None:
    with an_index(wheels, login="reader:secret") as index:
        said = await failing(site, pip=(f"--index-url http://{index}/simple", "alpha"))
    assert said.startswith("127.0.0.1 does not let us in (401 Unauthorized).")


@in_loop
async def test_a_package_that_cannot_be_built_says_what_its_build_said(
    site: ASite, tmp_path: Path
) -> None:
    source = tmp_path / "needy"
    source.mkdir()
    (source / "setup.py").write_text("raise SystemExit('needs a Fortran compiler')\n")
    said = await failing(site, pip=(f"needy @ {source.as_uri()}",))
    assert said.startswith("Package `needy @ file:")
    assert "could not be built: needs a Fortran compiler" in said


@in_loop
async def test_a_line_that_is_no_requirement_is_refused_before_any_work(site: ASite) -> None:
    said = await failing(site, pip=("pandas=1.5",))
    assert said == "`pandas=1.5` is no requirement as pip reads them. Write `pandas==1.5`."
    assert site.steps == []


@in_loop
async def test_no_python_of_that_version_is_said_with_those_there_are(site: ASite) -> None:
    said = await failing(site, python="3.4")
    assert said.startswith("This machine has no Python 3.4. It has ")
    assert OWN in said


@pytest.mark.root
@in_loop
async def test_a_full_disk_is_said(tmp_path: Path) -> None:
    wheels = tmp_path / "wheels"
    a_wheel(wheels, "huge", size_bytes=8_000_000)
    small = tmp_path / "small"
    small.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=4m", "tmpfs", small], check=True)
    try:
        said = await failing(ASite(directory=small / "build"), pip=from_(wheels, "huge"))
    finally:
        subprocess.run(["umount", small], check=True)
    assert said.startswith(f"No room left on the disk of {small}/build while packages")


# Cancelling, and what is left


@pytest.fixture
def silent_port() -> Iterator[int]:
    """An address that takes connections and never answers."""
    import socket

    with socket.create_server(("127.0.0.1", 0)) as server:
        yield server.getsockname()[1]


def working_for(site: ASite) -> list[int]:
    """Processes that this build has started."""
    found = subprocess.run(["pgrep", "-f", str(site.directory)], capture_output=True, text=True)
    return [int(line) for line in found.stdout.split() if int(line) != os.getpid()]


@in_loop
async def test_a_cancelled_build_leaves_no_process(site: ASite, silent_port: int) -> None:
    url = f"http://127.0.0.1:{silent_port}/simple"
    task = asyncio.ensure_future(build(site, pip=(f"--index-url {url}", "alpha")))
    while "resolve packages" not in site.steps or not working_for(site):
        await asyncio.sleep(0.01)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert working_for(site) == []


def built(interpreter: str | None) -> Built:
    return Built(id="b1", kind="venv", interpreter=interpreter)


@in_loop
async def test_it_is_there_until_its_folder_goes(site: ASite) -> None:
    made = await build(site)
    builder = ProcessBuilder()
    assert await builder.is_there(built(made.interpreter), "local", site.directory)
    (site.directory / "env").rename(site.directory / "gone")
    assert not await builder.is_there(built(made.interpreter), "local", site.directory)


@in_loop
async def test_it_is_not_there_without_the_python_that_it_was_made_with(
    site: ASite, tmp_path: Path
) -> None:
    made = await build(site)
    assert made.interpreter is not None
    link = Path(made.interpreter)
    link.unlink()
    link.symlink_to(tmp_path / "uninstalled" / "python3")
    assert not await ProcessBuilder().is_there(built(made.interpreter), "local", site.directory)


def test_a_lock_reads_back_as_it_was_written() -> None:
    locks = (
        Lock(python="3.11.7"),
        Lock(python="3.11.7", pip=("a==1", "b @ file:///x/b-1-py3-none-any.whl")),
        Lock(
            python="3.9.1", platform="linux-64", conda=("file:///c/a-1-0.conda#12",), pip=("b==1",)
        ),
    )
    assert [Lock.parsed(lock.text) for lock in locks] == list(locks)
    assert not re.search(r"^b==1", locks[2].text, re.M)
