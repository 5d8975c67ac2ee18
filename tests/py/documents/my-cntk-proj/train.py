"""Say which process of how many this is."""

import os

print(
    os.environ.get("OMPI_COMM_WORLD_RANK", "0"), "of", os.environ.get("OMPI_COMM_WORLD_SIZE", "1")
)
