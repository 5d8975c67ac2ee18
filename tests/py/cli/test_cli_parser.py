"""What the command line understands, without a service."""

from __future__ import annotations

import argparse
import subprocess
import sys

import pytest

from jupyter_mltrain.cli import main, parser
from jupyter_mltrain.cli.parser import make_parser
from jupyter_mltrain.cli.submit import request_of

COMMANDS = ("submit", "ls", "show", "logs", "cancel", "get", "rm", "gc", "status", "demo")


def parse(*words: str) -> argparse.Namespace:
    return make_parser().parse_args(words)


@pytest.mark.parametrize("command", COMMANDS)
def test_the_help_of_every_command_has_an_example(command, capsys):
    assert main([command, "--help"]) == 0
    assert f"\n  jupyter mltrain {command}" in capsys.readouterr().out.partition("example")[2]


def test_the_help_names_every_command(capsys):
    assert main(["--help"]) == 0
    shown = capsys.readouterr().out
    assert all(f"\n    {command} " in shown for command in COMMANDS)


def test_help_is_quick_because_nothing_heavy_is_imported():
    program = (
        "import sys; from jupyter_mltrain.cli import main; main(['--help']);"
        "print(*sys.modules, file=sys.stderr)"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
    loaded = set(done.stderr.split())
    assert not loaded & {"msgspec", "IPython", "tornado", "http.client", "asyncio"}


def test_what_follows_the_script_is_the_scripts(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "train.py").touch()
    arguments = parse("submit", "--wait", "train.py", "--wait", "--json", "-n", "3")
    assert request_of(arguments).spec.arguments == ("--wait", "--json", "-n", "3")
    assert not arguments.json


def test_one_pair_of_dashes_before_the_scripts_arguments_is_not_passed_on(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "train.py").touch()
    arguments = parse("submit", "train.py", "--", "a", "--", "b")
    assert request_of(arguments).spec.arguments == ("a", "--", "b")


@pytest.mark.parametrize(
    "words",
    [("--workspace", "w", "ls"), ("ls", "--workspace", "w")],
    ids=["before the command", "after the command"],
)
def test_the_workspace_may_be_named_before_or_after_the_command(words):
    assert parse(*words).workspace == "w"


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("submit", "--memory", "much", "x.py"), "'much' is no size"),
        (("submit", "--timeout", "soon", "x.py"), "'soon' is no length of time"),
        (("submit", "--env", "MLTRAIN_NOT_SET_HERE", "x.py"), "has no value here"),
        (("ls", "-n", "-1"), "-n"),
        (("gc",), "--older-than"),
        (("gc", "--older-than", "1d", "--keep", "1GB"), "not allowed with"),
        (("nonsense",), "nonsense"),
        ((), "COMMAND"),
    ],
)
def test_a_command_line_that_is_not_understood_is_status_2(words, said, capsys):
    assert main(words) == 2
    assert said in capsys.readouterr().err


def test_a_tag_without_a_value_is_a_key_alone():
    assert parser.tags(["kept", "lr=0.1", "a=b=c"]) == {"kept": None, "lr": "0.1", "a": "b=c"}


def test_options_of_a_submit_become_its_request(tmp_path, monkeypatch):
    monkeypatch.setenv("MODE", "fast")
    script = tmp_path / "my folder!" / "train.py"
    script.parent.mkdir()
    script.touch()
    request = request_of(
        parse(
            *("submit", "--cpus", "2", "--gpus", "1", "--memory", "4GB", "--timeout", "10m"),
            *("--env", "A=1=2", "--env", "MODE", "--priority", "3", "--tag", "k=v", "--force"),
            *("--python", sys.executable, "--compute", "big", "--name", "night", str(script)),
        )
    )
    spec = request.spec
    assert spec.experiment == "my-folder"
    assert (spec.script, spec.name, spec.compute) == ("train.py", "night", "big")
    assert (spec.resources.cpus, spec.resources.gpus) == (2, 1)
    assert spec.resources.memory_bytes == 4 * 1024**3
    assert (spec.timeout_s, spec.priority) == (600, 3)
    assert spec.variables == {"A": "1=2", "MODE": "fast"}
    assert spec.environment.interpreter == sys.executable
    assert request.source.directory == str(script.parent)
    assert (request.tags, request.force) == ({"k": "v"}, True)
