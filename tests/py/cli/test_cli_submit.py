"""``submit`` and ``logs``: a script's output and ending reach the terminal."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys

import pexpect
import pytest

BINARY = "import sys; sys.stdout.buffer.write(bytes(range(256)) * 3)"
SLEEP = "import time; print('up', flush=True); time.sleep(600)"


def test_submit_says_what_the_run_is_called_and_how_to_watch_it(cli):
    said = cli.text("submit", "--name", "night", cli.script("print('hi')"))
    assert said.startswith("night #")
    number = said.split("#")[1].split()[0]
    assert f"jupyter mltrain logs -f {number}\n" in said


def test_a_quiet_submit_prints_the_number_alone(cli):
    assert cli.text("submit", "-q", cli.script("")).strip().isdigit()


def test_a_submit_for_programs_prints_the_run(cli):
    run = cli.json("submit", "--tag", "lr=1", "--env", "A=b", cli.script("", "a b.py"))
    assert run["spec"]["script"] == "a b.py"
    assert run["spec"]["experiment"] == "project"
    assert (run["tags"], run["spec"]["variables"]) == ({"lr": "1"}, {"A": "b"})


def test_the_output_of_a_run_that_is_waited_for_comes_byte_for_byte(cli):
    done = cli("submit", "--wait", cli.script(BINARY))
    assert done.stdout == bytes(range(256)) * 3


def test_how_it_ended_is_said_on_stderr(cli):
    done = cli("submit", "--wait", "--name", "night", cli.script("print(1)"))
    assert "✓ Completed  night #" in done.stderr.decode()


def test_another_attempt_is_said_on_stderr(cli):
    script = cli.script("import os; raise SystemExit(os.environ['MLTRAIN_ATTEMPT'] == '1')")
    done = cli("submit", "--wait", "--retries", "1", script)
    assert "Attempt 1 of 2 failed; attempt 2 begins.\n" in done.stderr.decode()


def test_a_quiet_wait_prints_what_the_script_prints_and_no_more(cli):
    done = cli("submit", "--wait", "-q", cli.script("print(1)"))
    assert (done.stdout, done.stderr) == (b"1\n", b"")


@pytest.mark.parametrize(
    ("script", "status"),
    [
        ("raise SystemExit(7)", 7),
        ("1 / 0", 1),
        ("import os, signal; os.kill(os.getpid(), signal.SIGSEGV)", 139),
    ],
)
def test_the_exit_status_is_the_scripts(cli, script, status):
    cli("submit", "--wait", cli.script(script), status=status)


def test_a_run_over_its_time_limit_has_the_status_of_timeout(cli):
    cli("submit", "--wait", "--timeout", "0.1", cli.script(SLEEP), status=124)


def test_what_the_checks_refuse_can_be_forced(cli):
    done = cli("submit", cli.script("import nowhere_at_all"), status=1)
    assert done.stderr.decode().endswith(
        "(`pip install nowhere_at_all`). Add --force to submit it anyway.\n"
    )


def test_a_failure_says_what_to_do_next(cli):
    done = cli("submit", "--force", "--wait", cli.script("import nowhere_at_all"), status=1)
    assert "No module named 'nowhere_at_all'" in done.stderr.decode()


def test_a_wait_for_programs_prints_the_run_as_it_ended(cli):
    run = cli.json(
        "submit", "--wait", cli.script("print('not shown'); raise SystemExit(4)"), status=4
    )
    assert (run["state"], run["exit"]["status"]) == ("Failed", 4)


def test_arguments_reach_the_script(cli):
    script = cli.script("import sys; print(sys.argv[1:])")
    assert cli.text("submit", "--wait", "-q", script, "--", "--lr", "a b") == "['--lr', 'a b']\n"


def test_a_script_is_found_in_the_folder_that_is_shipped(cli):
    (cli.folder / "lib").mkdir(exist_ok=True)
    cli.script("X = 5", "lib/things.py")
    cli.script("import sys; sys.path.insert(0, '.'); from lib.things import X; print(X)", "go.py")
    assert cli.text("submit", "--wait", "-q", "--source", cli.folder, "go.py") == "5\n"


def test_a_script_that_is_not_there_is_one_sentence(cli):
    said = cli.error("submit", "nowhere.py")
    assert said == f"No script 'nowhere.py' in {cli.folder}."


def test_a_script_outside_the_folder_that_is_shipped_is_refused(cli, tmp_path):
    assert "is not in the folder" in cli.error("submit", "--source", tmp_path, cli.script(""))


def test_dots_do_not_lead_out_of_the_folder_that_is_shipped(cli):
    (cli.folder / "inner").mkdir()
    (cli.folder / "outside.py").touch()
    said = cli.error("submit", "--source", "inner", "../outside.py")
    assert said.startswith("No script 'outside.py'")


def test_a_name_that_no_file_can_have_is_one_sentence(cli):
    assert "cannot be read" in cli.error("submit", "x" * 300)


def test_a_folder_is_no_script(cli):
    assert "is a folder" in cli.error("submit", cli.folder)


def test_a_device_is_no_script(cli):
    assert "a run needs a file" in cli.error("submit", "/dev/null")


def test_a_script_with_a_syntax_error_is_refused_in_one_sentence(cli):
    assert len(cli.error("submit", cli.script("def (")).splitlines()) == 1


def test_the_service_says_why_a_request_cannot_be_met(cli):
    assert "1000 GPUs" in cli.error("submit", "--gpus", "1000", cli.script("")).replace(",", "")


# logs


def test_logs_prints_what_the_run_printed_byte_for_byte(cli):
    assert cli("logs", str(cli.run(BINARY))).stdout == bytes(range(256)) * 3


def test_logs_prints_from_a_byte_on(cli):
    assert cli.text("logs", "--offset", "3", str(cli.run("print('abcdef')"))) == "def\n"


@pytest.mark.parametrize("ending", ["", "\n"])
def test_logs_prints_the_last_lines(cli, ending):
    number = cli.run(f"print(*range(100_000), sep='\\n', end={ending!r})")
    assert cli.text("logs", "--tail", "3", str(number)) == f"99997\n99998\n99999{ending}"


def test_a_tail_longer_than_the_log_is_all_of_it(cli):
    assert cli.text("logs", "--tail", "9", str(cli.run("print('a\\nb')"))) == "a\nb\n"


def test_a_tail_of_no_lines_is_empty(cli):
    assert cli.text("logs", "--tail", "0", str(cli.run("print('a')"))) == ""


def test_logs_prints_another_file_of_the_run(cli):
    number = cli.run(
        "import os; os.makedirs('logs', exist_ok=True); open('logs/a b.txt', 'w').write('x')"
    )
    assert cli.text("logs", "--file", "logs/a b.txt", str(number)) == "x"


def test_logs_of_a_file_that_is_not_there_names_it(cli):
    number = str(cli.run(""))
    assert "'logs/typo'" in cli.error("logs", "--file", "logs/typo", number)
    assert "'logs/typo'" in cli.error("logs", "-f", "--file", "logs/typo", number)


def test_logs_of_a_run_that_has_not_started_says_why(cli):
    holder = cli.submit(SLEEP, "--cpus", str(os.cpu_count()), "--name", "holder")
    waiting = cli.submit("", "--cpus", "1")
    done = cli("logs", str(waiting))
    cli("cancel", str(holder), str(waiting))
    cli.ended(holder)
    said = done.stderr.decode()
    assert said.startswith(f"project #{waiting} has printed nothing: Queued, waiting for 1 CPU")


def test_following_logs_goes_on_until_the_run_has_ended(cli):
    go = cli.folder / "go"
    waits = (
        "import os, time\nprint('up', flush=True)\n"
        f"while not os.path.exists({str(go)!r}): time.sleep(0.01)\nprint('down')"
    )
    number = cli.submit(waits)
    with cli.start("logs", "-f", str(number)) as watching:
        assert watching.stdout.readline() == b"up\n"
        go.touch()
        rest, _ = watching.communicate(timeout=20)
    assert (rest, watching.returncode) == (b"down\n", 0)


def test_an_interrupt_ends_the_watching_and_not_the_run(cli):
    number = cli.submit(SLEEP)
    with cli.start("logs", "-f", str(number)) as watching:
        assert watching.stdout.readline() == b"up\n"
        watching.send_signal(signal.SIGINT)
        _, said = watching.communicate(timeout=20)
    assert watching.returncode == 130
    assert said.decode().strip() == (
        f"Stopped watching project #{number}; it goes on. `jupyter mltrain logs -f {number}` "
        f"shows it again, `jupyter mltrain cancel {number}` ends it."
    )
    assert cli.json("show", str(number))["run"]["state"] == "Running"
    cli("cancel", str(number))


def test_a_run_that_is_cancelled_while_it_is_waited_for_has_the_status_of_an_interrupt(cli):
    with cli.start("submit", "--wait", "--name", "ended", cli.script(SLEEP)) as waiting:
        assert waiting.stdout.readline() == b"up\n"
        assert "Canceling" in cli.text("cancel", "ended")
        waiting.communicate(timeout=20)
    assert waiting.returncode == 130


def test_a_reader_that_has_gone_is_no_traceback(cli):
    number = cli.run("print('x\\n' * 200_000)")
    with cli.start("logs", str(number)) as printing:
        head = subprocess.run(["head", "-n", "1"], stdin=printing.stdout, capture_output=True)
        printing.stdout.close()
        said = printing.stderr.read()
    assert (head.stdout, said) == (b"x\n", b"")


def test_what_a_script_prints_does_not_act_on_a_terminal(cli):
    number = cli.run(r"print('\x1b]0;title\x07\x1b[31mred\x1b[0m\x1b[2Jend')")
    terminal = cli.terminal("logs", str(number))
    terminal.expect(pexpect.EOF)
    terminal.close()
    assert terminal.before.startswith(b"\x1b[31mred\x1b[0mend\r\n")


def test_the_interpreter_can_be_chosen(cli):
    script = cli.script("import sys; print(sys.executable)")
    assert cli.text("submit", "--wait", "-q", "--python", sys.executable, script).strip()
    assert "No interpreter '/nowhere'" in cli.error("submit", "--python", "/nowhere", script)


def a_notebook(cli, *sources):
    empty = {"cell_type": "code", "metadata": {}, "outputs": [], "execution_count": None}
    cells = [{**empty, "source": source} for source in sources]
    whole = {"nbformat": 4, "nbformat_minor": 4, "metadata": {}, "cells": cells}
    (cli.folder / "explore.ipynb").write_text(json.dumps(whole))
    return "explore.ipynb"


def test_a_notebook_is_executed_with_its_parameters(cli):
    notebook = a_notebook(cli, "print('lr', lr)", "raise SystemExit(3)", "print('never')")
    submit = ("submit", "--wait", "-q", "--name", "explore", notebook, "--lr", "0.01")
    said = cli.text(*submit, status=3).splitlines()
    assert "lr 0.01" in said
    assert "never" not in said
    cli("get", "explore", "outputs/explore.ipynb")
    kept = json.loads((cli.folder / "outputs" / "explore.ipynb").read_text())
    assert kept["cells"][1]["outputs"][0]["text"] == ["lr 0.01\n"]


def test_arguments_that_no_notebook_can_take_are_refused(cli):
    said = cli.error("submit", a_notebook(cli, "1"), "data.csv")
    assert "'data.csv' has no name" in said
