"""Images as environments, and packages on top of them, with a real engine."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest
from conda_channel import PREFIX, Channel
from engines import BASE, PYTHON, the_engine
from images_made import (
    Workshop,
    a_dockerfile,
    a_workshop,
    an_image,
    an_imported_image,
    everything_of,
    said_in,
)
from loops import in_loop
from registries import a_client
from wheels import a_wheel, an_index

from jupyter_mltrain.engine import Engine, images
from jupyter_mltrain.engine.workbench import workbench
from jupyter_mltrain.environments.locks import Lock
from jupyter_mltrain.errors import EnvironmentFailed
from jupyter_mltrain.spec import Built, PackagesSpec

VENV = "/opt/mltrain/env/bin/python"


@pytest.fixture
def wheels(tmp_path: Path) -> Path:
    folder = tmp_path / "wheels"
    a_wheel(folder, "lorem", "1.0")
    a_wheel(folder, "lorem", "2.0", requires=["ipsum"])
    a_wheel(folder, "ipsum", "1.0")
    return folder


@pytest.fixture
def only(wheels: Path) -> tuple[str, ...]:
    """Options by which packages come from these wheels alone."""
    return ("--no-index", f"--find-links {wheels}")


@in_loop
async def test_an_image_without_packages_is_used_as_it_is(workshop: Workshop) -> None:
    made = await workshop.make(an_image())
    with a_client() as client:
        assert made.image == client.inspect_image(BASE)["Id"]
    assert (made.packages, made.lock, made.size_bytes) == (0, None, 0)


@in_loop
async def test_the_python_of_an_image_is_found(workshop: Workshop) -> None:
    made = await workshop.make(an_image())
    assert made.interpreter == PYTHON
    assert made.python is not None
    assert made.python.startswith("3.11.")


@in_loop
async def test_the_modules_that_an_image_has_are_known(workshop: Workshop) -> None:
    made = await workshop.make(an_image())
    assert made.modules is not None
    assert {"json", "sys", "xml"} <= set(made.modules)
    assert "pandas" not in made.modules


@in_loop
async def test_an_image_that_was_looked_into_is_not_again(workshop: Workshop) -> None:
    await workshop.make(an_image())
    site = workshop.site()
    await workshop.make(an_image(), site)
    assert "look into the image" in site.cached


@in_loop
async def test_the_wanted_python_that_an_image_lacks_is_named(workshop: Workshop) -> None:
    with pytest.raises(EnvironmentFailed, match=r"has no Python '/opt/tool/python'"):
        await workshop.make(an_image(interpreter="/opt/tool/python"))


@in_loop
async def test_the_command_python_is_the_python_that_there_is(workshop: Workshop) -> None:
    made = await workshop.make(an_image(interpreter="python"))
    assert made.interpreter == PYTHON


@in_loop
async def test_packages_are_there_for_every_user(workshop: Workshop, only: tuple[str, ...]) -> None:
    made = await workshop.make(an_image(pip=[*only, "lorem"]))
    assert made.interpreter == VENV
    assert made.image is not None
    assert said_in(made.image, VENV, "-c", "import lorem; print(lorem.version)") == "2.0"


@in_loop
async def test_what_a_package_depends_on_is_locked_with_it(
    workshop: Workshop, only: tuple[str, ...]
) -> None:
    made = await workshop.make(an_image(pip=[*only, "lorem"]))
    assert made.lock is not None
    assert Lock.parsed(made.lock).pip == ("ipsum==1.0", "lorem==2.0")
    assert made.packages == 2


@in_loop
async def test_a_lock_is_installed_exactly(workshop: Workshop, only: tuple[str, ...]) -> None:
    lock = Lock(python="3.11.2", pip=("lorem==1.0",))
    made = await workshop.make(an_image(pip=[*only, "lorem"]), workshop.site(lock.text))
    assert made.lock == lock.text
    assert made.image is not None
    assert said_in(made.image, VENV, "-c", "import lorem; print(lorem.version)") == "1.0"


@in_loop
async def test_packages_of_the_image_count_and_stay(
    workshop: Workshop, only: tuple[str, ...]
) -> None:
    site_packages = "/usr/local/lib/python3.11/dist-packages"
    below = await workshop.make(
        a_dockerfile(
            f"RUN mkdir -p {site_packages}/lorem-1.0.dist-info && cd {site_packages}"
            " && echo version=1 > lorem.py"
            " && printf 'Name: lorem\\nVersion: 1.0\\n' > lorem-1.0.dist-info/METADATA"
        )
    )
    assert below.image is not None
    made = await workshop.make(an_image(below.image, pip=[*only, "lorem<2", "ipsum"]))
    assert made.lock is not None
    assert Lock.parsed(made.lock).pip == ("ipsum==1.0",)
    assert made.image is not None
    assert said_in(made.image, VENV, "-c", "import lorem; print(lorem.version)") == "1"
    assert {"lorem", "ipsum"} <= set(made.modules or ())


@in_loop
async def test_an_image_that_has_everything_gets_nothing(
    workshop: Workshop, only: tuple[str, ...]
) -> None:
    first = await workshop.make(an_image(pip=[*only, "ipsum"]))
    assert first.image is not None
    again = an_image(first.image, pip=[*only, "ipsum"], interpreter=VENV)
    assert (await workshop.make(again)).image == first.image


@in_loop
async def test_a_shell_in_the_image_finds_the_packages(
    workshop: Workshop, only: tuple[str, ...]
) -> None:
    made = await workshop.make(an_image(pip=[*only, "ipsum"]))
    assert made.image is not None
    said = said_in(made.image, "/bin/sh", "-c", "python -c 'import ipsum; print(ipsum.version)'")
    assert said == "1.0"


@in_loop
async def test_the_defaults_of_an_image_stay_as_they_were(
    workshop: Workshop, only: tuple[str, ...]
) -> None:
    base = await workshop.make(
        a_dockerfile(
            *("ENV COLOUR=red", "WORKDIR /srv", "USER 7", 'ENTRYPOINT ["/bin/echo"]'),
            *('CMD ["hello"]', "EXPOSE 80", "LABEL mine=yes", "STOPSIGNAL SIGINT"),
        )
    )
    assert base.image is not None
    made = await workshop.make(an_image(base.image, pip=[*only, "ipsum"]))
    assert made.image is not None
    with a_client() as client:
        before = client.inspect_image(base.image)["Config"]
        after = client.inspect_image(made.image)["Config"]
    for name in ("Entrypoint", "Cmd", "User", "WorkingDir", "ExposedPorts", "StopSignal"):
        assert after[name] == before[name]
    assert "COLOUR=red" in after["Env"]
    assert after["Labels"]["mine"] == "yes"


@in_loop
async def test_an_image_without_defaults_gets_no_command_of_ours(
    workshop: Workshop, only: tuple[str, ...]
) -> None:
    made = await workshop.make(an_image(pip=[*only, "ipsum"]))
    assert made.image is not None
    with a_client() as client:
        config = client.inspect_image(made.image)["Config"]
    assert not config["Entrypoint"]
    assert not config["Cmd"]


@in_loop
async def test_it_is_named_and_labelled(workshop: Workshop, only: tuple[str, ...]) -> None:
    site = workshop.site()
    made = await workshop.make(an_image(pip=[*only, "ipsum"]), site)
    with a_client() as client:
        said = client.inspect_image(site.tag)
    assert said["Id"] == made.image
    labels = said["Config"]["Labels"]
    assert labels["mltrain.workspace"] == site.workspace
    assert labels["mltrain.build"] == site.id


@in_loop
async def test_its_size_is_what_was_added(
    workshop: Workshop, wheels: Path, only: tuple[str, ...]
) -> None:
    a_wheel(wheels, "large", size_bytes=3_000_000)
    made = await workshop.make(an_image(pip=[*only, "large"]))
    assert made.size_bytes is not None
    assert 3_000_000 < made.size_bytes < 3_500_000


@in_loop
async def test_settings_of_the_user_reach_the_layer_and_do_not_stay(
    workshop: Workshop, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "wheels"
    a_wheel(folder, "lorem")
    authority = tmp_path / "planted-authority.pem"
    authority.write_text("# planted-certificate\n" + Path(_bundle()).read_text())
    with an_index(folder, "bob:planted-password") as address:
        monkeypatch.setenv("UV_DEFAULT_INDEX", f"http://bob:planted-password@{address}/simple")
        monkeypatch.setenv("SSL_CERT_FILE", str(authority))
        monkeypatch.setenv("NO_PROXY", "127.0.0.1,planted-host.example")
        site = workshop.site()
        made = await workshop.make(an_image(pip=["lorem"]), site)
    assert made.image is not None
    kept = everything_of(made.image)
    assert b"lorem/__init__.py" in kept
    assert b"planted-" not in kept
    assert "planted-" not in site.log + (made.lock or "")


def _bundle() -> str:
    import ssl

    found = ssl.get_default_verify_paths().cafile
    assert found is not None
    return found


@in_loop
async def test_wheels_that_the_definition_names_by_path_reach_the_layer(
    workshop: Workshop, tmp_path: Path
) -> None:
    wheel = a_wheel(tmp_path / "mine", "ipsum", "3.0")
    a_wheel(tmp_path / "others", "lorem", requires=["ipsum"])
    lines = ["--no-index", f"--find-links {tmp_path}/others", f"ipsum @ {wheel.as_uri()}", "lorem"]
    made = await workshop.make(an_image(pip=lines))
    assert made.lock is not None
    assert Lock.parsed(made.lock).pip == (f"ipsum @ {wheel.as_uri()}", "lorem==1.0")


@in_loop
async def test_nothing_of_the_tools_is_in_the_image(
    workshop: Workshop, only: tuple[str, ...]
) -> None:
    made = await workshop.make(an_image(pip=[*only, "ipsum"]))
    assert made.image is not None
    found = said_in(
        made.image, "/bin/sh", "-c", "find /opt/mltrain/bench /root /tmp; command -v uv"
    )
    assert set(found.split()) <= {
        *("/opt/mltrain/bench", "/root", "/root/.bashrc", "/root/.profile", "/tmp"),
        *("find:", "'/root':", "Permission", "denied"),
    }


@in_loop
async def test_an_image_without_the_libraries_of_uv_gets_another_uv(
    workshop: Workshop, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Debian's Python itself does without it.
    bare = await workshop.make(a_dockerfile("RUN rm /lib/x86_64-linux-gnu/libgcc_s.so.1"))
    assert bare.image is not None
    made = await workshop.make(an_image(bare.image, pip=["idna"]))
    assert made.image is not None
    assert said_in(made.image, VENV, "-c", "import idna; print('there')") == "there"


@in_loop
async def test_an_image_without_a_shell_is_named_as_such(workshop: Workshop) -> None:
    with (
        an_imported_image("mltrain-test-images/shell-less", {"hello": b"#!/nothing\n"}) as image,
        pytest.raises(EnvironmentFailed, match=r"shell-less:1` has no shell: there is no /bin/sh"),
    ):
        await workshop.make(an_image(image))


@in_loop
async def test_an_image_for_other_processors_is_named_as_such(workshop: Workshop) -> None:
    # The head of an executable for an unknown machine.
    other = b"\x7fELF\x02\x01\x01" + bytes(9) + b"\x02\x00\xff\xfe\x01\x00\x00\x00" + bytes(40)
    with (
        an_imported_image("mltrain-test-images/other", {"bin/sh": other}) as image,
        pytest.raises(EnvironmentFailed, match=r"other:1` is for amd64 processors, and the engine"),
    ):
        await workshop.make(an_image(image))


@in_loop
async def test_an_image_without_python_has_none_and_no_packages(workshop: Workshop) -> None:
    bare = a_dockerfile("RUN rm /usr/bin/python3*")
    made = await workshop.make(bare)
    assert (made.interpreter, made.python, made.modules) == (None, None, None)


@in_loop
async def test_a_package_that_does_not_exist_is_named(
    workshop: Workshop, only: tuple[str, ...]
) -> None:
    with pytest.raises(EnvironmentFailed, match="Package `no-such-thing` is not in"):
        await workshop.make(an_image(pip=[*only, "no-such-thing"]))


@in_loop
async def test_versions_that_do_not_fit_come_with_the_reason(
    workshop: Workshop, only: tuple[str, ...]
) -> None:
    with pytest.raises(EnvironmentFailed, match=r"only ipsum==1\.0 is available"):
        await workshop.make(an_image(pip=[*only, "lorem==2.0", "ipsum<1"]))


@in_loop
async def test_a_failure_leaves_no_container(workshop: Workshop, only: tuple[str, ...]) -> None:
    with pytest.raises(EnvironmentFailed):
        await workshop.make(an_image(pip=[*only, "no-such-thing"]))
    assert _left_of(workshop) == []


@in_loop
async def test_a_cancelled_installation_leaves_nothing(
    workshop: Workshop, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = asyncio.Event()

    async def never_answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        asked.set()
        await reader.read()
        writer.close()

    async with await asyncio.start_server(never_answer, "127.0.0.1") as server:
        port = server.sockets[0].getsockname()[1]
        monkeypatch.setenv("UV_DEFAULT_INDEX", f"http://127.0.0.1:{port}/simple")
        building = asyncio.ensure_future(workshop.make(an_image(pip=["endless"])))
        await asked.wait()
        building.cancel()
        with pytest.raises(asyncio.CancelledError):
            await building
    assert _left_of(workshop) == []


@in_loop
async def test_an_image_that_is_cancelled_while_it_is_made_does_not_stay(
    workshop: Workshop, engine: Engine
) -> None:
    labels = {"mltrain.workspace": workshop.workspace}
    image = await engine.call(lambda client: images.inspect(client, BASE))
    assert image is not None
    async with workbench(engine, image, labels=labels) as bench:
        tag = "mltrain-test-images/cancelled:1"
        keeping = asyncio.ensure_future(bench.keep(tag, labels=labels, variables={}, comment=""))
        await asyncio.sleep(0)  # until the engine is asked
        keeping.cancel()
        with pytest.raises(asyncio.CancelledError):
            await keeping
    assert _left_of(workshop) == []


@in_loop
async def test_a_cancelled_look_leaves_nothing(workshop: Workshop) -> None:
    slow = await workshop.make(
        a_dockerfile(
            "RUN rm /usr/bin/python3 && printf '#!/bin/sh\\nsleep 600' > /usr/bin/slow"
            " && chmod +x /usr/bin/slow"
        )
    )
    looking = asyncio.ensure_future(workshop.make(an_image(slow.image, interpreter="slow")))
    running = {"label": f"mltrain.workspace={workshop.workspace}", "status": "running"}
    with a_client() as client:
        while not client.containers(filters=running):
            await asyncio.sleep(0.02)
    looking.cancel()
    with pytest.raises(asyncio.CancelledError):
        await looking
    with a_client() as client:
        assert client.containers(all=True, filters={"label": running["label"]}) == []


def _left_of(workshop: Workshop) -> list[object]:
    """Containers and images."""
    mine = {"label": f"mltrain.workspace={workshop.workspace}"}
    with a_client() as client:
        return [*client.containers(all=True, filters=mine), *client.images(filters=mine)]


@in_loop
async def test_what_was_built_is_there_until_it_is_removed(
    workshop: Workshop, only: tuple[str, ...]
) -> None:
    site = workshop.site()
    made = await workshop.make(an_image(pip=[*only, "ipsum"]), site)
    built = Built(id=site.id, kind="image", image=made.image)
    assert await workshop.builder.is_there(built, "local", site.directory)
    await workshop.builder.remove(built, "local", site.directory)
    assert not await workshop.builder.is_there(built, "local", site.directory)


@in_loop
async def test_an_image_that_we_did_not_make_is_not_removed(workshop: Workshop) -> None:
    site = workshop.site()
    made = await workshop.make(an_image(), site)
    built = Built(id=site.id, kind="image", image=made.image)
    await workshop.builder.remove(built, "local", site.directory)
    assert await workshop.builder.is_there(built, "local", site.directory)


@in_loop
async def test_containers_of_a_killed_service_are_swept(workshop: Workshop) -> None:
    with a_client() as client:
        labels = {"mltrain.workspace": workshop.workspace, "mltrain.build": "b0"}
        client.create_container(BASE, "sh", labels=labels)
    await workshop.builder.clean(workshop.workspace, "local")
    assert _left_of(workshop) == []


@in_loop
async def test_a_sweep_leaves_runs_alone(workshop: Workshop) -> None:
    with a_client() as client:
        labels = {"mltrain.workspace": workshop.workspace, "mltrain.run": "r0"}
        run = client.create_container(BASE, "sh", labels=labels)["Id"]
        await workshop.builder.clean(workshop.workspace, "local")
        client.remove_container(run)


@in_loop
async def test_an_environment_of_conda_packages_lies_where_it_was_made_for(
    workshop: Workshop, tmp_path: Path
) -> None:
    channel = Channel(folder=tmp_path / "channel")
    version = channel.add_python(interpreter=Path(PYTHON))
    channel.add(
        "tool",
        files={"bin/tool": f"#!{PREFIX}/bin/python\nimport sys; print(sys.prefix)\n"},
        prefix_in=["bin/tool"],
    )
    asked = PackagesSpec(conda=("tool",), channels=(channel.url,))
    made = await workshop.make(an_image(packages=asked))
    assert made.image is not None
    assert (made.interpreter, made.python) == (VENV, version)
    assert said_in(made.image, "tool") == "/opt/mltrain/env"


@in_loop
async def test_pip_packages_go_into_the_conda_environment(
    workshop: Workshop, tmp_path: Path, only: tuple[str, ...]
) -> None:
    channel = Channel(folder=tmp_path / "channel")
    channel.add_python(interpreter=Path(PYTHON))
    channel.add("tool")
    asked = PackagesSpec(conda=("tool",), channels=(channel.url,), pip=(*only, "lorem<2"))
    made = await workshop.make(an_image(packages=asked))
    assert made.image is not None
    assert made.lock is not None
    assert Lock.parsed(made.lock).pip == ("lorem==1.0",)
    assert said_in(made.image, VENV, "-c", "import lorem; print(lorem.__file__)").startswith(
        "/opt/mltrain/env/lib/"
    )


@in_loop
async def test_a_lock_of_conda_packages_is_installed_exactly(
    workshop: Workshop, tmp_path: Path
) -> None:
    channel = Channel(folder=tmp_path / "channel")
    channel.add_python(interpreter=Path(PYTHON))
    channel.add("tool", "1.0")
    asked = an_image(packages=PackagesSpec(conda=("tool",), channels=(channel.url,)))
    first = await workshop.make(asked)
    channel.add("tool", "2.0")
    assert (await workshop.make(asked, workshop.site(first.lock))).lock == first.lock


@in_loop
async def test_a_python_that_the_image_lacks_comes_from_a_channel(
    workshop: Workshop, tmp_path: Path
) -> None:
    channel = Channel(folder=tmp_path / "channel")
    channel.add_python("3.8.1", interpreter=Path(PYTHON))
    site = workshop.site()
    asked = PackagesSpec(python="3.8", channels=(channel.url,))
    made = await workshop.make(an_image(packages=asked), site)
    assert made.interpreter == VENV
    assert f"Image `{BASE}` has Python 3.11.2. Python 3.8 comes from a conda channel" in site.log


@in_loop
async def test_a_python_that_the_image_has_is_taken_as_it_is(workshop: Workshop) -> None:
    made = await workshop.make(an_image(packages=PackagesSpec(python="3.11")))
    assert made.interpreter == PYTHON


@in_loop
async def test_the_announced_steps_are_those_that_come(
    workshop: Workshop, only: tuple[str, ...]
) -> None:
    site = workshop.site()
    await workshop.make(an_image(pip=[*only, "ipsum"]), site)
    assert site.expected == len(site.steps)


@in_loop
async def test_packages_reach_an_image_of_an_engine_over_ssh(
    ssh_engine: str, tmp_path: Path
) -> None:
    with the_engine(ssh_engine) as engine, a_workshop(engine, tmp_path) as workshop:
        made = await workshop.make(an_image(pip=["idna"]))
        assert made.image is not None
        assert said_in(made.image, VENV, "-c", "import idna; print('there')") == "there"
