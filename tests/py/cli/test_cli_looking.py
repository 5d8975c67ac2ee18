"""``ls``, ``show`` and ``status``: what there is, read by people and by programs."""

from __future__ import annotations

import json
import os

import pexpect
import pytest

METRICS = """
from jupyter_mltrain import Run
run = Run.get_context()
for value in (4, 2, 1):
    run.log("loss", value)
run.log("accuracy", 0.97512)
import os
os.makedirs("outputs", exist_ok=True)
open("outputs/model.bin", "wb").write(b"x" * 12_000)
"""


@pytest.fixture(scope="module")
def trained(cli):
    """A completed run with metrics and an output."""
    return cli.run(METRICS, "--name", "trained", "--tag", "kept", "--env", "API_KEY=hush")


@pytest.fixture(scope="module")
def failed(cli, trained):
    """A failed run, after the completed one."""
    return cli.run("1 / 0", "--experiment", "other")


def on_a_terminal(cli, *words: str, **environment: str) -> str:
    """What comes out on a terminal of 60 columns."""
    terminal = cli.terminal(*words, **environment)
    terminal.expect(pexpect.EOF)
    terminal.close()
    return terminal.before.decode()


def test_runs_are_listed_newest_first_with_why(cli, trained, failed):
    titles, first, *others = cli.text("ls").splitlines()
    assert titles.split() == ["#", "STATE", "NAME", "EXPERIMENT", "COMPUTE", "AGE", "TIME"]
    assert first.split()[:5] == [str(failed), "✗", "Failed", "other", "other"]
    assert "ZeroDivisionError" in first
    assert others[0].split()[:4] == [str(trained), "✓", "Completed", "trained"]


def test_a_list_for_programs_is_a_list_of_runs(cli, trained, failed):
    assert [run["number"] for run in cli.json("ls")] == [failed, trained]


@pytest.mark.parametrize(
    "options",
    [
        ("--experiment", "project"),
        ("--state", "completed"),
        ("--tag", "kept"),
        ("--text", "TRAIN"),
        ("--state", "running", "--state", "Completed"),
    ],
)
def test_a_list_can_be_narrowed(cli, trained, failed, options):
    assert [run["number"] for run in cli.json("ls", *options)] == [trained]


def test_a_list_can_be_short_and_says_that_there_is_more(cli, trained, failed):
    done = cli("ls", "-n", "1")
    assert len(done.stdout.splitlines()) == 2
    assert "--all" in done.stderr.decode()
    assert not cli("ls", "--all").stderr


def test_a_list_of_nothing_that_is_like_that_says_so(cli, trained):
    assert cli.text("ls", "--text", "nothing") == "No run is like that.\n"


def test_a_state_that_is_none_is_answered_with_those_there_are(cli, trained):
    assert "Completed" in cli.error("ls", "--state", "done")


def test_an_empty_workspace_says_how_to_begin(cli, tmp_path):
    said = cli.text("ls", "--workspace", tmp_path / "new")
    cli("status", "--stop", "--workspace", tmp_path / "new")
    assert said == f"No runs yet. A first one: jupyter mltrain --workspace {tmp_path}/new demo\n"


def test_a_list_fits_the_terminal(cli, trained, failed):
    plain = on_a_terminal(cli, "ls", NO_COLOR="1")
    assert max(map(len, plain.splitlines())) <= 60


def test_colours_are_for_terminals_and_not_against_the_users_will(cli, trained, failed):
    assert "\x1b[31m✗ Failed" in on_a_terminal(cli, "ls")
    assert "\x1b" not in on_a_terminal(cli, "ls", NO_COLOR="1")
    assert "\x1b" not in on_a_terminal(cli, "ls", TERM="dumb")
    assert "\x1b" not in cli.text("ls")


def test_a_run_is_shown_with_its_states_metrics_and_files(cli, trained):
    shown = cli.text("show", str(trained))
    assert shown.startswith(f"✓ Completed  trained #{trained}  0:00\n")
    assert "\n  loss      1      █▃▁  3 values\n  accuracy  0.975" in shown
    assert "\n  outputs/model.bin" in shown
    assert " 12 kB\n" in shown
    states = shown.split("\nStates\n")[1].split("\nMetrics\n")[0]
    assert [line.split()[2] for line in states.splitlines() if line][-1] == "Completed"


def test_a_secret_among_the_variables_is_not_shown(cli, trained):
    shown = cli.text("show", str(trained))
    assert "API_KEY=…" in shown
    assert "hush" not in shown


def test_a_failed_run_is_shown_with_why(cli, failed):
    shown = cli.text("show", f"project #{failed}").splitlines()
    assert "ZeroDivisionError" in shown[1]


def test_a_run_is_shown_to_programs_in_one_document(cli, trained):
    shown = cli.json("show", "trained")
    assert set(shown) == {"run", "history", "metrics", "files"}
    assert shown["metrics"] == {"loss": [4, 2, 1], "accuracy": 0.97512}


def test_a_run_that_is_not_there_is_one_sentence(cli, trained):
    assert cli.error("show", "4711") == (
        "No run '4711' in this workspace. `%runs` or `jupyter mltrain ls` lists them."
    )


def test_the_status_says_who_holds_what_and_who_waits_for_what(cli, trained):
    cpus = str(os.cpu_count())
    sleep = "import time; print('up', flush=True); time.sleep(600)"
    holder = cli.submit(sleep, "--cpus", cpus, "--name", "holder")
    waiting = cli.submit("", "--cpus", "1", "--name", "waiting")
    try:
        said = cli.text("status")
        shown = cli.json("status")
    finally:
        cli("cancel", str(waiting), str(holder))
        cli.ended(holder)
    assert f"local  {cpus} of {cpus} CPU" in said
    assert f"holder #{holder}" in said
    assert f"\n  1  waiting #{waiting}  waiting for 1 CPU: holder #{holder} holds it\n" in said
    assert [entry["position"] for entry in shown["queue"]] == [1]
    assert shown["disk_free_bytes"] > 0


def test_every_workspace_of_the_user_is_listed(cli, trained, tmp_path):
    cli.text("submit", "-q", "--workspace", tmp_path / "second", cli.script(""))
    listed = {each["name"]: each["service"] for each in cli.json("status", "--all")}
    cli("status", "--stop", "--workspace", tmp_path / "second")
    assert (listed["workspace"], listed["second"]) == (True, True)


def test_a_service_that_is_stopped_leaves_its_runs_alone(cli, trained):
    number = cli.submit("import time; time.sleep(600)")
    assert "1 run going on" in cli.text("status", "--stop")
    assert cli.json("show", str(number))["run"]["state"] in ("Running", "Starting")
    cli("cancel", str(number))


def test_stopping_starts_nothing(cli, tmp_path):
    assert "No service runs" in cli.text("status", "--stop", "--workspace", tmp_path / "none")
    assert not (tmp_path / "none").exists()


def test_a_config_file_beside_the_script_names_the_workspace(cli, trained, tmp_path, monkeypatch):
    (tmp_path / "config.json").write_text(json.dumps({"directory": str(cli.workspace)}))
    monkeypatch.delitem(cli.environment, "MLTRAIN_WORKSPACE")
    done = cli("show", "trained", cwd=tmp_path)
    assert done.stdout.startswith("✓ Completed  trained".encode())


def test_a_config_file_of_something_else_is_named_and_passed_over(cli, trained, tmp_path):
    (tmp_path / "config.json").write_text('{"hidden_size": 768}')
    done = cli("show", "trained", cwd=tmp_path)
    assert f"The workspace {cli.workspace} is used." in done.stderr.decode()
