"""From an environment's definition to something a run can execute in."""
