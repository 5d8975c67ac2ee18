"""What the command line understands, without a service."""

from __future__ import annotations

import argparse
import subprocess
import sys

import pytest

from jupyter_mltrain.cli import main, parser
from jupyter_mltrain.cli.parser import make_parser
from jupyter_mltrain.cli.submit import request_of
from jupyter_mltrain.errors import InvalidSpec

COMMANDS = ("submit", "ls", "show", "logs", "cancel", "get", "rm", "gc", "status", "demo")
GROUPS = {
    "environments": ("ls", "show", "build", "rm", "reclaim", "why"),
    "compute": ("ls", "show", "create", "update", "add", "rm"),
}
ACTIONS = [(group, action) for group, actions in GROUPS.items() for action in actions]


def parse(*words: str) -> argparse.Namespace:
    return make_parser().parse_args(words)


@pytest.mark.parametrize("command", COMMANDS)
def test_the_help_of_every_command_has_an_example(command, capsys):
    assert main([command, "--help"]) == 0
    assert f"\n  jupyter mltrain {command}" in capsys.readouterr().out.partition("example")[2]


def test_the_help_names_every_command(capsys):
    assert main(["--help"]) == 0
    shown = capsys.readouterr().out
    assert all(f"\n    {command} " in shown for command in (*COMMANDS, *GROUPS))


@pytest.mark.parametrize(("group", "action"), ACTIONS, ids=" ".join)
def test_the_help_of_every_action_has_an_example(group, action, capsys):
    assert main([group, action, "--help"]) == 0
    shown = capsys.readouterr().out.partition("example")[2]
    assert f"\n  jupyter mltrain {group} {action}" in shown


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
        (("submit", "--env", "=1", "x.py"), "neither NAME=VALUE"),
        (("environments",), "ACTION"),
        (("environments", "build"), "NAME[:VERSION]"),
        (("environments", "build", "a", "--env", "b"), "--env"),
        (("compute", "add", "gpu-box"), "URL"),
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


@pytest.fixture
def train(tmp_path, monkeypatch):
    """A folder with a script, which is the current one."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "train.py").touch()
    return tmp_path


def test_a_submit_may_name_a_registered_environment(train):
    request = request_of(parse("submit", "--env", "mine:2", "--env", "A=1", "train.py"))
    assert (request.environment, request.spec.variables) == ("mine:2", {"A": "1"})


def test_a_submit_in_an_image_asks_for_a_container(train):
    image = request_of(parse("submit", "--image", "team/torch:2.8", "train.py")).spec.environment
    assert (image.name, image.image.image, image.packages) == ("torch", "team/torch:2.8", None)


def test_packages_of_a_submit_are_installed_into_its_image(train):
    spec = request_of(
        parse("submit", "--image", "debian", "--pip", "rich attrs", "train.py")
    ).spec.environment
    assert spec.image.image == "debian"
    assert spec.packages.pip == ("rich", "attrs")


def test_a_conda_file_of_a_submit_is_what_is_installed(train):
    (train / "digits.yml").write_text("dependencies: [python=3.11, scikit-learn, pip]\n")
    spec = request_of(parse("submit", "--conda", "digits.yml", "train.py")).spec.environment
    assert (spec.name, spec.image, spec.packages.conda) == ("digits", None, ("scikit-learn",))


def test_a_dockerfile_of_a_submit_copies_from_its_folder(train):
    (train / "Dockerfile").write_text("FROM debian\nCOPY train.py /\n")
    image = request_of(parse("submit", "--dockerfile", "Dockerfile", "train.py"))
    assert image.spec.environment.image.dockerfile == "FROM debian\nCOPY train.py /\n"
    assert image.spec.environment.image.context == str(train)


@pytest.mark.parametrize(
    "words",
    [
        ("--env", "a", "--env", "b"),
        ("--env", "a", "--image", "debian"),
        ("--image", "debian", "--dockerfile", "Dockerfile"),
        ("--python", sys.executable, "--pip", "rich"),
        ("--conda", "not-there.yml"),
    ],
    ids=" ".join,
)
def test_environments_that_exclude_each_other_are_refused_in_a_sentence(words, train):
    with pytest.raises(InvalidSpec, match=r"\.\Z"):
        request_of(parse("submit", *words, "train.py"))


def test_a_tag_without_a_value_is_a_key_alone():
    assert parser.tags(["kept", "lr=0.1", "a=b=c"]) == {"kept": None, "lr": "0.1", "a": "b=c"}


def test_options_of_a_submit_become_its_request(tmp_path):
    script = tmp_path / "my folder!" / "train.py"
    script.parent.mkdir()
    script.touch()
    request = request_of(
        parse(
            *("submit", "--cpus", "2", "--gpus", "1", "--memory", "4GB", "--timeout", "10m"),
            *("--env", "A=1=2", "--env", "MODE=", "--priority", "3", "--tag", "k=v", "--force"),
            *("--python", sys.executable, "--compute", "big", "--name", "night", str(script)),
        )
    )
    spec = request.spec
    assert spec.experiment == "my-folder"
    assert (spec.script, spec.name, spec.compute) == ("train.py", "night", "big")
    assert (spec.resources.cpus, spec.resources.gpus) == (2, 1)
    assert spec.resources.memory_bytes == 4 * 1024**3
    assert (spec.timeout_s, spec.priority) == (600, 3)
    assert spec.variables == {"A": "1=2", "MODE": ""}
    assert spec.environment.interpreter == sys.executable
    assert request.source.directory == str(script.parent)
    assert (request.tags, request.force) == ({"k": "v"}, True)
