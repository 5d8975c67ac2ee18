"""Running runs keep the server, waiting ones go on, and looking costs nothing."""

from __future__ import annotations

import asyncio
import contextlib
import subprocess
import sys
from pathlib import Path

import pytest
from pages import final, kill_service, submitted

from jupyter_mltrain import workspaces
from jupyter_mltrain.server import activity
from jupyter_mltrain.server.extension import MltrainApp
from jupyter_mltrain.server.places import Places


async def one_look(server) -> bool:
    """Whether a look around is reported as activity."""
    reported = asyncio.Event()
    watching = asyncio.create_task(activity.watch(lambda at: reported.set()))
    going = await asyncio.to_thread(activity.any_run_going)
    if going:
        await asyncio.wait_for(reported.wait(), 30)
    watching.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await watching
    return reported.is_set()


async def test_a_running_run_counts_as_activity(api, files, jp_serverapp):
    await submitted(api, files, "import time; time.sleep(60)")
    assert await one_look(jp_serverapp)


async def test_an_ended_run_does_not(api, files, jp_serverapp):
    await final(await submitted(api, files))
    assert not await one_look(jp_serverapp)


async def test_nobody_is_started_to_be_asked(api, files, jp_serverapp, default_workspace):
    await final(await submitted(api, files))
    kill_service(default_workspace)
    before = workspaces.endpoint(default_workspace)
    assert not await one_look(jp_serverapp)
    assert workspaces.endpoint(default_workspace) == before


async def test_activity_is_told_to_the_server(jp_serverapp):
    (app,) = jp_serverapp.extension_manager.extension_apps["jupyter_mltrain"]
    moment = activity.datetime.now(activity.timezone.utc)
    app._active(moment)
    assert jp_serverapp.web_app.settings["last_activity_times"]["jupyter_mltrain"] == moment
    assert jp_serverapp.web_app.last_activity() >= moment


class TestKeepAliveIsOff:
    @pytest.fixture
    def jp_server_config(self, jp_server_config):
        return {**jp_server_config, "MltrainApp": {"keep_alive": False}}

    async def test_a_running_run_is_not_looked_for(self, jp_serverapp):
        (app,) = jp_serverapp.extension_manager.extension_apps["jupyter_mltrain"]
        await asyncio.sleep(0)
        names = {task.get_coro().__qualname__ for task in app._tasks}
        assert names <= {"resume"}


async def test_a_workspace_with_queued_runs_goes_on_when_the_server_starts(
    api, files, default_workspace
):
    run = await submitted(api, files, "import time; time.sleep(0.5)")
    kill_service(default_workspace)
    known = Places()
    await activity.resume(known)
    endpoint = workspaces.endpoint(default_workspace)
    assert endpoint is not None
    assert (await final(run))["state"] == "Completed"
    assert workspaces.endpoint(default_workspace) == endpoint
    await known.close()


async def test_a_workspace_without_business_is_left_alone(api, default_workspace):
    workspaces.register(workspaces.identify(default_workspace), default_workspace)
    known = Places()
    await activity.resume(known)
    assert workspaces.endpoint(default_workspace) is None


def test_the_package_does_not_import_the_server():
    code = (
        "import sys, jupyter_mltrain; "
        "assert not {'jupyter_server', 'httpx', 'traitlets', 'tornado'} & set(sys.modules)"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


def test_every_setting_of_the_extension_is_in_the_guide():
    guide = (Path(__file__).parents[3] / "docs/guide.md").read_text()
    settings = MltrainApp.class_own_traits(config=True)
    assert settings
    assert not [name for name in settings if f"c.MltrainApp.{name}" not in guide]
