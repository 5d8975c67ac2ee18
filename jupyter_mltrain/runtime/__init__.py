"""What travels into a run: standard library only, valid from Python 3.6."""
