"""Environments of conda packages, really solved and installed by py-rattler."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest
from build_sites import ASite, build, failing, said_by
from conda_channel import PREFIX, Channel
from loops import in_loop
from wheels import a_wheel

from jupyter_mltrain.environments import conda_solving, python
from jupyter_mltrain.environments.conda_solving import Target
from jupyter_mltrain.environments.locks import Lock
from jupyter_mltrain.errors import EnvironmentFailed
from jupyter_mltrain.spec import PackagesSpec

CONTAINER = Target(platform="linux-aarch64", libc=("glibc", "2.31"))


@pytest.fixture(autouse=True)
def _own_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RATTLER_CACHE_DIR", str(tmp_path / "cache"))


@pytest.fixture
def site(tmp_path: Path) -> ASite:
    return ASite(directory=tmp_path / "build")


@pytest.fixture
def channel(tmp_path: Path) -> Channel:
    """With a Python, a module for it, what that needs in two versions, and what needs the older."""
    channel = Channel(folder=tmp_path / "channel")
    channel.add_python()
    channel.add("libfast", "1.0")
    channel.add("libfast", "2.0")
    channel.add("oldtool", depends=["libfast <2"])
    channel.add(
        "fastmath",
        "1.5",
        noarch="python",
        depends=["python >=3.8", "libfast >=2"],
        files={"site-packages/fastmath/__init__.py": "version = '1.5'\n"},
    )
    return channel


@in_loop
async def test_conda_packages_can_be_imported(site: ASite, channel: Channel) -> None:
    made = await build(site, conda=("fastmath",), channels=(channel.url,))
    assert said_by(made.interpreter, "import fastmath; print(fastmath.version)") == "1.5"


@in_loop
async def test_it_says_what_it_is(site: ASite, channel: Channel) -> None:
    made = await build(site, conda=("fastmath",), channels=(channel.url,))
    assert made.python == said_by(
        made.interpreter, "import platform as p; print(p.python_version())"
    )
    assert made.packages == 3


@in_loop
async def test_its_steps_have_names_and_a_count(site: ASite, channel: Channel) -> None:
    await build(site, conda=("fastmath",), channels=(channel.url,))
    assert site.steps == ["resolve conda packages", "install 3 conda packages"]
    assert site.expected == len(site.steps)


@in_loop
async def test_the_log_names_channels_and_packages(site: ASite, channel: Channel) -> None:
    await build(site, conda=("fastmath",), channels=(channel.url,))
    assert f"channels: {channel.url}\npackages: python, fastmath\n" in site.log
    assert " + fastmath 1.5\n + libfast 2.0\n + python 3" in site.log


@in_loop
async def test_its_pip_section_is_installed_by_uv(
    site: ASite, channel: Channel, tmp_path: Path
) -> None:
    a_wheel(tmp_path / "wheels", "alpha")
    pip = ("--no-index", f"--find-links {tmp_path / 'wheels'}", "alpha")
    made = await build(site, conda=("fastmath",), channels=(channel.url,), pip=pip)
    assert said_by(made.interpreter, "import alpha, fastmath; print(alpha.version)") == "1.0"
    assert made.lock is not None
    assert Lock.parsed(made.lock).pip == ("alpha==1.0",)
    assert site.expected == len(site.steps) == 4


@in_loop
async def test_the_facts_for_preflight_can_be_asked_of_it(site: ASite, channel: Channel) -> None:
    made = await build(site, conda=("fastmath",), channels=(channel.url,))
    info = python.probe(made.interpreter)
    assert info.prefix == str(site.directory / "env")
    assert python.lacking(info, ["fastmath", "json", "alpha"]) == {"alpha"}


@in_loop
async def test_the_lock_has_urls_with_hashes(site: ASite, channel: Channel) -> None:
    made = await build(site, conda=("fastmath",), channels=(channel.url,))
    assert made.lock is not None
    lock = Lock.parsed(made.lock)
    assert lock.platform == "linux-64"
    assert all(each.startswith(channel.url) and "#sha256:" in each for each in lock.conda)


@in_loop
async def test_from_a_lock_comes_the_same_although_there_is_newer(
    tmp_path: Path, channel: Channel
) -> None:
    first = await build(
        ASite(directory=tmp_path / "1"), conda=("libfast",), channels=(channel.url,)
    )
    channel.add("libfast", "3.0")
    again = ASite(directory=tmp_path / "2", lock=first.lock)
    second = await build(again, conda=("libfast",), channels=(channel.url,))
    assert second.lock == first.lock
    assert again.steps == ["install 2 conda packages"]
    anew = await build(ASite(directory=tmp_path / "3"), conda=("libfast",), channels=(channel.url,))
    assert "libfast-3.0" in str(anew.lock)


@in_loop
async def test_a_package_changed_under_its_name_is_not_what_was_locked(
    tmp_path: Path, channel: Channel
) -> None:
    first = await build(
        ASite(directory=tmp_path / "1"), conda=("libfast",), channels=(channel.url,)
    )
    file = channel.add("libfast", "2.0", files={"share/libfast": "something else\n"})
    again = ASite(directory=tmp_path / "2", lock=first.lock)
    said = await failing(again, conda=("libfast",), channels=(channel.url,))
    assert f"{file} is not the package that was found for this environment" in said


@in_loop
async def test_a_python_that_only_a_channel_has_comes_from_there(
    site: ASite, channel: Channel
) -> None:
    channel.add_python("3.99.0")
    made = await build(site, python="3.99", channels=(channel.url,))
    assert made.python == "3.99.0"
    assert f"This machine has no Python 3.99; it comes from the channels {channel.url}." in site.log


@in_loop
async def test_texts_in_packages_get_the_folder_of_the_environment(
    site: ASite, channel: Channel
) -> None:
    script = f"#!{PREFIX}/bin/python\nprint('works')\n"
    channel.add("command", files={"bin/command": script}, prefix_in=["bin/command"])
    await build(site, conda=("command",), channels=(channel.url,))
    done = subprocess.run([site.directory / "env/bin/command"], capture_output=True, text=True)
    assert done.stdout == "works\n"


# For images


@in_loop
async def test_packages_are_found_for_another_platform(site: ASite, channel: Channel) -> None:
    channel.add("python", "3.10.1", subdir="linux-aarch64")
    channel.add("libfast", "2.5", subdir="linux-aarch64", depends=["__glibc >=2.28"])
    wanted = PackagesSpec(conda=("libfast",), channels=(channel.url,))
    solved = await conda_solving.solve(site, wanted, CONTAINER)
    assert solved.platform == "linux-aarch64"
    assert solved.python == "3.10.1"
    assert all("/linux-aarch64/" in each for each in solved.packages)


@in_loop
async def test_a_c_library_that_is_too_old_is_the_reason(site: ASite, channel: Channel) -> None:
    channel.add("python", "3.10.1", subdir="linux-aarch64")
    channel.add("modern", subdir="linux-aarch64", depends=["__glibc >=2.34"])
    wanted = PackagesSpec(conda=("modern",), channels=(channel.url,))
    with pytest.raises(EnvironmentFailed, match=r"modern 1\.0 would require\n.*__glibc >=2\.34"):
        await conda_solving.solve(site, wanted, CONTAINER)


@in_loop
async def test_packages_can_be_put_where_they_will_not_be_used(
    site: ASite, channel: Channel, tmp_path: Path
) -> None:
    channel.add(
        "command", files={"bin/command": f"#!{PREFIX}/bin/python\n"}, prefix_in=["bin/command"]
    )
    wanted = PackagesSpec(conda=("command",), channels=(channel.url,))
    solved = await conda_solving.solve(site, wanted)
    await conda_solving.install(site, solved.packages, tmp_path / "here", at="/opt/there")
    assert (tmp_path / "here/bin/command").read_text() == "#!/opt/there/bin/python\n"


@in_loop
async def test_an_image_with_another_c_library_gets_the_reason(
    site: ASite, channel: Channel
) -> None:
    wanted = PackagesSpec(conda=("libfast",), channels=(channel.url,))
    with pytest.raises(EnvironmentFailed, match=r"need the GNU C library, and this image has musl"):
        await conda_solving.solve(site, wanted, Target(platform="linux-64", libc=("musl", "1.2")))


def test_a_platform_without_conda_packages_is_named() -> None:
    assert conda_solving.platform_of("linux/arm64/v8") == "linux-aarch64"
    with pytest.raises(EnvironmentFailed, match=r"no conda packages for linux/riscv64"):
        conda_solving.platform_of("linux/riscv64")


# What goes wrong


@in_loop
async def test_a_package_that_no_channel_has_is_named(site: ASite, channel: Channel) -> None:
    said = await failing(site, conda=("nosuch",), channels=(channel.url,))
    assert said == (
        f"No channel has a package `nosuch`. The channels are {channel.url}. If it is on PyPI, "
        "list it under pip."
    )


@in_loop
async def test_a_version_that_no_channel_has_is_named_with_those_there_are(
    site: ASite, channel: Channel
) -> None:
    said = await failing(site, conda=("libfast>=9",), channels=(channel.url,))
    assert said.startswith(
        "No channel has `libfast >=9` for this platform. Of libfast there is 2.0, 1.0."
    )


@in_loop
async def test_what_cannot_be_solved_comes_with_the_solver_s_reason(
    site: ASite, channel: Channel
) -> None:
    said = await failing(site, conda=("fastmath", "oldtool"), channels=(channel.url,))
    first, *reason = said.splitlines()
    assert first == "No conda packages can be found that fit together."
    assert "oldtool 1.0 would require" in "\n".join(reason)
    assert "libfast <2" in "\n".join(reason)


@in_loop
async def test_a_channel_that_is_not_there_is_named(site: ASite, tmp_path: Path) -> None:
    url = (tmp_path / "nowhere").as_uri()
    said = await failing(site, conda=("libfast",), channels=(url,))
    assert said.startswith(f"There is no conda channel {url}/ (")


@in_loop
async def test_a_channel_that_cannot_be_reached_is_named(site: ASite) -> None:
    said = await failing(site, conda=("libfast",), channels=("http://127.0.0.1:9/ours",))
    assert said.startswith("The channel at 127.0.0.1:9 cannot be read (Connection refused")


@in_loop
async def test_what_is_no_package_of_conda_is_named(site: ASite, channel: Channel) -> None:
    said = await failing(site, conda=("libfast=>>1",), channels=(channel.url,))
    assert said.startswith("`libfast=>>1` is no package as conda writes them")


@in_loop
async def test_a_token_in_a_channel_is_refused_without_telling_it(site: ASite) -> None:
    url = "https://conda.example.com/t/planted-secret/ours"
    said = await failing(site, conda=("libfast",), channels=(url,))
    assert said.startswith("The channel conda.example.com has a password or token in its URL")
    assert "planted-secret" not in said + site.log


@pytest.mark.root
@in_loop
async def test_a_full_disk_is_said(tmp_path: Path, channel: Channel) -> None:
    channel.add("huge", files={"share/huge": "x" * 8_000_000})
    small = tmp_path / "small"
    small.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=4m", "tmpfs", small], check=True)
    try:
        said = await failing(
            ASite(directory=small / "build"), conda=("huge",), channels=(channel.url,)
        )
    finally:
        subprocess.run(["umount", small], check=True)
    assert said.startswith(f"No room left on the disk of {small}/build/env while conda packages")


@in_loop
async def test_the_link_script_of_a_package_is_executed(site: ASite, channel: Channel) -> None:
    script = '#!/bin/sh\necho linked > "$PREFIX/linked"\n'
    channel.add("hooked", files={"bin/.hooked-post-link.sh": script})
    await build(site, conda=("hooked",), channels=(channel.url,))
    assert (site.directory / "env/linked").read_text() == "linked\n"
