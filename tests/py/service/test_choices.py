"""The arguments of scripts and notebooks, as a form asks for them."""

from __future__ import annotations

from pathlib import Path

import pytest
from test_notebooks import a_notebook, tagged

from jupyter_mltrain.errors import InvalidSpec
from jupyter_mltrain.service.choices import read
from jupyter_mltrain.wire import ArgumentChoice, ArgumentsRequest


def of_script(*calls: str) -> tuple[ArgumentChoice, ...]:
    lines = ["import argparse", "parser = argparse.ArgumentParser()"]
    lines += [f"parser.add_argument({call})" for call in calls]
    text = "\n".join([*lines, "parser.parse_args()"])
    return read(ArgumentsRequest(text=text)).arguments


def one(call: str) -> ArgumentChoice:
    (argument,) = of_script(call)
    return argument


def of_notebook(parameters: str) -> dict[str, ArgumentChoice]:
    text = a_notebook("import os", tagged("parameters", parameters))
    return {found.name: found for found in read(ArgumentsRequest(text=text)).arguments}


def test_an_option_comes_with_everything_a_form_needs() -> None:
    assert one("'-l', '--lr', type=float, default=0.1, help='rate (%(default)s)'") == (
        ArgumentChoice(
            name="--lr",
            positional=False,
            required=False,
            type="float",
            default="0.1",
            help="rate (0.1)",
        )
    )


def test_a_positional_argument_is_required_unless_it_may_be_left_out() -> None:
    first, second = of_script("'data'", "'target', nargs='?', type=int")
    assert (first.name, first.positional, first.required) == ("data", True, True)
    assert (second.positional, second.required, second.type) == (True, False, "int")


@pytest.mark.parametrize(
    "how",
    [
        "action='store_true'",
        "action='store_false'",
        "action=argparse.BooleanOptionalAction",
        "action='count'",
        "action='store_const', const=1",
    ],
)
def test_what_takes_no_value_is_a_flag(how: str) -> None:
    assert one(f"'--verbose', {how}").type == "flag"


def test_choices_are_texts() -> None:
    assert one("'--size', type=int, choices=[1, 2]").choices == ("1", "2")


@pytest.mark.parametrize("how", ["nargs='+'", "nargs='*'", "nargs=2", "action='append'"])
def test_what_takes_several_values_is_repeated(how: str) -> None:
    assert one(f"'--sizes', {how}").repeated


def test_a_default_of_several_values_is_as_one_types_it() -> None:
    assert one("'--names', nargs='+', default=['a', 'b c']").default == "a 'b c'"


def test_what_only_prints_is_left_out() -> None:
    assert of_script("'--version', action='version', version='1'") == ()


@pytest.mark.parametrize("text", ["print(1)", "x = (", "{not json", ""])
def test_a_script_without_arguments_has_none(text: str) -> None:
    assert read(ArgumentsRequest(text=text)).arguments == ()


def test_a_script_in_a_folder_is_read(tmp_path: Path) -> None:
    (tmp_path / "train.py").write_text(
        "import argparse\np = argparse.ArgumentParser()\np.add_argument('x')\n"
    )
    request = ArgumentsRequest(directory=str(tmp_path), script="train.py")
    assert [found.name for found in read(request).arguments] == ["x"]


def test_a_script_that_is_not_there_is_named(tmp_path: Path) -> None:
    request = ArgumentsRequest(directory=str(tmp_path), script="train.py")
    with pytest.raises(InvalidSpec, match=r"train\.py cannot be read: No such file"):
        read(request)


def test_the_cell_tagged_parameters_gives_a_notebooks_arguments() -> None:
    found = of_notebook("lr: float = 0.1  # learning rate\nepochs = 3\nname = 'a b'\nx = epochs")
    assert list(found) == ["--lr", "--epochs", "--name"]
    assert (found["--lr"].type, found["--lr"].default) == ("float", "0.1")
    assert found["--lr"].help == "learning rate"
    assert (found["--epochs"].type, found["--epochs"].default) == ("int", "3")
    assert (found["--name"].type, found["--name"].default) == ("text", "a b")


def test_a_parameter_that_is_false_is_a_flag_and_one_that_is_true_a_choice() -> None:
    found = of_notebook("fast = False\nshuffle = True")
    assert (found["--fast"].type, found["--fast"].choices) == ("flag", ())
    assert (found["--shuffle"].type, found["--shuffle"].choices) == ("text", ("True", "False"))


def test_a_parameter_that_is_no_plain_value_is_text() -> None:
    assert of_notebook("sizes = [1, 2]")["--sizes"].default == "[1, 2]"


def test_a_notebook_without_parameters_asks_for_nothing() -> None:
    assert read(ArgumentsRequest(text=a_notebook("x = 1"))).arguments == ()
