"""The process that owns a workspace: verbs, queue, supervisor, API."""
