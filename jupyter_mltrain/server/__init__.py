"""The Jupyter server extension: an authenticated door to the services of the user's workspaces."""
