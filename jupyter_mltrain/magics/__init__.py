"""`%%train` and the line magics."""
