"""Arguments and files that a script asks for in literal code."""

from __future__ import annotations

import ast

import pytest

from jupyter_mltrain.service.arguments import (
    Argument,
    argument_problems,
    arguments_of,
    files_read,
    read_parser,
)


def a_script(*calls: str, parse: str = "p.parse_args()", make: str = "ArgumentParser()") -> str:
    lines = ["import argparse", f"p = argparse.{make}", *calls, parse]
    return "\n".join(lines) + "\n"


def problems(script: str, *arguments: str) -> tuple[str, ...]:
    parser = read_parser(ast.parse(script))
    return argument_problems(parser, arguments, "train.py") if parser is not None else ()


def reads(script: str) -> list[tuple[str, int]]:
    return [(use.name, use.line) for use in files_read(ast.parse(script))]


def test_literal_arguments_are_read_in_order() -> None:
    script = a_script(
        "p.add_argument('data', help='where')",
        "g = p.add_argument_group('training')",
        "g.add_argument('--rate', '-r', type=float, default=0.1, dest='lr')",
        "p.add_argument('--mode', choices=['a', 'b'], required=True)",
        "p.add_argument('--flag', action='store_true')",
        "p.add_argument('--odd', type=lambda s: s, default=compute(), nargs='+')",
    )
    assert arguments_of(script) == (
        Argument(names=("data",), required=True, help="where"),
        Argument(names=("--rate", "-r"), required=False, default=0.1, type_name="float", dest="lr"),
        Argument(names=("--mode",), required=True, choices=("a", "b")),
        Argument(names=("--flag",), required=False, action="store_true"),
        Argument(names=("--odd",), required=False, type_name="lambda s: s", nargs="+"),
    )


def test_positional_arguments_know_that_they_are() -> None:
    data, rate = arguments_of(a_script("p.add_argument('data')", "p.add_argument('--rate')"))
    assert (data.positional, rate.positional) == (True, False)


@pytest.mark.parametrize(
    "script",
    [
        "",
        "def f(:",
        "x = 1\0",
        "(" * 500,
        "import argparse\np = argparse.ArgumentParser()\nq = argparse.ArgumentParser()\n"
        "p.add_argument('--x')",
        a_script("s = p.add_subparsers()", "s.add_parser('a').add_argument('--x')"),
        "p.add_argument('--x')",
    ],
)
def test_where_there_is_no_one_parser_there_are_no_arguments(script: str) -> None:
    assert arguments_of(script) == ()


@pytest.mark.parametrize(
    "begin",
    [
        "import argparse\np = argparse.ArgumentParser('x')",
        "import argparse as ap\np = ap.ArgumentParser()",
        "from argparse import ArgumentParser\np = ArgumentParser()",
        "from argparse import ArgumentParser as P\np = P()",
    ],
)
def test_a_parser_is_found_under_any_name(begin: str) -> None:
    assert problems(f"{begin}\np.add_argument('--x', required=True)\np.parse_args()\n")


def test_all_missing_arguments_are_named_at_once() -> None:
    script = a_script(
        "p.add_argument('out')",
        "p.add_argument('--data-path', '-d', required=True)",
        "p.add_argument('--lr', required=True)",
        "p.add_argument('rest', nargs='*')",
    )
    assert problems(script, "--lr", "1", "x") == (
        "train.py requires --data-path/-d, which is not among the arguments.",
    )
    assert problems(script) == (
        "train.py requires out, --data-path/-d and --lr, which are not among the arguments.",
    )


@pytest.mark.parametrize(
    "arguments",
    [
        ["--learning-rate", "0.1"],
        ["--learning-rate=0.1"],
        ["--learn", "0.1"],
        ["-l0.1"],
        ["--verbose", "--no-shuffle"],
        [],
        ["-h", "--whatever"],
    ],
)
def test_arguments_are_understood_as_argparse_does(arguments: list[str]) -> None:
    script = a_script(
        "p.add_argument('--learning-rate', '-l', type=float)",
        "p.add_argument('--verbose', action='count')",
        "p.add_argument('--shuffle', action=argparse.BooleanOptionalAction)",
    )
    assert problems(script, *arguments) == ()


def test_an_argument_that_is_not_defined_is_named() -> None:
    script = a_script("p.add_argument('--lr')")
    assert problems(script, "--lrr", "1") == ("train.py does not define these arguments: --lrr 1.",)


def test_a_missing_and_an_unknown_argument_are_both_told() -> None:
    script = a_script("p.add_argument('--lr', required=True)")
    assert problems(script, "--rate=1") == (
        "train.py requires --lr, which is not among the arguments.",
        "train.py does not define these arguments: --rate=1.",
    )


def test_abbreviations_can_be_switched_off() -> None:
    script = a_script("p.add_argument('--rate')", make="ArgumentParser(allow_abbrev=False)")
    assert problems(script, "--ra", "1") == ("train.py does not define these arguments: --ra 1.",)


def test_a_wrong_choice_and_a_wrong_number_are_named() -> None:
    script = a_script(
        "p.add_argument('--mode', choices=('a', 'b'))", "p.add_argument('--n', type=int)"
    )
    (choice,) = problems(script, "--mode", "c")
    assert choice.startswith("train.py does not accept its arguments: argument --mode: invalid")
    (number,) = problems(script, "--n", "1.5")
    assert number == (
        "train.py does not accept its arguments: argument --n: invalid int value: '1.5'."
    )


def test_a_parser_that_leaves_the_rest_to_others_defines_it_all() -> None:
    script = a_script("p.add_argument('--lr', required=True)", parse="p.parse_known_args()")
    assert problems(script, "--lr", "1", "--other", "2") == ()
    assert problems(script, "--other", "2") == (
        "train.py requires --lr, which is not among the arguments.",
    )


@pytest.mark.parametrize(
    "script",
    [
        a_script("p.add_argument('--x', required=True)", parse="p.parse_args(['--x', '1'])"),
        a_script("p.add_argument('--x', required=True)", parse=""),
        a_script("p.add_argument(name, required=True)"),
        a_script("p.add_argument('--x', **more)"),
        a_script("p.add_argument('--x', action=MyAction)"),
        a_script("p.add_argument('--x', nargs=count)"),
        a_script("from lib import add_more", "add_more(p)"),
        a_script("import sys", "sys.argv = ['x', '--x']", "p.add_argument('--x', required=True)"),
        a_script("p.add_argument('--x', required=True)", make="ArgumentParser(parents=[q])"),
        a_script("p.add_argument('--x', required=os.name == 'nt')"),
        a_script("p.add_argument('x', default=1, nargs='?')"),
    ],
)
def test_what_is_computed_is_not_reported(script: str) -> None:
    given = [] if "required" in script else ["--y"]
    if "default=1" in script:
        given = []
    assert problems(script, *given) == ()


def test_a_parser_passed_on_within_the_script_is_known_all_the_same() -> None:
    script = a_script("def more(q):\n    q.add_argument('--x', required=True)", "more(p)")
    assert problems(script) == ("train.py requires --x, which is not among the arguments.",)


def test_definitions_that_argparse_itself_refuses_are_left_to_it() -> None:
    assert problems(a_script("p.add_argument('--x')", "p.add_argument('--x')"), "--y") == ()


@pytest.mark.parametrize(
    "call",
    [
        "open('data.csv')",
        "open('data.csv', 'rb')",
        "open('data.csv', mode='r')",
        "json.load(open('data.csv'))",
        "pathlib.Path('data.csv').read_text()",
        "Path('data.csv').read_bytes()",
        "Path('data.csv').open()",
        "pd.read_csv('data.csv', sep=';')",
        "np.load('data.csv')",
        "np.loadtxt('data.csv')",
        "joblib.load('data.csv')",
        "torch.load('data.csv')",
        "Image.open('data.csv')",
        "gzip.open('data.csv')",
    ],
)
def test_reading_by_a_literal_name_is_seen(call: str) -> None:
    imports = "import gzip, json, joblib, pathlib, torch\nimport numpy as np, pandas as pd\n"
    imports += "from pathlib import Path\nfrom PIL import Image\n"
    assert reads(f"{imports}def f():\n    return {call}\n") == [("data.csv", 6)]


@pytest.mark.parametrize(
    "script",
    [
        "open('data.csv', 'w')",
        "open('data.csv', 'r+')",
        "open('data.csv', mode)",
        "open(name)",
        "open(f'{x}.csv')",
        "open('/data.csv')",
        "open('~/data.csv')",
        "open('outputs/model.bin')",
        "open('./logs/x')",
        "import pandas as pd\npd.read_csv('https://x.org/data.csv')",
        "open('')",
        "open(3)",
        "open()",
        "open('.')",
        "try:\n    open('data.csv')\nexcept OSError:\n    pass",
        "import os\nif os.path.exists('data.csv'):\n    open('data.csv')",
        "df.to_csv('data.csv')\nopen('data.csv')",
        "MNIST('data', download=True)\nopen('data/x')",
        "import os\nos.chdir('/x')\nopen('data.csv')",
        "def open(x): pass\nopen('data.csv')",
        "shop.open('data.csv')",
        "from shop import open\nopen('data.csv')",
    ],
)
def test_other_uses_of_names_are_no_reads(script: str) -> None:
    assert reads(script) == []


def test_each_file_is_told_once_by_its_first_line() -> None:
    assert reads("open('b')\nopen('./a')\nopen('a')\n") == [("b", 1), ("./a", 2)]


def test_a_file_outside_of_the_source_folder_is_told() -> None:
    assert reads("open('../data.csv')") == [("../data.csv", 1)]
