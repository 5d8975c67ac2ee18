"""Environments by name: registered explicitly, by submitting, or with the product."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest
from catalog_place import Place
from definition_builders import NOON, a_definition, an_image
from loops import in_loop
from msgspec.structs import replace

from jupyter_mltrain.environments import curated, definition
from jupyter_mltrain.errors import InvalidSpec, NoSuchEnvironment
from jupyter_mltrain.service.hub import Hub
from jupyter_mltrain.spec import Build, BuildState, Built, EnvironmentSpec, PackagesSpec

CURATED = ("python", "sklearn", "pytorch", "tensorflow")


@pytest.fixture
def place(tmp_path: Path) -> Place:
    return Place(tmp_path / "workspace")


def a_build(spec: EnvironmentSpec, build_id: str = "b1", **given: object) -> Build:
    build = Build(
        id=build_id,
        hash="",
        name=spec.name,
        compute="local",
        state=BuildState.BUILT,
        created_at=NOON,
        spec=spec,
    )
    return replace(build, **given)


# Registering


@in_loop
async def test_a_definition_gets_version_1(place: Place) -> None:
    async with place:
        version = await place.catalog.register(a_definition())
        assert (version.spec.version, version.registered_at) == ("1", place.clock())
        assert place.catalog.resolve("mine") == version.spec


@pytest.mark.parametrize(
    "same",
    [
        a_definition(pip=("attrs", "rich")),
        a_definition(pip=("Rich", "attrs")),
        a_definition(pip=("rich", "attrs"), version="7"),
        a_definition(pip=("rich", "attrs"), inherited={"PATH": "/bin"}),
    ],
    ids=["in another order", "spelled otherwise", "said to be another version", "from a shell"],
)
@in_loop
async def test_the_same_again_is_the_version_there_is(place: Place, same: EnvironmentSpec) -> None:
    async with place:
        await place.catalog.register(a_definition(pip=("rich", "attrs")))
        assert (await place.catalog.register(same)).spec.version == "1"


@pytest.mark.parametrize(
    "other",
    [
        a_definition(pip=("rich", "attrs")),
        a_definition(variables={"LEVEL": "debug"}),
        an_image(),
        replace(an_image(), packages=PackagesSpec(pip=("rich",))),
        EnvironmentSpec(name="mine", interpreter="/usr/bin/python3"),
    ],
    ids=["more packages", "variables", "an image", "an image with packages", "an interpreter"],
)
@in_loop
async def test_anything_else_is_a_new_version(place: Place, other: EnvironmentSpec) -> None:
    async with place:
        await place.catalog.register(a_definition())
        assert (await place.catalog.register(other)).spec.version == "2"


@pytest.mark.parametrize(
    "change", [{"shm_bytes": 1}, {"arguments": ("--init",)}, {"username": "me"}], ids=str
)
@in_loop
async def test_how_its_container_is_made_belongs_to_a_definition(
    place: Place, change: dict
) -> None:
    async with place:
        await place.catalog.register(an_image())
        assert (await place.catalog.register(an_image(**change))).spec.version == "2"


@in_loop
async def test_an_earlier_definition_again_is_a_new_version(place: Place) -> None:
    async with place:
        for packages in (("rich",), ("attrs",), ("rich",)):
            version = await place.catalog.register(a_definition(pip=packages))
        assert version.spec.version == "3"


@in_loop
async def test_a_version_that_was_got_and_not_changed_stays_that_version(place: Place) -> None:
    async with place:
        for packages in (("rich",), ("attrs",)):
            await place.catalog.register(a_definition(pip=packages))
        got = place.catalog.resolve("mine:1")
        assert (await place.catalog.register(got)).spec.version == "1"
        assert place.catalog.implied(got).version == "1"


@pytest.mark.parametrize("name", ["", "a b", "-a", ".a", "a/b", "a:b", "ä", "x" * 101, "a\n"])
@in_loop
async def test_what_cannot_be_a_name_is_refused(place: Place, name: str) -> None:
    async with place:
        with pytest.raises(InvalidSpec, match="1 to 100 letters, digits"):
            await place.catalog.register(a_definition(name))


@pytest.mark.parametrize("name", ["a", "A.b_c-9", "x" * 100])
@in_loop
async def test_what_can_be_a_name_is_taken(place: Place, name: str) -> None:
    async with place:
        assert (await place.catalog.register(a_definition(name))).spec.name == name


@pytest.mark.parametrize(
    ("name", "why"),
    [
        *((name, "comes with mltrain") for name in (*CURATED, "SKLearn")),
        ("AzureML-Minimal", "begins as"),
        ("azureml-x", "begins as"),
        ("mltrain-x", "begins as"),
        ("current", "stands for the Python"),
    ],
)
@in_loop
async def test_a_reserved_name_is_refused_with_a_way_out(place: Place, name: str, why: str) -> None:
    async with place:
        with pytest.raises(InvalidSpec) as refused:
            await place.catalog.register(a_definition(name))
        assert why in refused.value.message
        assert refused.value.message.endswith(f"such as 'my-{name.lower()}'.")
        assert place.catalog.all()[0].name == "python"


@in_loop
async def test_a_given_environment_as_it_is_may_be_registered_to_no_effect(place: Place) -> None:
    async with place:
        version = await place.catalog.register(curated.ENVIRONMENTS["sklearn"])
        assert version.spec == curated.ENVIRONMENTS["sklearn"]


@in_loop
async def test_what_was_registered_is_there_for_the_next_service(place: Place) -> None:
    async with place:
        await place.catalog.register(a_definition())
    async with place:
        assert place.catalog.resolve("mine").version == "1"


@in_loop
async def test_variables_of_a_shell_are_kept_for_an_interpreter_alone(place: Place) -> None:
    shell = {"PATH": "/bin"}
    async with place:
        await place.catalog.register(a_definition(inherited=shell))
        await place.catalog.register(EnvironmentSpec(name="here", inherited=shell))
        assert not place.catalog.resolve("mine").inherited
        assert place.catalog.resolve("here").inherited == shell


@in_loop
async def test_the_folder_of_a_dockerfile_is_kept_as_a_snapshot(place: Place, tmp_path) -> None:
    (tmp_path / "context").mkdir()
    (tmp_path / "context/train.py").write_text("print(1)")
    text = "FROM debian\nCOPY train.py /\n"
    described = an_image(image=None, dockerfile=text, context=str(tmp_path / "context"))
    async with place:
        first = (await place.catalog.register(described)).spec
        assert [e.path for e in place.snapshots.manifest(first.image.context).files] == ["train.py"]
        assert (await place.catalog.register(described)).spec.version == "1"
        (tmp_path / "context/train.py").write_text("print(2)")
        assert (await place.catalog.register(described)).spec.version == "2"


@in_loop
async def test_who_listens_is_told_of_a_new_version(place: Place) -> None:
    async with place:
        changed = asyncio.Event()
        with place.hub.listen(changed, Hub.ENVIRONMENTS):
            await place.catalog.register(a_definition())
            assert changed.is_set()
            changed.clear()
            await place.catalog.register(a_definition())
            assert not changed.is_set()


# Submitting


@in_loop
async def test_submitting_registers_what_has_to_be_built(place: Place) -> None:
    async with place:
        assert place.catalog.implied(a_definition()).version == "1"
        assert place.catalog.implied(a_definition()).version == "1"
        assert place.catalog.implied(an_image()).version == "2"


@in_loop
async def test_an_interpreter_is_not_registered_by_submitting(place: Place) -> None:
    here = EnvironmentSpec(interpreter="/usr/bin/python3", inherited={"PATH": "/bin"})
    async with place:
        assert place.catalog.implied(here) == here
        assert len(place.catalog.all()) == len(CURATED)


@in_loop
async def test_submitting_something_else_under_a_reserved_name_is_refused(place: Place) -> None:
    async with place:
        with pytest.raises(InvalidSpec, match="comes with mltrain"):
            place.catalog.implied(a_definition("sklearn"))


@in_loop
async def test_a_given_environment_is_submitted_as_it_is(place: Place) -> None:
    async with place:
        ours = place.catalog.resolve("sklearn")
        assert place.catalog.implied(ours) == ours


# Looking


@in_loop
async def test_a_name_alone_means_its_latest_version(place: Place) -> None:
    async with place:
        for packages in (("rich",), ("attrs",)):
            await place.catalog.register(a_definition(pip=packages))
        assert place.catalog.resolve("mine").packages.pip == ("attrs",)
        assert place.catalog.resolve("mine:1").packages.pip == ("rich",)


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("minne", "Did you mean 'mine'?"),
        ("MINE", "Did you mean 'mine'?"),
        ("skelarn", "Did you mean 'sklearn'?"),
        ("weather", "`jupyter mltrain environments ls` lists them."),
        ("AzureML-sklearn-1.0", "come with mltrain: 'python', 'sklearn', 'pytorch' and"),
        ("", "lists them."),
    ],
)
@in_loop
async def test_an_unknown_name_is_answered_with_near_ones(
    place: Place, name: str, said: str
) -> None:
    async with place:
        await place.catalog.register(a_definition())
        with pytest.raises(NoSuchEnvironment) as refused:
            place.catalog.resolve(name)
        assert repr(name) in refused.value.message
        assert said in refused.value.message


@pytest.mark.parametrize(
    ("count", "said"),
    [(1, "It has 1."), (3, "It has 3, 2 and 1."), (9, "It has 9, 8, 7, 6 and 5 and older ones.")],
)
@in_loop
async def test_an_unknown_version_is_answered_with_those_there_are(
    place: Place, count, said
) -> None:
    async with place:
        for number in range(count):
            await place.catalog.register(a_definition(pip=(f"p{number}",)))
        for wanted in ("10", "", "x"):
            with pytest.raises(NoSuchEnvironment) as refused:
                place.catalog.resolve(f"mine:{wanted}")
            assert said in refused.value.message


@in_loop
async def test_a_given_environment_has_one_version(place: Place) -> None:
    async with place:
        assert place.catalog.resolve("sklearn:1") == place.catalog.resolve("sklearn")
        with pytest.raises(NoSuchEnvironment, match=r"has no version '2'\. It has 1\."):
            place.catalog.resolve("sklearn:2")


@in_loop
async def test_environments_are_listed_by_name_and_the_given_ones_last(place: Place) -> None:
    async with place:
        for name in ("zebra", "ant", "zebra"):
            await place.catalog.register(a_definition(name, variables={"A": name}))
        assert [each.name for each in place.catalog.all()] == ["ant", "zebra", *CURATED]
        assert [each.reserved for each in place.catalog.all()] == 2 * [False] + 4 * [True]


@in_loop
async def test_a_summary_tells_how_its_latest_version_is(place: Place) -> None:
    async with place:
        for packages in (("rich",), ("attrs",)):
            await place.catalog.register(a_definition(pip=packages))
        for number, (packages, size) in enumerate(((("rich",), 100), (("attrs",), 20))):
            spec = a_definition(pip=packages)
            build = a_build(
                spec,
                f"b{number}",
                size_bytes=size,
                used_at=NOON,
                reason="built",
                built=Built(id=f"b{number}", kind="venv"),
            )
            place.builds.insert(build, definition.key(spec))
        mine = place.catalog.all()[0]
        assert (mine.latest, mine.versions, mine.kind) == ("2", 2, "packages")
        assert (mine.state, mine.build, mine.reason) == (BuildState.BUILT, "b1", "built")
        assert (mine.size_bytes, mine.used_at) == (120, NOON)


@in_loop
async def test_what_is_not_built_has_neither_build_nor_size(place: Place) -> None:
    async with place:
        await place.catalog.register(a_definition())
        mine = place.catalog.all()[0]
        assert (mine.state, mine.build, mine.size_bytes) == (BuildState.WAITING, None, None)


@in_loop
async def test_a_result_that_several_builds_stand_for_counts_once(place: Place) -> None:
    async with place:
        for number, packages in enumerate((("rich",), ("rich>0",))):
            spec = a_definition(pip=packages)
            await place.catalog.register(spec)
            built = Built(id="b0", kind="venv")
            place.builds.insert(
                a_build(spec, f"b{number}", size_bytes=100, built=built), definition.key(spec)
            )
        assert place.catalog.all()[0].size_bytes == 100


@in_loop
async def test_builds_on_several_computes_count_all(place: Place) -> None:
    async with place:
        spec = a_definition()
        await place.catalog.register(spec)
        for compute, size in (("local", 100), ("box", 20)):
            built = Built(id=compute, kind="venv")
            build = a_build(spec, compute, compute=compute, size_bytes=size, built=built)
            place.builds.insert(build, definition.key(spec))
        assert place.catalog.all()[0].size_bytes == 120


@in_loop
async def test_what_is_gone_takes_no_room(place: Place) -> None:
    async with place:
        spec = a_definition()
        await place.catalog.register(spec)
        built = Built(id="b1", kind="venv")
        build = a_build(spec, state=BuildState.STALE, size_bytes=100, built=built)
        place.builds.insert(build, definition.key(spec))
        mine = place.catalog.all()[0]
        assert (mine.size_bytes, mine.state) == (None, BuildState.STALE)


@pytest.mark.parametrize(
    ("spec", "kind"),
    [
        (a_definition(), "packages"),
        (an_image(), "image"),
        (an_image(image=None, dockerfile="FROM debian\n"), "dockerfile"),
        (EnvironmentSpec(name="mine"), "interpreter"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
@in_loop
async def test_a_summary_names_the_kind(place: Place, spec: EnvironmentSpec, kind: str) -> None:
    async with place:
        await place.catalog.register(spec)
        assert place.catalog.all()[0].kind == kind


@in_loop
async def test_every_version_comes_with_the_build_of_exactly_that(place: Place) -> None:
    async with place:
        for packages in (("rich",), ("attrs",)):
            await place.catalog.register(a_definition(pip=packages))
        spec = a_definition(name="another", pip=("rich",))
        place.builds.insert(a_build(spec), definition.key(spec))
        latest, first = place.catalog.get("mine").versions
        assert (latest.build, first.build.id) == (None, "b1")


@in_loop
async def test_the_default_image_is_known_by_what_it_stands_for(place: Place) -> None:
    spec = an_image(image="mcr.microsoft.com/azureml/openmpi4.1.0-ubuntu22.04:20251130.v1")
    async with place:
        await place.catalog.register(spec)
        place.builds.insert(a_build(spec), definition.key(curated.resolved(spec)))
        assert place.catalog.get("mine").versions[0].build.id == "b1"


@in_loop
async def test_one_version_can_be_asked_for(place: Place) -> None:
    async with place:
        for packages in (("rich",), ("attrs",)):
            await place.catalog.register(a_definition(pip=packages))
        (only,) = place.catalog.get("mine", "1").versions
        assert only.spec.packages.pip == ("rich",)


# Deleting


@in_loop
async def test_a_deleted_environment_is_unknown(place: Place) -> None:
    async with place:
        await place.catalog.register(a_definition())
        gone = await place.catalog.delete("mine")
        assert [each.spec.version for each in gone.versions] == ["1"]
        with pytest.raises(NoSuchEnvironment):
            place.catalog.get("mine")


@in_loop
async def test_after_the_latest_version_the_one_before_is_the_latest(place: Place) -> None:
    async with place:
        for packages in (("rich",), ("attrs",)):
            await place.catalog.register(a_definition(pip=packages))
        await place.catalog.delete("mine", "2")
        assert place.catalog.resolve("mine").version == "1"
        assert (await place.catalog.register(a_definition(pip=("attrs",)))).spec.version == "3"


@pytest.mark.parametrize("name", CURATED)
@in_loop
async def test_a_given_environment_cannot_be_deleted(place: Place, name: str) -> None:
    async with place:
        with pytest.raises(InvalidSpec, match="comes with mltrain"):
            await place.catalog.delete(name)
