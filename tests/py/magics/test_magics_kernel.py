"""``%%train`` in a real kernel, as any front end shows it."""

from __future__ import annotations

import re
from itertools import pairwise
from pathlib import Path

import pytest
from magics_shells import Kernel

from jupyter_mltrain.client import Client
from jupyter_mltrain.magics.card_bundle import MIME

pytestmark = pytest.mark.slow


def test_a_cell_runs_and_its_variable_comes_back(kernel: Kernel) -> None:
    outcome = kernel.run(
        "%%train --name digits --arg C=0.5 --arg epochs=3 -o model\n"
        "model = {'C': C, 'epochs': epochs}\n"
    )
    assert outcome.status == "ok"
    assert kernel.value("model") == "{'C': 0.5, 'epochs': 3}"
    assert "model: dict of 2" in outcome.text


def test_the_card_shows_output_and_ends_with_the_summary(kernel: Kernel) -> None:
    outcome = kernel.run("%%train --name digits\nprint('epoch 1')\n")
    first, *rest = outcome.card.splitlines()
    assert re.fullmatch(r"✓ Completed  digits #\d+  0:\d\d", first)
    assert rest == ["epoch 1"]


def test_metrics_and_outputs_are_in_the_last_card(kernel: Kernel) -> None:
    outcome = kernel.run(
        "%%train --name digits\n"
        "from azureml.core import Run\n"
        "Run.get_context().log('accuracy', 0.97416)\n"
        "open('outputs/model.txt', 'w').write('x' * 1200)\n"
    )
    assert "· accuracy 0.974 · 1 output, 1.2 kB" in outcome.card
    assert "outputs  model.txt 1.2 kB" in outcome.card


def test_the_card_is_one_display_updated_at_most_four_times_a_second(kernel: Kernel) -> None:
    outcome = kernel.run(
        "%%train\nimport time\nfor i in range(60):\n    print(i)\n    time.sleep(0.02)\n"
    )
    ids = {content["transient"]["display_id"] for content in outcome.displays}
    assert len(ids) == 1
    gaps = [after - before for before, after in pairwise(outcome.times[:-1])]
    assert len(gaps) >= 3
    assert sum(gap < 0.2 for gap in gaps) == 0
    assert outcome.card.endswith("58\n59")


def test_a_progress_bar_is_folded(kernel: Kernel) -> None:
    outcome = kernel.run(
        "%%train\nimport sys\nfor i in range(50):\n    sys.stdout.write(f'\\r{i}%')\nprint()\n"
    )
    assert outcome.card.splitlines()[1:] == ["49%"]


def test_no_control_character_but_colours_reaches_the_notebook(kernel: Kernel) -> None:
    outcome = kernel.run(
        "%%train\nimport sys\nb = sys.stdout.buffer\n"
        "b.write(bytes(range(256)) + b'\\x1b[31mred\\x1b[0m')\n"
    )
    left = re.sub(r"\x1b\[[0-9;]*m", "", outcome.card)
    assert not re.search(r"[\x00-\x08\x0b-\x1f\x7f-\x9f]", left)
    assert "\x1b[31mred\x1b[0m" in outcome.card


def test_quiet_shows_the_ending_alone(kernel: Kernel) -> None:
    outcome = kernel.run("%%train --quiet\nprint('noise')\n")
    assert "noise" not in "".join(outcome.cards)
    assert "✓ Completed" in outcome.card


def test_a_figure_is_shown_under_the_cell(kernel: Kernel) -> None:
    outcome = kernel.run(
        "%%train\nimport matplotlib.pyplot as plt\nplt.plot([1, 2])\nplt.show()\nplt.plot([1])\n"
    )
    pictures = [c["data"] for c in outcome.displays if "image/png" in c["data"]]
    assert len(pictures) == 2


def test_a_failed_run_fails_the_cell_with_one_sentence(kernel: Kernel) -> None:
    outcome = kernel.run("%%train --name digits\n\nraise ValueError('no data')\n")
    assert outcome.status == "error"
    assert outcome.errors[0]["ename"] == "RunFailed"
    assert re.fullmatch(
        r"digits #\d+ failed: ValueError: no data \(cell line 3\)\.", outcome.shown_error
    )
    assert "✗ Failed" in outcome.card


def test_a_run_over_its_limit_fails_the_cell_too(kernel: Kernel) -> None:
    outcome = kernel.run("%%train --name slow --timeout 0.2\nimport time\ntime.sleep(600)\n")
    assert outcome.status == "error"
    assert re.fullmatch(r"slow #\d+ canceled: over its limit of 0\.2 s", outcome.shown_error)


def test_a_refused_submit_fails_the_cell_with_one_sentence(kernel: Kernel) -> None:
    outcome = kernel.run("%%train --gpus 1000\nprint(1)\n")
    assert outcome.status == "error"
    assert len(outcome.shown_error.splitlines()) == 1
    assert "1000 GPUs" in outcome.shown_error


def test_interrupting_stops_the_watching_and_not_the_run(kernel: Kernel, client: Client) -> None:
    outcome = kernel.run(
        "%%train --name long -o answer\n"
        "import pathlib, time\n"
        "print('begun', flush=True)\n"
        "while not pathlib.Path('outputs/end').exists():\n"
        "    time.sleep(0.01)\n"
        "answer = 42\n",
        interrupt_at="begun",
    )
    found = re.search(r"Stopped watching long #(\d+); it goes on\.", outcome.text)
    assert found
    assert outcome.status == "ok"
    run = client.get(found[1])
    assert not run.state.final
    (client.directory / "runs" / run.id / "work" / "outputs" / "end").touch()
    assert kernel.value("_run.variables()") == "{'answer': 42}"


def test_interrupting_works_while_the_run_waits(kernel: Kernel, client: Client) -> None:
    whole = client.computes()[0].capacity.cpus
    holder = kernel.run(
        f"%%train --name holder --cpus {whole} --background\nimport time\ntime.sleep(600)\n"
    )
    number = re.search(r"holder #(\d+)", holder.text)
    assert number
    try:
        outcome = kernel.run(
            f"%%train --name next --cpus {whole}\nprint(1)\n",
            interrupt_at="○ Queued",
        )
        assert "Stopped watching next #" in outcome.text
        assert f"holder #{number[1]}" in outcome.card, "the reason why it waits"
        kernel.run("%run_cancel next")
    finally:
        kernel.run(f"%run_cancel {number[1]}")
    kernel.run(f"%run_logs {number[1]} -f")


def test_in_the_background_the_cell_returns_at_once(kernel: Kernel) -> None:
    outcome = kernel.run("%%train --name later --background -o x\nx = [1, 2]\n")
    assert outcome.status == "ok"
    assert "`_run.variables()` brings x" in outcome.text
    assert kernel.value("_run.variables()") == "{'x': [1, 2]}"


def test_a_failure_in_the_background_fails_no_cell(kernel: Kernel) -> None:
    assert kernel.run("%%train --background\n1/0\n").status == "ok"
    assert kernel.value("_run.wait_for_completion(raise_on_error=False)['status']") == "'Failed'"


def test_a_data_frame_travels_in_and_out(kernel: Kernel) -> None:
    kernel.run("import pandas as pd\ndf = pd.DataFrame({'a': [1, 2, 3]})")
    outcome = kernel.run("%%train -i df -o doubled\ndoubled = df * 2\n")
    assert outcome.status == "ok"
    assert "doubled: DataFrame 3 x 1" in outcome.text
    assert kernel.value("doubled['a'].tolist()") == "[2, 4, 6]"


def test_a_local_module_travels_with_the_cell(kernel: Kernel, folder: Path) -> None:
    (folder / "helper.py").write_text("from deep import value\n")
    (folder / "deep.py").write_text("value = 7\n")
    (folder / "other.py").write_text("raise SystemExit('not asked for')\n")
    outcome = kernel.run(
        "%%train -o found, here\nimport os, helper\nfound = helper.value\nhere = os.listdir()\n"
    )
    assert outcome.status == "ok"
    assert kernel.value("found") == "7"
    assert "other.py" not in kernel.value("here")


def test_a_source_folder_travels_whole(kernel: Kernel, folder: Path) -> None:
    (folder / "src").mkdir()
    (folder / "src" / "data.txt").write_text("seven")
    outcome = kernel.run("%%train --source src\nprint(open('data.txt').read())\n")
    assert outcome.card.splitlines()[1] == "seven"


def test_a_notebook_variable_that_was_not_carried_is_named(kernel: Kernel) -> None:
    kernel.run("df = 1")
    outcome = kernel.run("%%train\nprint(df)\n")
    assert "df is a variable of this notebook, not of the run: add -i df." in outcome.text


def test_a_script_runs_with_its_arguments(kernel: Kernel, folder: Path) -> None:
    (folder / "train.py").write_text("import sys\nprint(sys.argv[1:])\n")
    outcome = kernel.run("%train train.py --arg lr=0.1 -- --epochs 3")
    assert outcome.card.splitlines()[1] == "['--lr', '0.1', '--epochs', '3']"


def test_logs_of_a_file_are_followed(kernel: Kernel) -> None:
    kernel.run("%%train --name logged\nopen('logs/a.txt', 'w').write('one\\ntwo\\nthree\\n')\n")
    assert kernel.run("%run_logs logged --file logs/a.txt --tail 2").text == "two\nthree\n"
    followed = kernel.run("%run_logs logged -f --file logs/a.txt")
    assert followed.card.splitlines()[1:4] == ["one", "two", "three"]


def test_tab_offers_what_the_service_knows(kernel: Kernel) -> None:
    kernel.run("%%train --name tabbed --experiment tabs\n1\n")
    assert kernel.complete("%%train --compute ") == ["local"]
    assert kernel.complete("%runs --experiment ta") == ["tabs"]
    assert kernel.complete("%runs --state=Fa") == ["Failed"]
    assert "tabbed" in kernel.complete("%run_logs tab")


def test_tab_offers_options_scripts_and_variables(kernel: Kernel, folder: Path) -> None:
    (folder / "train.py").touch()
    (folder / "src").mkdir()
    (folder / "src" / "other.py").touch()
    (folder / "notes.txt").touch()
    kernel.run("weights = 1\nimport json")
    assert kernel.complete("%%train --ti") == ["--timeout"]
    assert kernel.complete("%train --gpus 1 --qu") == ["--quiet"]
    assert kernel.complete("%train tr") == ["train.py"]
    assert kernel.complete("%train src/o") == ["src/other.py"]
    assert kernel.complete("%%train --source s") == ["src/"]
    assert kernel.complete("%%train -i wei") == ["weights"]
    assert kernel.complete("%%train -o json,wei") == ["weights"]


def test_the_card_is_a_run_for_the_page_and_text_for_everyone_else(kernel: Kernel) -> None:
    outcome = kernel.run(
        "%%train --name card --env TOKEN=secret --tag kind=try\n"
        "for i in range(30): open(f'outputs/{i:02}.txt', 'w').close()\n"
    )
    first, last = outcome.displays[0]["data"], outcome.displays[-1]["data"]
    assert set(first) == set(last) == {MIME, "text/plain"}
    assert first[MIME]["run"]["id"] == last[MIME]["run"]["id"]
    assert last[MIME]["run"]["state"] == "Completed"
    assert last[MIME]["run"]["tags"] == {"kind": "try"}
    assert last[MIME]["workspace_id"] == last[MIME]["run"]["workspace_id"] != ""
    assert len(last[MIME]["files"]) == 20
    assert "secret" not in str(outcome.displays)


def test_in_the_background_there_is_a_card_as_well(kernel: Kernel) -> None:
    outcome = kernel.run("%%train --name aside --background\n1\n")
    assert [set(each["data"]) for each in outcome.displays] == [{MIME, "text/plain"}]
    kernel.run("_run.wait_for_completion()")


def test_blank_lines_above_the_magic_count(kernel: Kernel) -> None:
    outcome = kernel.run("\n  \n%%train --name shifted\n\nraise ValueError('no data')\n")
    assert outcome.shown_error.endswith("(cell line 5).")
    outcome = kernel.run("\n\n%%train\nx = 1\n!ls\n")
    assert "Cell line 5:" in outcome.shown_error


def test_the_cards_text_has_the_latest_metrics_while_it_goes_on(kernel: Kernel) -> None:
    outcome = kernel.run(
        "%%train --name measured\n"
        "import pathlib, time\n"
        "from azureml.core import Run\n"
        "run = Run.get_context()\n"
        "run.log('loss', 0.5); run.log('loss', 0.31234)\n"
        "print('begun', flush=True)\n"
        "while not pathlib.Path('outputs/end').exists():\n    time.sleep(0.01)\n",
        interrupt_at="loss 0.312",
    )
    kernel.run("%run_cancel measured")
    assert outcome.interruptions == 1
    assert "\nloss 0.312\n" in outcome.cards[-1] + "\n"
