"""The words of a ``%%train`` line."""

from __future__ import annotations

import argparse

import pytest
from IPython.core.error import UsageError

from jupyter_mltrain.magics import options
from jupyter_mltrain.magics.commands import TrainMagics


def parsed(line: str) -> argparse.Namespace:
    return options.parse(TrainMagics.train_cell, line)


def refusal(line: str) -> str:
    with pytest.raises(UsageError) as caught:
        parsed(line)
    sentence = str(caught.value)
    assert "\n" not in sentence
    assert sentence.endswith((".", "?"))
    return sentence


def test_quotes_hold_words_together() -> None:
    assert parsed("--name 'two words'").name == "two words"


def test_memory_and_time_are_read_with_their_units() -> None:
    given = parsed("--memory '1.5 GiB' --timeout 10m")
    assert (given.memory, given.timeout) == (1_610_612_736, 600.0)


def test_names_are_given_one_by_one_or_in_lists() -> None:
    given = parsed("-i a,b --input c -o x, y -i a")
    assert options.flat(given.input) == ("a", "b", "c")
    assert options.flat(given.output) == ("x", "y")


def test_arguments_become_those_of_a_script() -> None:
    given = parsed("--arg lr=0.1 --arg verbose --arg path=a=b -- --rest 1 --arg z")
    assert options.script_arguments(given) == (
        *("--lr", "0.1", "--verbose", "--path", "a=b"),
        *("--rest", "1", "--arg", "z"),
    )


def test_values_of_arguments_are_literals_where_they_can_be() -> None:
    given = parsed(
        "--arg C=0.5 --arg epochs=20 --arg path=data/x.csv --arg sizes=[1,2] --arg none=None "
        "--arg on=True --arg flag --arg batch-size=8 --arg day=2024-10-12 --arg empty="
    )
    assert options.argument_values(given) == {
        "C": 0.5,
        "epochs": 20,
        "path": "data/x.csv",
        "sizes": [1, 2],
        "none": None,
        "on": True,
        "flag": True,
        "batch_size": 8,
        "day": "2024-10-12",
        "empty": "",
    }


def test_an_argument_that_cannot_be_a_variable_is_none() -> None:
    assert options.argument_values(parsed("--arg lambda=1")) == {}


def test_environment_variables_keep_everything_after_the_first_equals_sign() -> None:
    assert parsed("--env A=b=c --env B=").env == [("A", "b=c"), ("B", "")]


@pytest.mark.parametrize(
    ("line", "says"),
    [
        ("--gpus many", "--gpus: 'many' is not a whole number."),
        ("--memory much", "--memory: 'much' is no size."),
        ("--timeout soon", "--timeout: 'soon' is no length of time."),
        ("--name", "--name needs a value."),
        ("--quiet=yes", "--quiet takes no value."),
        ("--memroy 4GB", "%%train has no option --memroy. Did you mean --memory?"),
        ("--zzz", "%%train has no option --zzz. `%%train?` lists the options."),
        ("train.py", "'train.py' is no option of %%train."),
        ("--name 'open", "A quote is not closed in the line."),
        ("--arg 1x=2", "--arg: '1x=2' is no argument."),
        ("--env =b", "--env: '=b' is neither NAME=VALUE, a variable, nor NAME or NAME:VERSION"),
        ("-i df.a", "-i: 'df.a' is not the name of a variable."),
        ("-o class", "-o: 'class' is not the name of a variable."),
        ("--e 1", "--e could match --experiment, --env, --environment."),
        ("--immage a", "%%train has no option --immage. Did you mean --image?"),
    ],
)
def test_a_wrong_option_gets_one_sentence(line: str, says: str) -> None:
    assert says in refusal(line)


def test_the_environment_is_named_as_everywhere() -> None:
    given = parsed("--env sklearn:3 --env A=1 --image a --dockerfile b --conda c --pip 'd e'")
    assert given.env == ["sklearn:3", ("A", "1")]
    assert (given.image, given.dockerfile, given.conda) == ("a", "b", "c")
    assert given.pip == ["d e"]


def test_a_script_has_to_be_named() -> None:
    with pytest.raises(UsageError, match="%train needs FILE"):
        options.parse(TrainMagics.train, "--name x")


@pytest.mark.parametrize("magic", [TrainMagics.train_cell, TrainMagics.train])
def test_every_option_is_documented(magic: object) -> None:
    for action in magic.parser._actions:  # type: ignore[attr-defined]
        assert action.help, action.dest
        assert action.dest in (magic.__doc__ or "").lower()
    assert "Examples" in (magic.__doc__ or "")
