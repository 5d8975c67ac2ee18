"""The run card under a ``%%train`` cell."""

from __future__ import annotations

import zipfile

from browsing import Window
from playwright.sync_api import expect


def test_lines_of_a_cell_are_on_the_page_while_it_runs(window: Window):
    gate = window.place.gate("lines")
    window.open_notebook(
        f"%%train --name lines\nprint('first line')\n{gate.code}\nprint('last line')"
    )
    window.run_cells(2)
    card = window.card("lines")
    card.is_in("Running")
    card.shows("first line")
    card.hides("last line")
    gate.open()
    card.shows("last line")
    card.is_in("Completed")


def test_a_progress_bar_stays_on_one_line(window: Window):
    gate = window.place.gate("bar")
    window.open_notebook(
        "%%train --name bar\nimport sys\n"
        "for percent in range(0, 101, 10):\n"
        "    sys.stdout.write(f'\\r\\x1b[32m{percent:3}%\\x1b[0m done')\n"
        f"sys.stdout.flush()\n{gate.code}"
    )
    window.run_cells(2)
    card = window.card("bar")
    card.shows("100% done")
    card.hides("90% done")
    card.hides("[32m")
    gate.open()
    card.is_in("Completed")


def test_canceling_ends_the_run_and_keeps_what_it_printed(window: Window):
    gate = window.place.gate("never")
    window.open_notebook(f"%%train --name endless\nprint('so far')\n{gate.code}")
    window.run_cells(2)
    card = window.card("endless")
    card.shows("so far")
    card.button("Cancel").click()
    card.is_in("Canceled")
    expect(card.node).to_contain_text("by you")
    card.open_output()
    card.shows("so far")


def test_a_download_has_the_bytes_that_the_run_wrote(window: Window):
    contents = bytes(range(256)) * 1_000
    window.open_notebook(
        "%%train --name download\ncontents = bytes(range(256)) * 1_000\n"
        "open('outputs/model 1.bin', 'wb').write(contents)"
    )
    window.run_cells(2)
    card = window.card("download")
    card.is_in("Completed")
    with window.page.expect_download() as waiting:
        card.node.get_by_role("link", name="Download model 1.bin").click()
    assert waiting.value.suggested_filename == "model 1.bin"
    assert waiting.value.path().read_bytes() == contents


def test_all_outputs_come_as_a_zip(window: Window):
    window.open_notebook(
        "%%train --name zipped\nimport os\nos.makedirs('outputs/deep')\n"
        "open('outputs/a.txt', 'w').write('A')\nopen('outputs/deep/b.txt', 'w').write('B')"
    )
    window.run_cells(2)
    card = window.card("zipped")
    card.is_in("Completed")
    with window.page.expect_download() as waiting:
        card.node.get_by_role("link", name="Download all outputs as zip").click()
    assert waiting.value.suggested_filename.endswith(".zip")
    with zipfile.ZipFile(waiting.value.path()) as archive:
        contents = {name.rpartition("/")[2]: archive.read(name) for name in archive.namelist()}
    assert contents == {"a.txt": b"A", "b.txt": b"B"}


def test_a_run_is_done_again_from_its_card(window: Window):
    window.open_notebook("%%train --name repeat\nprint('done')")
    window.run_cells(2)
    card = window.card("repeat")
    card.is_in("Completed")
    first = card.node.get_attribute("aria-label")
    card.button("Run again").click()
    expect(card.node).not_to_have_attribute("aria-label", first or "")
    card.is_in("Completed")
    again, run = window.place.workspace.client.list(text="repeat").runs
    assert again.properties["again_of"] == run.id


def test_what_a_run_prints_and_its_file_names_are_text_and_nothing_else(window: Window):
    markup = "<img src=x onerror=window.acted=1>"
    window.open_notebook(
        "%%train --name markup\n"
        f"print('{markup}')\n"
        "print('\\x1b]0;another title\\x07')\n"
        "print('\\x1b]8;;javascript:window.acted=1\\x07link\\x1b]8;;\\x07')\n"
        f"open('outputs/{markup}', 'w').write('x')"
    )
    window.run_cells(2)
    card = window.card("markup")
    card.is_in("Completed")
    card.open_output()
    card.shows(markup)
    card.shows("link")
    expect(card.node.get_by_role("link", name=f"Download {markup}")).to_be_visible()
    expect(card.node.locator("img, .xterm-underline-1")).to_have_count(0)
    assert window.page.evaluate("window.acted") is None
    assert "another title" not in window.page.title()


def test_metrics_are_a_chart_while_they_come(window: Window):
    gate = window.place.gate("metrics")
    window.open_notebook(
        "%%train --name metrics\nfrom jupyter_mltrain import Run\nrun = Run.get_context()\n"
        f"for loss in (0.9, 0.5, 0.25):\n    run.log('loss', loss)\n{gate.code}"
    )
    window.run_cells(2)
    card = window.card("metrics")
    expect(card.node.get_by_role("figure", name="loss 0.25")).to_be_visible()
    card.is_in("Running")
    gate.open()
    card.is_in("Completed")


def test_a_failed_run_says_why_and_where(window: Window):
    window.open_notebook("%%train --name broken\nprint('before')\n1 / 0")
    window.run_cells(2)
    card = window.card("broken")
    card.is_in("Failed")
    expect(card.node).to_contain_text("ZeroDivisionError: division by zero (cell line 3)")
