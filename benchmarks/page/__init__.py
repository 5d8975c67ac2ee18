"""What the pages cost: a real JupyterLab with the built front end, in headless Chromium.

Each part starts its own server and opens its own browser. All clocks are this machine's one.
"""
