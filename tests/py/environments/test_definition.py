"""Which definitions mean the same, and what differs between those that do not."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from jupyter_mltrain.environments import definition
from jupyter_mltrain.environments.definition import hash_of, key
from jupyter_mltrain.environments.differences import differences
from jupyter_mltrain.errors import InvalidSpec
from jupyter_mltrain.spec import EnvironmentSpec, ImageSpec, PackagesSpec

NAMES = st.sampled_from(["numpy", "pandas", "scikit-learn", "torch", "xgboost", "Flask", "PyYAML"])
PIP = st.lists(
    st.builds(lambda name, wanted: name + wanted, NAMES, st.sampled_from(["", "==1.2", ">=1,<2"])),
    unique_by=lambda line: line[:4],
)
OPTIONS = st.lists(
    st.sampled_from(
        ["--index-url https://a.example", "--extra-index-url https://b.example", "--pre"]
    ),
    unique=True,
)


def an_environment(**given: Any) -> EnvironmentSpec:
    """One of packages; what belongs to an image makes it one."""
    packages = {
        name: given.pop(name) for name in ("pip", "conda", "channels", "python") & given.keys()
    }
    image = {name: given.pop(name) for name in ImageSpec.__struct_fields__ if name in given}
    return EnvironmentSpec(
        packages=PackagesSpec(**packages) if packages else None,
        image=ImageSpec(**image) if image else None,
        **given,
    )


# The same


@given(pip=PIP, options=OPTIONS, random=st.randoms(use_true_random=False))
def test_the_order_of_packages_does_not_matter(
    pip: list[str], options: list[str], random: Any
) -> None:
    shuffled = random.sample(pip, len(pip))
    one = an_environment(pip=(*options, *pip))
    other = an_environment(pip=(*shuffled, *options, *shuffled))
    assert key(one) == key(other)
    assert hash_of(one, "") == hash_of(other, "")


@given(conda=st.lists(NAMES), random=st.randoms(use_true_random=False))
def test_the_order_of_conda_packages_does_not_matter(conda: list[str], random: Any) -> None:
    shuffled = random.sample(conda, len(conda))
    assert key(an_environment(conda=tuple(conda))) == key(an_environment(conda=tuple(shuffled)))


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("scikit-learn", "Scikit_Learn"),
        ("a>=1,<2", "a <2, >=1"),
        ("a[x,y]", "A[y, x]"),
        ("a==1", "a == 1  # the first"),
        ("a ; python_version > '3.8'", 'a; python_version>"3.8"'),
        ("-i https://x.example/simple", "--index-url  https://x.example/simple"),
    ],
)
def test_two_spellings_of_one_requirement_are_the_same(one: str, other: str) -> None:
    assert key(an_environment(pip=(one,))) == key(an_environment(pip=(other,)))


@pytest.mark.parametrize(
    "given",
    [
        {"name": "other"},
        {"version": "3"},
        {"variables": {"A": "1"}},
        {"inherited": {"PATH": "/x"}},
        {"shm_bytes": 1_000_000},
        {"arguments": ("--ulimit", "nofile=1")},
        {"username": "someone"},
    ],
)
def test_what_is_not_built_does_not_matter(given: dict[str, Any]) -> None:
    plain = {"image": "python:3.11", "pip": ("a",)}
    assert key(an_environment(**plain)) == key(an_environment(**plain, **given))


def test_the_end_of_lines_of_a_dockerfile_does_not_matter() -> None:
    unix = an_environment(dockerfile="FROM x\nRUN y\n")
    assert key(unix) == key(an_environment(dockerfile="FROM x\r\nRUN y"))


def test_two_names_of_one_image_have_the_same_hash_and_not_the_same_key() -> None:
    one, other = an_environment(image="python:3.11"), an_environment(image="python:3")
    assert hash_of(one, "sha256:1") == hash_of(other, "sha256:1")
    assert key(one) != key(other)


# Not the same


@pytest.mark.parametrize(
    "given",
    [
        {"python": "3.10"},
        {"pip": ("a",)},
        {"pip": ("a==1", "b")},
        {"pip": ("--pre", "a==1")},
        {"conda": ("a",)},
        {"channels": ("b", "a")},
        {"image": "python:3.11"},
    ],
)
def test_what_is_built_matters(given: dict[str, Any]) -> None:
    plain: dict[str, Any] = {"pip": ("a==1",), "channels": ("a", "b"), "python": "3.11"}
    one, other = an_environment(**plain), an_environment(**{**plain, **given})
    assert hash_of(one, "") != hash_of(other, "")


@given(options=OPTIONS.filter(lambda options: len(options) > 1))
def test_the_order_of_options_matters(options: list[str]) -> None:
    one, other = tuple(options), tuple(reversed(options))
    assert key(an_environment(pip=one)) != key(an_environment(pip=other))


@pytest.mark.parametrize(
    "given",
    [
        {"platform": "linux/arm64"},
        {"context": "snapshot"},
        {"dockerfile": "FROM x\nRUN z\n"},
        {"interpreter": "python3.9"},
        {"pip": ("a",)},
    ],
)
def test_what_an_image_is_made_of_matters(given: dict[str, Any]) -> None:
    plain = {"dockerfile": "FROM x\nRUN y\n"}
    one, other = an_environment(**plain), an_environment(**{**plain, **given})
    assert hash_of(one, "sha256:1") != hash_of(other, "sha256:1")


def test_another_digest_is_another_environment() -> None:
    one = an_environment(image="python:3.11")
    assert hash_of(one, "sha256:1") != hash_of(one, "sha256:2")


def test_the_registry_is_part_of_an_images_name() -> None:
    one = an_environment(image="team/a", registry="one.example")
    assert key(one) != key(replace(one, image=ImageSpec(image="team/a")))
    assert key(one) == key(an_environment(image="one.example/team/a", registry="one.example"))


def test_what_is_no_requirement_is_refused() -> None:
    with pytest.raises(InvalidSpec, match=r"a=1"):
        key(an_environment(pip=("a=1",)))


# What differs


def difference(one: EnvironmentSpec, other: EnvironmentSpec) -> tuple[str, ...]:
    return differences(definition.canonical(one), definition.canonical(other))


@given(pip=PIP)
def test_nothing_differs_between_the_same(pip: list[str]) -> None:
    one = an_environment(pip=tuple(pip))
    assert difference(one, one) == ()


@pytest.mark.parametrize(
    ("one", "other", "sentence"),
    [
        ({"pip": ("a", "b==2")}, {"pip": ("a",)}, "It has b==2 besides (pip)."),
        ({"pip": ("a",)}, {"pip": ("a", "b")}, "It is without b (pip)."),
        ({"pip": ("a<2",)}, {"pip": ("a==1",)}, "a<2 instead of a==1 (pip)."),
        ({"conda": ("a =1",)}, {"conda": ("a =2",)}, "a =1 instead of a =2 (conda)."),
        ({"python": "3.9"}, {"python": "3.10"}, "Python is 3.9, there 3.10."),
        (
            {"channels": ("a", "b")},
            {"channels": ("b", "a")},
            "The channels are in another order: a, b, there b, a.",
        ),
        (
            {"pip": ("--pre",)},
            {"pip": ("--no-index",)},
            "The options of pip are others: --pre, there --no-index.",
        ),
        (
            {"dockerfile": "FROM x\nRUN y\n"},
            {"dockerfile": "FROM x\nRUN z\n"},
            "Line 2 of the Dockerfile is `RUN y`, there `RUN z`.",
        ),
        (
            {"dockerfile": "FROM x\nRUN y\n"},
            {"dockerfile": "FROM x\n"},
            "The Dockerfile goes on at line 2: `RUN y`.",
        ),
        (
            {"dockerfile": "FROM x\n", "context": "one"},
            {"dockerfile": "FROM x\n", "context": "two"},
            "The files that the Dockerfile copies from are others.",
        ),
        (
            {"image": "a"},
            {"dockerfile": "FROM a\n"},
            "It begins with an image, the other with a Dockerfile.",
        ),
        ({"image": "a"}, {"image": "b"}, "The image is a, there b."),
        (
            {"image": "a", "pip": ("b",)},
            {"image": "a"},
            "It has packages installed into the image.",
        ),
        ({"image": "a"}, {"pip": ("b",)}, "It is for a container, the other for a process."),
    ],
)
def test_what_differs_is_said(one: dict[str, Any], other: dict[str, Any], sentence: str) -> None:
    assert difference(an_environment(**one), an_environment(**other)) == (sentence,)
