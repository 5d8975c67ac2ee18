"""Data where it lies: datastores and URLs opened, listed, cached, and files moved to and fro."""
