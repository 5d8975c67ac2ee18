"""Places where runs execute: one contract, and the computes that keep it."""
