"""``python -m jupyter_mltrain.cli``: the same as ``jupyter mltrain``."""

import sys

from jupyter_mltrain.cli import main

sys.exit(main())
