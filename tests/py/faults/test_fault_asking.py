"""Runs that ask their service, and services and scripts that are killed meanwhile."""

from __future__ import annotations

import os
import signal
import site
import time

import pytest
from engines import BASE, PYTHON
from fault_builders import Place, kill

from jupyter_mltrain.spec import EnvironmentSpec, ImageSpec, Run, RunState

ASKS = """\
import os, time
from azureml.core import Model, Run
run = Run.get_context()
with open("outputs/model.pkl", "w") as file:
    file.write("weights")
print("one", flush=True)
while not os.path.exists("go"):
    time.sleep(0.02)
model = run.register_model("digits", "outputs/model.pkl")
with open(Model.get_model_path("digits", model.version)) as file:
    print(model.id, file.read(), flush=True)
"""

LOGS = """\
import mlflow
with mlflow.start_run():
    mlflow.log_param("alpha", 0.1)
    for step in range(3):
        mlflow.log_metric("loss", 1 / (step + 1), step=step)
    mlflow.set_tag("who", "ada")
    mlflow.log_text("hello", "hello.txt")
"""


def let_go(place: Place, run: Run) -> None:
    (place.run_dir(run) / "work" / "go").touch()


@pytest.mark.slow
def test_what_is_asked_while_the_service_is_dead_the_next_one_answers(place: Place) -> None:
    run = place.submit(ASKS)
    lines = place.lines(run)
    assert next(lines) == b"one\n"
    place.kill_service()
    let_go(place, run)
    journal = place.run_dir(run) / "journal.jsonl"
    while b'"ask"' not in journal.read_bytes():
        time.sleep(0.01)
    assert list(lines) == [b"digits:1 weights\n"]
    place.completed(run)


@pytest.mark.slow
def test_a_service_killed_at_any_moment_answers_each_question_once(place: Place) -> None:
    asks = "from azureml.core import Run\nrun = Run.get_context()\n"
    asks += "open('outputs/m', 'w').close()\nprint('one', flush=True)\n"
    asks += "for n in range(40):\n    print(run.register_model('m', 'outputs/m').version)\n"
    run = place.submit(asks)
    lines = place.lines(run)
    next(lines)
    for moment in range(4):
        time.sleep(0.03 * moment)  # the moment is the point: between question and answer
        place.kill_service()
        place.client.status()
    assert [int(line) for line in lines] == list(range(1, 41))
    place.completed(run)
    assert len(place.client.models("m")) == 40


@pytest.mark.slow
def test_a_script_killed_while_it_asks_leaves_nothing_of_its_question(place: Place) -> None:
    asks = "from azureml.core import Run\nprint('one', flush=True)\n"
    asks += "while True:\n    Run.get_context().get_secrets(['none'])\n"
    run = place.submit(asks)
    next(place.lines(run))
    time.sleep(0.1)
    (script,) = [pid for pid in place.of_run(run) if pid != place.reaper_pid(run)]
    os.kill(script, signal.SIGKILL)
    assert place.ended(run).state is RunState.FAILED
    place.completed(place.submit("print(1)"))  # its service goes on
    folder = place.run_dir(run) / "asks"
    until = time.monotonic() + 5
    while folder.exists() and time.monotonic() < until:
        time.sleep(0.02)
    assert not folder.exists()


@pytest.mark.slow
def test_an_answer_that_nobody_has_read_is_gone_after_a_kill_of_everything(place: Place) -> None:
    run = place.submit(ASKS)
    next(place.lines(run))
    (place.run_dir(run) / "asks").mkdir()
    (place.run_dir(run) / "asks" / "0123456789abcdef.json").write_text("secret")
    kill(*place.everything())
    assert place.ended(run).state is RunState.FAILED
    place.kill_service()
    place.completed(place.submit("print(1)"))
    until = time.monotonic() + 5
    while (place.run_dir(run) / "asks").exists() and time.monotonic() < until:
        time.sleep(0.02)
    assert not (place.run_dir(run) / "asks").exists()


@pytest.mark.slow
def test_two_scripts_that_ask_at_once_get_their_own_answers(place: Place) -> None:
    asks = "import sys\nfrom azureml.core import Run\nrun = Run.get_context()\n"
    asks += "open('outputs/m', 'w').close()\n"
    asks += "for n in range(30):\n"
    asks += "    model = run.register_model('m-' + sys.argv[1], 'outputs/m')\n"
    asks += "    assert (model.version, model.run_id) == (n + 1, run.id), model\n"
    runs = [place.submit(asks, name) for name in ("a", "b")]
    for run in runs:
        place.completed(run)
    for run, name in zip(runs, ("a", "b"), strict=True):
        assert {model.run_id for model in place.client.models(f"m-{name}")} == {run.id}


@pytest.mark.slow
def test_mlflow_logs_to_the_run_of_a_process(place: Place) -> None:
    check_logged(place, place.completed(place.submit(LOGS)))


@pytest.mark.slow
def test_mlflow_of_a_server_of_the_users_own_is_left_alone(place: Place) -> None:
    text = "import os; print({k for k in os.environ if k.startswith('MLFLOW')})"
    run = place.submit(text, variables={"MLFLOW_TRACKING_URI": "http://127.0.0.1:1"})
    place.completed(run)
    assert place.output(run) == b"{'MLFLOW_TRACKING_URI'}\n"


@pytest.mark.slow
@pytest.mark.usefixtures("engine")
def test_a_container_without_a_network_asks_and_logs_with_mlflow(place: Place) -> None:
    packages = site.getsitepackages()[0]
    image = ImageSpec(image=BASE, arguments=("--network=none", "-v", f"{packages}:/packages:ro"))
    environment = EnvironmentSpec(name="base", interpreter=PYTHON, image=image)
    run = place.submit(
        LOGS + ASKS.replace("while not", "open('go', 'w').close()\nwhile not"),
        environment=environment,
        variables={"PYTHONPATH": "/packages", "PYTHONWARNINGS": "ignore"},
    )
    check_logged(place, place.completed(run))
    assert place.output(run).endswith(b"one\ndigits:1 weights\n")


def check_logged(place: Place, run: Run) -> None:
    assert run.properties["alpha"] == "0.1"
    assert run.tags == {"who": "ada"}
    assert place.client.metrics(run.id) == {"loss": [1.0, 1 / 2, 1 / 3]}
    assert place.output(run, "outputs/hello.txt") == b"hello"
