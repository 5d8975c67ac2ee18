"""What the product costs, each figure beside the bare tool measured in the same run.

``python -m benchmarks`` measures everything, ``python -m benchmarks latency logs`` those two. The
targets are those of ``docs/architecture.md``. Figures inform: nothing fails when one is missed.
"""
