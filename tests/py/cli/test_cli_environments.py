"""``environments`` and ``compute``, with a real service, real builds and a real engine."""

from __future__ import annotations

import json
import signal
import sys
from contextlib import closing
from typing import Any

import pytest

from jupyter_mltrain.client import Client
from jupyter_mltrain.engine import Engine
from jupyter_mltrain.spec import BuildState

PYTHON = f"{sys.version_info[0]}.{sys.version_info[1]}"
URL = "unix:///var/run/docker.sock"


@pytest.fixture(scope="module")
def mine(cli) -> str:
    """A built environment: a Python of its own without any package, which needs no network."""
    (cli.folder / "mine.yml").write_text(f"dependencies: [python={PYTHON}]\n")
    cli("environments", "build", "-q", "mine", "--conda", "mine.yml")
    return "mine"


def test_environments_that_come_with_the_product_are_listed(cli):
    lines = cli.text("environments", "ls").splitlines()
    assert lines[0].split() == ["NAME", "VERSION", "KIND", "STATE", "SIZE", "USED"]
    assert [line.split()[0] for line in lines[-4:]] == [
        "python",
        "sklearn",
        "pytorch",
        "tensorflow",
    ]
    assert all(line.endswith("comes with mltrain") for line in lines[-4:])


def test_a_build_shows_its_log_and_how_it_ended(cli):
    done = cli("environments", "build", "python")
    assert b"Step 1 of " in done.stdout
    assert done.stderr.decode().startswith("✓ Built  python  ")


def test_what_is_built_is_not_built_again(cli, mine):
    done = cli("environments", "build", mine)
    assert done.stdout == b""
    assert "✓ Built  mine  already, " in done.stderr.decode()


def test_a_build_for_programs_is_printed_as_it_ended(cli, mine):
    build = cli_json(cli, "environments", "build", mine)
    assert (build["state"], build["built"]["kind"]) == ("Built", "venv")


def test_options_of_a_build_become_a_new_version(cli):
    (cli.folder / "two.yml").write_text(f"dependencies: [python={PYTHON}]\n")
    (cli.folder / "Dockerfile").write_text("FROM scratch\n")
    cli("environments", "build", "-q", "two", "--conda", "two.yml")
    cli("environments", "build", "-q", "two", "--conda", "two.yml")
    (summary,) = [each for each in cli_json(cli, "environments", "ls") if each["name"] == "two"]
    assert (summary["latest"], summary["versions"], summary["kind"]) == ("1", 1, "packages")


def test_a_version_cannot_be_given_to_what_options_describe(cli):
    said = cli.error("environments", "build", "two:3", "--pip", "six")
    assert said == "What the options describe becomes a new version of 'two': leave '3' out."


def test_a_build_that_fails_has_status_1_and_says_why(cli):
    done = cli("environments", "build", "broken", "--pip", "six==0.0.1", status=1)
    assert done.stderr.decode().startswith("✗ Failed  broken:1  ")
    assert "six" in done.stderr.decode()
    assert "✗ Failed" in cli.text("environments", "ls")


def test_an_interrupted_build_goes_on(cli, base_image: str):
    (cli.folder / "Dockerfile").write_text(f"FROM {base_image}\nRUN echo begun && sleep 60\n")
    watching = cli.start("environments", "build", "slow", "--dockerfile", "Dockerfile")
    while b"begun\n" not in watching.stdout.readline():
        pass
    watching.send_signal(signal.SIGINT)
    _, said = watching.communicate(timeout=20)
    assert watching.returncode == 130
    assert b"the build goes on" in said
    with closing(Client(cli.workspace)) as client:
        build = client.environment("slow").versions[0].build
        assert (build.state, build.compute) == (BuildState.BUILDING, "local")
        client.cancel_build(build.id)
        *_, ended = client.follow_build(build.id)
    assert ended.state is BuildState.CANCELED


def test_a_run_executes_in_an_environment_that_is_named(cli, mine):
    script = cli.script("import sys; print(sys.prefix)")
    printed = cli.text("submit", "--wait", "-q", "--env", mine, script)
    assert str(cli.workspace / "environments") in printed


def test_the_run_says_what_it_ran_in(cli, mine):
    number = cli.run("print(1)", "--environment", f"{mine}:1")
    assert f"Environment  mine:1 · venv · Python {PYTHON}." in cli.text("show", number)


def test_an_environment_is_shown_with_definition_and_result(cli, mine):
    shown = cli.text("environments", "show", mine)
    assert shown.startswith("mine:1\n")
    assert f"Python         {PYTHON}\n" in shown.replace("Python     ", "Python         ")
    assert "✓ Built on local, " in shown
    assert "\nVersions\n  1  ✓ Built  " in shown


def test_what_was_meant_is_suggested(cli, mine):
    said = cli.error("submit", "--env", "mnie", cli.script("1"))
    assert said == "There is no environment 'mnie'. Did you mean 'mine'?"


def test_a_reserved_name_is_refused(cli):
    said = cli.error("environments", "build", "sklearn", "--pip", "six")
    assert "comes with mltrain" in said


def test_why_something_had_to_be_built_is_told(cli, mine):
    cli("environments", "build", "other", "--pip", "six", "--no-wait")
    said = cli.text("environments", "why", "other")
    assert said.startswith("The nearest that was there is ")
    assert "six" in said


def test_nothing_is_told_of_what_was_never_built(cli):
    said = cli.error("environments", "why", "tensorflow")
    assert said.startswith("tensorflow:1 was not built yet. `jupyter mltrain environments build")


def test_nothing_is_deleted_without_yes(cli, mine):
    said = cli.error("environments", "rm", mine)
    assert said == "Nothing is deleted without --yes: mine with 1 version would be lost."
    assert cli.text("environments", "show", mine)


def test_a_deleted_environment_is_gone_and_its_build_can_be_reclaimed(cli):
    (cli.folder / "gone.yml").write_text(f"dependencies: [python={PYTHON}]\nvariables: {{A: b}}\n")
    cli("environments", "build", "-q", "gone", "--conda", "gone.yml")
    assert "Deleted gone with 1 version." in cli.text("environments", "rm", "--yes", "gone")
    cli("environments", "show", "gone", status=1)


def test_an_environment_of_the_product_is_not_deleted(cli):
    assert "stays" in cli.error("environments", "rm", "--yes", "sklearn")


def test_reclaiming_says_what_it_would_take(cli, mine):
    said = cli.text("environments", "reclaim", "--dry-run")
    assert said.splitlines()[0].split() == ["ENVIRONMENT", "COMPUTE", "SIZE"]
    assert "Nothing is deleted without --yes" in cli.error("environments", "reclaim")


def test_this_machine_is_a_compute_target(cli):
    assert "local" in cli.text("compute", "ls")


def test_an_engine_is_added_listed_and_removed(cli, engine: Engine):
    said = cli.text("compute", "add", "box", URL, "--cpus", "1", "--memory", "1GB")
    assert said.startswith("box is attached, with 1 CPU, 1 GB of memory.\n")
    assert f"0 of 1 CPU   {URL}\n" in cli.text("compute", "ls")
    assert cli.text("compute", "rm", "box").startswith("box is removed; the engine at ")
    assert "box" not in cli.text("compute", "ls")


def test_a_process_environment_is_refused_where_only_containers_run(cli, engine: Engine):
    cli("compute", "add", "containers", URL)
    said = cli.error("submit", "--compute", "containers", cli.script("1"))
    assert "--image" in said
    cli("compute", "rm", "containers")


def test_an_engine_that_does_not_run_is_refused_in_a_sentence(cli, tmp_path):
    said = cli.error("compute", "add", "nobody", f"unix://{tmp_path}/nobody.sock")
    assert "does not run" in said


def cli_json(cli, group: str, action: str, *rest: str) -> Any:
    return json.loads(cli(group, action, "--json", *rest).stdout)
