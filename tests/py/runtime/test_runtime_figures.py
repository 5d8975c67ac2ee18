"""Figures and pictures in a run."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest

from jupyter_mltrain.runtime import PATH

CELL = str(PATH / "_mltrain_run" / "cell.py")
PNG = b"\x89PNG"


@pytest.fixture
def draw(run_dir: Path, run_python, tmp_path: Path):
    """Run a script, or with `cell=True` a cell, with the backend that the service selects."""
    config = tmp_path / "matplotlib"
    config.mkdir()

    def run(source: str, cell: bool = False):
        (run_dir / "work/cell.py").write_text(source)
        command = [sys.executable, CELL, "cell.py"] if cell else [sys.executable, "cell.py"]
        extra = {"MLTRAIN_CELL_OUTPUTS": "[]"} if cell else {}
        done = run_python(
            *command,
            MPLBACKEND="module://_mltrain_run.mpl_backend",
            MPLCONFIGDIR=os.environ.get("MPLCONFIGDIR", str(config)),
            **extra,
        )
        assert done.stderr == ""
        return done.stdout

    return run


def figures(run_dir: Path) -> list[str]:
    folder = run_dir / "work/outputs/figures"
    assert all(path.read_bytes().startswith(PNG) for path in folder.glob("*"))
    return sorted(path.name for path in folder.glob("*"))


TWO = "import matplotlib.pyplot as plt\nplt.plot([1, 2])\nplt.figure()\n"


def test_show_saves_every_open_figure_and_closes_it(draw, run_dir: Path) -> None:
    out = draw(TWO + "plt.show()\nprint(plt.get_fignums())\nplt.figure()\nplt.show()")
    assert out == (
        "Saved outputs/figures/figure-1.png\n"
        "Saved outputs/figures/figure-2.png\n"
        "[]\n"
        "Saved outputs/figures/figure-3.png\n"
    )
    assert figures(run_dir) == ["figure-1.png", "figure-2.png", "figure-3.png"]


def test_a_number_is_never_used_twice(draw, run_dir: Path) -> None:
    (run_dir / "work/outputs/figures").mkdir()
    (run_dir / "work/outputs/figures/figure-7.png").write_bytes(PNG)
    assert draw(TWO + "plt.close()\nplt.show()") == "Saved outputs/figures/figure-8.png\n"


def test_a_script_that_never_shows_saves_nothing(draw, run_dir: Path) -> None:
    assert draw(TWO) == ""
    assert figures(run_dir) == []


def test_a_cell_saves_what_it_leaves_open(draw) -> None:
    assert draw(TWO + "plt.close();", cell=True) == "Saved outputs/figures/figure-1.png\n"


def test_displaying_a_figure_saves_it_once(draw) -> None:
    out = draw("import matplotlib.pyplot as plt\nfig = plt.figure()\ndisplay(fig)", cell=True)
    assert out == "Saved outputs/figures/figure-1.png\n"


def test_a_figure_as_last_expression_is_saved_once(draw) -> None:
    out = draw("import matplotlib.pyplot as plt\nfig = plt.figure()\nfig", cell=True)
    assert out == "Saved outputs/figures/figure-1.png\n"


def test_a_figure_that_was_drawn_on_after_its_display_is_saved_again(draw) -> None:
    out = draw("import matplotlib.pyplot as plt\ndisplay(plt.figure())\nplt.plot([1]);", cell=True)
    assert out.splitlines()[1:] == ["Saved outputs/figures/figure-2.png"]


def test_showing_one_figure_saves_it(draw) -> None:
    out = draw("import matplotlib.pyplot as plt\nplt.figure().show()")
    assert out == "Saved outputs/figures/figure-1.png\n"


def test_a_loop_with_pause_saves_its_last_state_at_the_end(draw) -> None:
    loop = "import matplotlib.pyplot as plt\nfor i in range(3):\n    plt.plot([i]); plt.pause(1e-9)"
    assert draw(loop + "\nprint('end')") == "end\nSaved outputs/figures/figure-1.png\n"


def test_an_image_is_saved_instead_of_printed(draw, run_dir: Path) -> None:
    out = draw("from PIL import Image\ndisplay(Image.new('CMYK', (2, 2)))", cell=True)
    assert out == "Saved outputs/figures/figure-1.png\n"
    assert figures(run_dir) == ["figure-1.png"]


def test_matplotlib_is_not_imported_for_a_cell_that_does_not_draw(draw) -> None:
    assert draw("import sys\n'matplotlib' in sys.modules", cell=True) == "False\n"
