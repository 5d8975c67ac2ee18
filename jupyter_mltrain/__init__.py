"""Training runs from notebooks."""
