"""What a cell runs in, and ``%environments``."""

from __future__ import annotations

import sys
from datetime import datetime, timezone
from pathlib import Path

import pytest
from engines import PYTHON
from IPython.core.error import UsageError
from IPython.core.interactiveshell import InteractiveShell
from magics_shells import Kernel

from jupyter_mltrain.client import Client
from jupyter_mltrain.errors import EnvironmentFailed, NoSuchEnvironment
from jupyter_mltrain.magics import environment_table
from jupyter_mltrain.spec import (
    BUILD_LOG,
    Build,
    BuildState,
    EnvironmentSpec,
    EnvironmentVersion,
    ImageSpec,
    PackagesSpec,
    RunState,
)
from jupyter_mltrain.wire import EnvironmentDetails

pytestmark = pytest.mark.slow

NOW = datetime(2026, 11, 20, 12, tzinfo=timezone.utc)


def a_bare(name: str, client: Client) -> None:
    """Register one with nothing but a Python, which is made in no time."""
    client.register(EnvironmentSpec(name=name, packages=PackagesSpec()))


# A cell


def test_a_cell_runs_in_packages_that_are_installed_for_it(kernel: Kernel, client: Client) -> None:
    outcome = kernel.run("%%train --pip rich\nimport rich\nprint(rich.__name__, 'is here')\n")
    assert outcome.status == "ok", outcome
    assert "rich is here" in outcome.card
    run = client.list(limit=1).runs[0]
    assert run.environment is not None
    assert (run.environment.kind, run.spec.environment.name) == ("venv", "rich")
    assert b"rich" in b"".join(client.read_file(run.id, BUILD_LOG))


def test_the_card_shows_the_log_while_it_prepares_and_the_output_then(kernel: Kernel) -> None:
    outcome = kernel.run("%%train --pip 'rich pip<26'\nprint('done')\n")
    preparing = [card for card in outcome.cards if card.startswith("◔ Preparing")]
    assert any("Step 1 of " in card for card in preparing), outcome.cards
    assert "Step 1 of " not in outcome.card
    assert "done" in outcome.card


def test_an_environment_that_cannot_be_made_fails_the_cell_with_its_log(
    kernel: Kernel, client: Client
) -> None:
    outcome = kernel.run("%%train --pip no-such-package-4711\nprint('never')\n")
    assert outcome.status == "error"
    assert "no-such-package-4711" in outcome.shown_error
    assert "Step " in outcome.card
    assert client.list(limit=1).runs[0].state is RunState.FAILED


def test_a_registered_one_is_named_with_a_variable_beside_it(
    kernel: Kernel, client: Client
) -> None:
    a_bare("bare", client)
    outcome = kernel.run(
        "%%train --env bare:1 --env KIND=mine\nimport os, sys\nprint(os.environ['KIND'])\n"
    )
    assert outcome.status == "ok", outcome
    spec = client.list(limit=1).runs[0].spec
    assert (spec.environment.name, spec.environment.version) == ("bare", "1")
    assert dict(spec.variables) == {"KIND": "mine"}


def test_a_cell_runs_in_an_image(kernel: Kernel, client: Client, base_image: str) -> None:
    outcome = kernel.run(
        f"%%train --image {base_image} --arg epochs=3 --env KIND=mine\n"
        "import os, sys\nprint(sys.executable, os.environ['KIND'], epochs + 1)\n"
    )
    assert outcome.status == "ok", outcome
    assert f"{PYTHON} mine 4" in outcome.card
    run = client.list(limit=1).runs[0]
    assert run.environment is not None
    assert (run.environment.kind, run.spec.environment.name) == ("image", "my-python")


def test_a_terminal_shows_the_log_as_it_comes(
    shell: InteractiveShell, folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (folder / "train.py").write_text("print('done')\n")
    shell.run_line_magic("train", "train.py --pip 'rich<16'")
    said = capsys.readouterr().out
    assert said.index("Step 1 of ") < said.index("done")


def test_a_name_that_is_not_there_is_a_sentence(shell: InteractiveShell, folder: Path) -> None:
    (folder / "train.py").write_text("print('done')\n")
    with pytest.raises(NoSuchEnvironment, match="sklaern"):
        shell.run_line_magic("train", "train.py --env sklaern")


def test_another_python_may_be_named(shell: InteractiveShell, folder: Path, client: Client) -> None:
    (folder / "train.py").write_text("print('done')\n")
    link = folder.parent / "python"
    link.symlink_to(sys.executable)
    shell.run_line_magic("train", f"train.py --python {link}")
    assert client.list(limit=1).runs[0].spec.environment.interpreter == str(link)


# Tab


def test_tab_offers_registered_environments(kernel: Kernel, client: Client) -> None:
    a_bare("offered", client)
    assert {"offered", "sklearn"} <= set(kernel.complete("%%train --env "))
    assert {"current", "offered"} <= set(kernel.complete("%%train --environment "))
    assert kernel.complete("%environments show off") == ["offered"]
    assert {"build", "show"} <= set(kernel.complete("%environments "))


def test_tab_offers_files_of_their_kind(kernel: Kernel, folder: Path) -> None:
    for name in ("environment.yml", "Dockerfile", "train.py"):
        (folder / name).touch()
    assert kernel.complete("%%train --conda ") == ["environment.yml"]
    assert kernel.complete("%%train --dockerfile ") == ["Dockerfile"]


# %environments


def test_environments_are_listed(
    shell: InteractiveShell, client: Client, capsys: pytest.CaptureFixture[str]
) -> None:
    a_bare("listed", client)
    shell.run_line_magic("environments", "")
    lines = capsys.readouterr().out.splitlines()
    titles = next(line for line in lines if line.startswith("name"))
    assert titles.split() == ["name", "version", "kind", "state", "size", "used"]
    assert any(line.split()[:3] == ["listed", "1", "packages"] for line in lines)
    assert any("comes with mltrain" in line for line in lines)


def test_one_is_built_with_its_log(
    shell: InteractiveShell, client: Client, capsys: pytest.CaptureFixture[str]
) -> None:
    a_bare("to-build", client)
    shell.run_line_magic("environments", "build to-build")
    assert capsys.readouterr().out.endswith("Image Build Status: Succeeded\n")
    shell.run_line_magic("environments", "show to-build")
    assert "version 1, just now: built on local" in capsys.readouterr().out


def test_a_build_that_fails_is_a_sentence(shell: InteractiveShell, client: Client) -> None:
    client.register(EnvironmentSpec(name="bad", packages=PackagesSpec(python="3.99")))
    with pytest.raises(EnvironmentFailed, match=r"The environment bad:1 is not built\."):
        shell.run_line_magic("environments", "build bad")


@pytest.mark.parametrize("line", ["build", "show", "remove x", "build a b"])
def test_what_cannot_be_meant_says_how_it_is_used(shell: InteractiveShell, line: str) -> None:
    with pytest.raises(UsageError, match=r"`%environments build NAME\[:VERSION\]`"):
        shell.run_line_magic("environments", line)


def test_an_environment_is_described_in_full() -> None:
    spec = EnvironmentSpec(
        name="pets",
        version="2",
        variables={"A": "1"},
        packages=PackagesSpec(python="3.11", conda=("numpy",), pip=("rich", "torch>=2")),
        image=ImageSpec(dockerfile="FROM a\nRUN b\n", arguments=("--init",)),
    )
    build = Build(
        id="b",
        hash="",
        name="pets",
        compute="box",
        state=BuildState.FAILED,
        reason="line 2 failed",
        created_at=NOW,
        spec=spec,
    )
    versions = (EnvironmentVersion(spec=spec, registered_at=NOW, build=build),)
    details = EnvironmentDetails(name="pets", versions=versions)
    assert environment_table.described(details, NOW).splitlines() == [
        "pets:2",
        "  Dockerfile",
        "    FROM a",
        "    RUN b",
        "  docker run --init",
        "  python 3.11",
        "  conda numpy",
        "  pip rich, torch>=2",
        "  A=1",
        "  version 2, just now: failed on box, line 2 failed",
    ]
