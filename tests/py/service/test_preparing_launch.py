"""What a run is given once its environment is known, and what is known to fail by then."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest
from fake_builder import image, packages
from loops import in_loop
from msgspec.structs import replace
from preparing_builders import builds, prepared
from service_builders import a_request
from service_rig import Rig

from jupyter_mltrain.environments.base import Made
from jupyter_mltrain.errors import ChecksFailed, InvalidSpec
from jupyter_mltrain.spec import EnvironmentSpec, ImageSpec, RunState

# What a process and a container are given


@in_loop
async def test_a_process_gets_its_environment_as_if_it_were_activated(rig: Rig) -> None:
    async with rig:
        rig.builder.made = Made(interpreter=sys.executable)
        environment = replace(packages("a"), variables={"LEVEL": "low", "SIDE": "left"})
        run = await rig.running(environment=environment, variables={"LEVEL": "high"})
        launch = rig.world.job(run.id).launch
        folder = Path(sys.executable).parent
        assert launch.argv[0] == sys.executable
        assert launch.variables["VIRTUAL_ENV"] == str(folder.parent)
        assert launch.variables["PATH"].split(":")[0] == str(folder)
        assert (launch.variables["LEVEL"], launch.variables["SIDE"]) == ("high", "left")
        assert launch.container is None
        await rig.exit(run)


@in_loop
async def test_the_python_of_a_process_is_the_one_that_its_path_finds(
    rig: Rig, tmp_path: Path
) -> None:
    python = tmp_path / "bin" / "python"
    python.parent.mkdir()
    python.symlink_to(sys.executable)
    async with rig:
        for path, expected in (
            ("/usr/bin", f"{python.parent}:/usr/bin"),
            (f"/usr/bin:{python.parent}", f"/usr/bin:{python.parent}"),
        ):
            environment = EnvironmentSpec(interpreter=str(python), inherited={"PATH": path})
            run = await rig.running(environment=environment)
            assert rig.world.job(run.id).launch.variables["PATH"] == expected
            await rig.exit(run)


@in_loop
async def test_a_container_gets_the_image_that_was_built_and_what_the_run_holds(rig: Rig) -> None:
    async with rig:
        rig.builder.made = Made(interpreter="/usr/bin/python3", python="3.11.2")
        environment = image(shm_bytes=64_000_000, arguments=("--ulimit", "nofile=9"))
        run = await rig.running(environment=environment, cpus=2, gpus=1)
        launch = rig.world.job(run.id).launch
        assert launch.container is not None
        assert launch.container.image == f"sha256:{builds(rig)[0].id}"
        assert launch.container.lease.cpus == 2
        assert launch.container.lease.gpus == (0,)
        assert launch.container.shm_bytes == 64_000_000
        assert launch.container.arguments == ("--ulimit", "nofile=9")
        assert launch.argv == ("/usr/bin/python3", "train.py")
        assert "CUDA_VISIBLE_DEVICES" not in launch.variables
        await rig.exit(run)


@in_loop
async def test_a_shell_script_needs_nothing_of_an_image_but_its_shell(rig: Rig) -> None:
    async with rig:
        rig.builder.made = Made()
        request = a_request(environment=image(), script="run.sh")
        source = replace(request.source, inline={"run.sh": "echo hi\n"})
        run = await rig.verbs.submit(replace(request, source=source, force=False))
        run = await rig.until(run, RunState.RUNNING)
        assert rig.world.job(run.id).launch.argv == ("/bin/sh", "run.sh")
        await rig.exit(run)


@in_loop
async def test_a_program_is_executed_as_it_is(rig: Rig) -> None:
    async with rig:
        rig.builder.made = Made()
        request = a_request(environment=image(), script="train")
        source = replace(request.source, inline={"train": "#!/bin/bash\necho hi\n"})
        run = await rig.verbs.submit(replace(request, source=source, force=False))
        run = await rig.until(run, RunState.RUNNING)
        program = rig.run_dir(run) / "work" / "train"
        assert rig.world.job(run.id).launch.argv == (str(program),)
        assert program.stat().st_mode & 0o111 == 0o111
        await rig.exit(run)


@in_loop
async def test_a_container_that_is_to_run_as_root_is_known_to(rig: Rig) -> None:
    async with rig:
        run = await prepared(rig, image(arguments=("--user", "root")))
        other = await prepared(rig, image())
        assert run.environment is not None
        assert other.environment is not None
        assert (run.environment.as_root, other.environment.as_root) == (True, False)


@pytest.mark.parametrize(
    ("environment", "sentence"),
    [
        (image("two words"), "'two words' is not the name of an image."),
        (image(arguments=("--name", "x")), "--name cannot be given"),
        (image(shm_bytes=0), "A container cannot have 0 bytes of shared memory."),
        (image(dockerfile="FROM x"), "has either an image or a Dockerfile"),
        (
            EnvironmentSpec(name="x", image=ImageSpec(dockerfile="FROM x\nRUM y")),
            "Did you mean RUN",
        ),
        (packages("-r other.txt"), "names another file"),
        (packages("a", name="sklearn"), "that comes with mltrain"),
    ],
)
@in_loop
async def test_a_definition_that_cannot_be_one_is_refused_at_submit(
    rig: Rig, environment: EnvironmentSpec, sentence: str
) -> None:
    async with rig:
        with pytest.raises(InvalidSpec) as raised:
            await rig.submit(environment=environment)
        assert sentence in str(raised.value)
        assert rig.verbs.list().runs == ()


@in_loop
async def test_a_process_environment_has_no_place_where_containers_run(rig: Rig) -> None:
    async with rig:
        rig.compute.kind = "docker"
        with pytest.raises(InvalidSpec) as raised:
            await rig.submit(environment=packages("a"))
        assert str(raised.value) == (
            "The compute target 'local' runs containers, and the environment 'tools' is for a "
            "process of this machine. Give it an image, for example with --image, or submit to "
            "'local'."
        )


# What is known to fail


@in_loop
async def test_a_script_that_needs_a_python_fails_when_the_image_turns_out_to_have_none(
    rig: Rig,
) -> None:
    async with rig:
        rig.builder.made = Made()
        ended = await rig.ended(await rig.submit(environment=image("busybox"), force=False))
        assert ended.state is RunState.FAILED
        assert ended.reason == (
            "The image busybox has no Python, and train.py needs one. Take an image with Python, "
            "or submit a shell script or a program."
        )
        assert rig.world.jobs == {}


@in_loop
async def test_a_module_that_an_image_lacks_is_named_before_the_run_is_queued(rig: Rig) -> None:
    async with rig:
        rig.builder.made = Made(interpreter="/usr/bin/python3", python="3.11.2", modules=("json",))
        await prepared(rig, image())
        request = a_request(environment=image(), force=False)
        source = replace(request.source, inline={"train.py": "import json\nimport sklearn\n"})
        with pytest.raises(ChecksFailed) as raised:
            await rig.verbs.submit(replace(request, source=source))
        assert str(raised.value) == (
            "train.py line 2 imports sklearn, which the image python:3.11 does not have. Add it "
            "with --pip scikit-learn."
        )


@in_loop
async def test_a_module_that_is_found_to_be_missing_only_when_it_is_built_fails_the_run(
    rig: Rig,
) -> None:
    async with rig:
        rig.builder.made = Made(interpreter="/usr/bin/python3", python="3.11.2", modules=("json",))
        request = a_request(environment=image(), force=False)
        source = replace(request.source, inline={"train.py": "import sklearn\n"})
        ended = await rig.ended(await rig.verbs.submit(replace(request, source=source)))
        assert ended.reason == (
            "train.py line 1 imports sklearn, which the image python:3.11 does not have."
        )
        assert ended.advice == "Add it with --pip scikit-learn."
        assert rig.world.jobs == {}


@in_loop
async def test_what_is_forced_is_not_checked_after_it_is_built_either(rig: Rig) -> None:
    async with rig:
        rig.builder.made = Made(interpreter="/usr/bin/python3", python="3.11.2", modules=())
        request = a_request(environment=image())
        source = replace(request.source, inline={"train.py": "import sklearn\n"})
        run = await rig.verbs.submit(replace(request, source=source))
        await rig.exit(await rig.until(run, RunState.RUNNING))


@in_loop
async def test_the_built_interpreter_is_asked_for_modules(rig: Rig) -> None:
    async with rig:
        await prepared(rig, packages("a"))
        request = a_request(environment=packages("a"), force=False)
        source = replace(request.source, inline={"train.py": "import surely_not_there\n"})
        with pytest.raises(ChecksFailed) as raised:
            await rig.verbs.submit(replace(request, source=source))
        assert "which the environment tools does not have. Add it with" in str(raised.value)
