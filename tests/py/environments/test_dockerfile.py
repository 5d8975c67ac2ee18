"""What is read of a Dockerfile before an engine sees it."""

from __future__ import annotations

import pytest

from jupyter_mltrain.environments import dockerfile
from jupyter_mltrain.errors import InvalidSpec


def parsed(*lines: str) -> dockerfile.Dockerfile:
    return dockerfile.parse("".join(f"{line}\n" for line in lines))


def refused(*lines: str) -> str:
    with pytest.raises(InvalidSpec) as caught:
        parsed(*lines)
    return caught.value.message


def test_continued_lines_are_one_instruction() -> None:
    found = parsed("FROM a", "RUN one \\", "  # why", "", "  && two", "ENV A=b")
    assert [(each.line, each.word) for each in found.instructions] == [
        *((1, "FROM"), (2, "RUN"), (6, "ENV"))
    ]


def test_another_escape_character_continues_lines() -> None:
    found = parsed("# escape=`", "FROM a", "RUN one `", "two \\")
    assert len(found.instructions) == 2


def test_the_images_that_it_begins_with_are_found() -> None:
    assert parsed("FROM a:1", "RUN x", "FROM b@sha256:1").bases == ("a:1", "b@sha256:1")


def test_its_own_stages_are_no_images() -> None:
    found = parsed("FROM a AS Build", "FROM build", "COPY --from=build /x /y", "COPY --from=0 / /")
    assert found.bases == ("a",)


def test_nothing_is_no_image() -> None:
    assert parsed("FROM scratch", "COPY a b").bases == ()


def test_an_image_that_files_are_copied_from_is_found() -> None:
    assert parsed("FROM a", "COPY --from=tools:2 /x /y").bases == ("a", "tools:2")


def test_arguments_before_the_first_image_are_put_in() -> None:
    found = parsed("ARG V=3.11", 'ARG NAME="python"', "FROM ${NAME}:${V}-${KIND:-slim} AS x")
    assert found.bases == ("python:3.11-slim",)


def test_flags_of_from_are_not_the_image() -> None:
    assert parsed("FROM --platform=linux/amd64 a AS b").bases == ("a",)


def test_images_are_replaced_by_exact_names() -> None:
    found = parsed("ARG V=1", "FROM a:$V AS b", "FROM b", "COPY --from=c:2 /x /y")
    text = found.pinned({"a:1": "sha256:aa", "c:2": "c@sha256:cc"})
    assert text.splitlines() == [
        *("ARG V=1", "FROM sha256:aa AS b", "FROM b", "COPY --from=c@sha256:cc /x /y")
    ]


@pytest.mark.parametrize(
    "line",
    ["COPY a b", "ADD a.tar /", 'COPY ["a b", "/c"]', "COPY --chown=1:1 . /srv", "add . ."],
)
def test_what_copies_files_needs_a_context(line: str) -> None:
    assert parsed("FROM a", line).needs_context


@pytest.mark.parametrize(
    "line",
    ["RUN x", "COPY --from=b /x /y", "ADD https://example.org/x /y", "ONBUILD COPY . /app"],
)
def test_what_copies_no_files_of_a_folder_needs_none(line: str) -> None:
    assert not parsed("FROM a", line).needs_context


@pytest.mark.parametrize(
    "lines",
    [
        ("RUN --mount=type=cache,target=/root pip install x",),
        ("COPY --link a b",),
        ("RUN <<EOF", "FROM nowhere", "EOF"),
        ("COPY <<-'END' /x", "hello", "END"),
    ],
)
def test_what_only_buildkit_knows_is_found(lines: tuple[str, ...]) -> None:
    new = parsed("FROM a", *lines).needs_buildkit
    assert new is not None
    assert new.line == 2


def test_a_shift_in_a_shell_is_no_text_to_come() -> None:
    assert parsed("FROM a", "RUN echo $((x<<y))", "RUN z").needs_buildkit is None


def test_declared_arguments_are_known() -> None:
    assert parsed("FROM a", "ARG PIP_INDEX_URL", "ARG B=1").arguments == {"PIP_INDEX_URL", "B"}


def test_an_unknown_instruction_is_shown_with_a_near_one() -> None:
    assert refused("FROM a", "", "RUNN pip install x") == (
        "Line 3 of the Dockerfile: there is no instruction 'RUNN'. Did you mean RUN?\n"
        "   3  RUNN pip install x"
    )


def test_an_instruction_without_arguments_is_shown() -> None:
    assert refused("FROM a", "COPY").endswith("   2  COPY")


def test_an_instruction_before_from_is_shown() -> None:
    assert refused("RUN x", "FROM a").startswith("Line 1 of the Dockerfile: RUN stands before FROM")


@pytest.mark.parametrize("lines", [(), ("# nothing",), ("ARG A=1",)])
def test_a_file_without_from_is_none(lines: tuple[str, ...]) -> None:
    assert "has no FROM" in refused(*lines)
