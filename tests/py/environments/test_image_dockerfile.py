"""Dockerfiles, built by a real engine."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest
from engines import BASE, PYTHON
from images_made import Workshop, a_dockerfile, an_image, everything_of, said_in
from loops import in_loop
from registries import a_client
from wheels import a_wheel

from jupyter_mltrain.errors import EnvironmentFailed


async def failure(workshop: Workshop, *lines: str, context: Path | None = None) -> str:
    """The sentence with which a build of this Dockerfile fails."""
    with pytest.raises(EnvironmentFailed) as caught:
        await workshop.make(a_dockerfile(*lines, context=context and str(context)))
    return caught.value.message


@in_loop
async def test_a_dockerfile_becomes_an_image_with_a_name(workshop: Workshop) -> None:
    site = workshop.site()
    made = await workshop.make(a_dockerfile("RUN echo hello > /greeting"), site)
    assert said_in(site.tag, "/bin/cat", "/greeting") == "hello"
    assert made.interpreter == PYTHON


@in_loop
async def test_its_instructions_are_steps(workshop: Workshop) -> None:
    site = workshop.site()
    await workshop.make(a_dockerfile("RUN true", "ENV A=b"), site)
    assert site.steps == [
        *(f"pull {BASE}", f"FROM {BASE}", "RUN true", "ENV A=b", "look into the image")
    ]
    assert site.expected == len(site.steps)


@in_loop
async def test_steps_that_were_done_before_are_cached(workshop: Workshop) -> None:
    lines = (f"RUN echo {workshop.workspace}",)
    await workshop.make(a_dockerfile(*lines))
    site = workshop.site()
    await workshop.make(a_dockerfile(*lines, "RUN echo another"), site)
    assert lines[0] in site.cached
    assert "RUN echo another" not in site.cached


@in_loop
async def test_a_fresh_build_does_them_again(workshop: Workshop) -> None:
    lines = (f"RUN echo {workshop.workspace}",)
    await workshop.make(a_dockerfile(*lines))
    site = workshop.site()
    await workshop.make(a_dockerfile(*lines), site, fresh=True)
    assert lines[0] in site.steps
    assert lines[0] not in site.cached


@in_loop
async def test_the_log_has_what_the_commands_write(workshop: Workshop) -> None:
    site = workshop.site()
    # What comes from the cache is silent.
    await workshop.make(a_dockerfile(f"RUN echo {site.id} out && echo {site.id} err >&2"), site)
    assert f"\n{site.id} out\n" in site.log
    assert f"\n{site.id} err\n" in site.log


@in_loop
async def test_the_log_has_no_ids_and_no_colours(workshop: Workshop) -> None:
    site = workshop.site()
    await workshop.make(a_dockerfile(f"RUN echo {site.id} >&2"), site)
    assert "--->" not in site.log
    assert "intermediate container" not in site.log
    assert "\x1b" not in site.log


@in_loop
async def test_files_are_copied_from_its_folder(workshop: Workshop, tmp_path: Path) -> None:
    folder = tmp_path / "context"
    (folder / "data").mkdir(parents=True)
    (folder / "data" / "a.txt").write_text("from here")
    made = await workshop.make(a_dockerfile("COPY data /data", context=str(folder)))
    assert made.image is not None
    assert said_in(made.image, "/bin/cat", "/data/a.txt") == "from here"


@in_loop
async def test_packages_go_on_top(workshop: Workshop, tmp_path: Path) -> None:
    wheels = tmp_path / "wheels"
    a_wheel(wheels, "lorem", "2.0")
    lines = ("--no-index", f"--find-links {wheels}", "lorem")
    site = workshop.site()
    made = await workshop.make(a_dockerfile("RUN echo hello > /greeting", pip=lines), site)
    code = "import lorem; print(open('/greeting').read() + lorem.version)"
    assert said_in(site.tag, str(made.interpreter), "-c", code) == "hello\n2.0"


@in_loop
async def test_its_size_is_what_it_adds_to_the_image_it_begins_with(workshop: Workshop) -> None:
    made = await workshop.make(a_dockerfile("RUN head -c 3000000 /dev/urandom > /large"))
    assert made.size_bytes is not None
    assert 3_000_000 <= made.size_bytes < 3_100_000


@in_loop
async def test_a_command_that_fails_is_shown_with_its_line_and_last_words(
    workshop: Workshop,
) -> None:
    message = await failure(workshop, "", "RUN echo all is lost >&2 && exit 7")
    assert message == (
        "Line 3 of the Dockerfile failed: its command ended with 7.\n"
        "   3  RUN echo all is lost >&2 && exit 7\nall is lost"
    )


@in_loop
async def test_a_failed_build_leaves_no_container(workshop: Workshop) -> None:
    with a_client() as client:
        before = {each["Id"] for each in client.containers(all=True, filters={"ancestor": BASE})}
        await failure(workshop, "RUN exit 7")
        after = client.containers(all=True, filters={"ancestor": BASE, "status": "exited"})
    assert {each["Id"] for each in after} <= before


@in_loop
async def test_what_the_engine_cannot_parse_is_shown_with_its_line(workshop: Workshop) -> None:
    message = await failure(workshop, "COPY a")
    assert message.startswith("Line 2 of the Dockerfile: COPY requires at least two arguments")
    assert message.endswith("   2  COPY a")


@in_loop
async def test_an_unknown_instruction_is_shown_before_anything_is_pulled(
    workshop: Workshop,
) -> None:
    message = await failure(workshop, "FROM registry.invalid/nothing", "RUNN x")
    assert message.endswith("   2  RUNN x")


@in_loop
async def test_a_file_that_is_not_in_its_folder_is_named(
    workshop: Workshop, tmp_path: Path
) -> None:
    (tmp_path / "context").mkdir()
    message = await failure(workshop, "COPY nothing.txt /", context=tmp_path / "context")
    assert message.startswith("Line 2 of the Dockerfile failed: there is no nothing.txt in")


@in_loop
async def test_what_needs_buildkit_is_shown(workshop: Workshop) -> None:
    message = await failure(workshop, "RUN --mount=type=cache,target=/c true")
    assert message.startswith("Line 2 of the Dockerfile needs BuildKit")


@in_loop
async def test_an_image_that_it_begins_with_and_that_is_not_there_is_named(
    workshop: Workshop,
) -> None:
    name, tag = BASE.split(":")
    message = await failure(workshop, f"FROM {name}:3.1l")
    assert f"Image `{name}:3.1l` is not on this engine" in message
    assert f"Did you mean `{name}:{tag}`?" in message


@in_loop
async def test_it_is_built_from_the_images_that_were_identified(workshop: Workshop) -> None:
    name = f"mltrain-test-images/moving-{workshop.workspace}"
    old = await workshop.make(a_dockerfile("RUN echo old > /which"))
    new = await workshop.make(a_dockerfile("RUN echo new > /which"))
    spec = a_dockerfile(f"FROM {name}:1", "RUN true")
    site = workshop.site()
    with a_client() as client:
        client.tag(old.image, name, "1")
        site.identity = await workshop.builder.identify(spec, site, fresh=False)
        client.tag(new.image, name, "1")
        try:
            made = await workshop.builder.build(spec, site)
            assert made.image is not None
            assert said_in(made.image, "/bin/cat", "/which") == "old"
        finally:
            client.remove_image(f"{name}:1")


@in_loop
async def test_the_users_proxies_reach_its_commands_and_do_not_stay(
    workshop: Workshop, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("NO_PROXY", "planted-host.example")
    site = workshop.site()
    command = f"RUN echo {site.id} $NO_PROXY | tr a-y b-z > /seen"
    made = await workshop.make(a_dockerfile(command), site)
    assert made.image is not None
    assert "qmboufe-iptu" in said_in(made.image, "/bin/cat", "/seen")
    assert b"planted-host" not in everything_of(made.image)


@in_loop
async def test_a_declared_index_reaches_its_commands(
    workshop: Workshop, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PIP_INDEX_URL", "https://index.example/simple")
    lines = ("ARG PIP_INDEX_URL", "RUN echo $PIP_INDEX_URL > /seen")
    made = await workshop.make(a_dockerfile(*lines))
    assert made.image is not None
    assert said_in(made.image, "/bin/cat", "/seen") == "https://index.example/simple"


@pytest.mark.parametrize("name", ["PIP_INDEX_URL", "https_proxy"])
@in_loop
async def test_a_declared_setting_with_a_password_is_left_out_and_that_is_said(
    workshop: Workshop, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    monkeypatch.setenv(name, "http://me:pl4nted@index.example/simple")
    site = workshop.site()
    made = await workshop.make(a_dockerfile(f"ARG {name}", f"RUN echo x${name} > /seen"), site)
    assert made.image is not None
    assert said_in(made.image, "/bin/cat", "/seen") == "x"
    assert b"pl4nted" not in everything_of(made.image)
    assert site.log.startswith(f"{name} holds a password, which the history of the image would")


@in_loop
async def test_a_cancelled_build_stops_and_leaves_nothing(workshop: Workshop) -> None:
    site = workshop.site()
    lines = (f"RUN echo {site.id} > /first", f"RUN echo {site.id} && sleep 600")
    building = asyncio.ensure_future(workshop.make(a_dockerfile(*lines), site))
    while f"\n{site.id}\n" not in site.log:
        await asyncio.sleep(0.02)
    building.cancel()
    with pytest.raises(asyncio.CancelledError):
        await building
    with a_client() as client:
        running = client.containers(filters={"status": "running"})
        assert not [each for each in running if site.id in each["Command"]]
        made = [each for each in client.images(all=True) if not each.get("RepoTags")]
        histories = [str(client.history(each["Id"])) for each in made]
    assert not [history for history in histories if site.id in history]


@in_loop
async def test_an_image_that_was_built_is_the_base_of_another(workshop: Workshop) -> None:
    site = workshop.site()
    await workshop.make(a_dockerfile("RUN echo hello > /greeting"), site)
    made = await workshop.make(an_image(site.tag))
    assert made.image is not None
    assert said_in(made.image, "/bin/cat", "/greeting") == "hello"
