"""Clusters in the page: created, used, changed, deleted, and their nodes as they come and go."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
from browsing import Window
from looking import look
from places import Place, a_place, short_folder
from playwright.sync_api import Locator, expect

from jupyter_mltrain.spec import ClusterSpec
from jupyter_mltrain.wire import ClusterRequest

SIDEBAR = "#jupyter-mltrain-sidebar"
DIALOG = ".jp-Dialog .jp-mltrain-Form"


@pytest.fixture(scope="module")
def place() -> Iterator[Place]:
    """A place of 8 CPUs."""
    with a_place(short_folder(), cpus=8) as place:
        yield place


def compute(window: Window) -> Locator:
    """The section of the sidebar, unfolded."""
    title = window.sidebar().get_by_role("button", name="Compute", exact=True)
    if title.get_attribute("aria-expanded") == "false":
        title.click()
    targets = window.sidebar().get_by_role("list", name="Compute targets")
    expect(targets).to_be_visible()
    return targets


def target(window: Window, name: str) -> Locator:
    """A compute target in the sidebar."""
    heading = window.page.get_by_role("heading", name=re.compile(rf"^{name}\b"))
    return compute(window).locator("> li").filter(has=heading)


def has_nodes(window: Window, name: str, count: str, said: str = "") -> None:
    """Wait until a cluster has so many nodes of how many, and until it says what they do."""
    meter = target(window, name).get_by_role("meter", name="Nodes")
    expect(meter).to_have_attribute("aria-valuetext", count)
    expect(target(window, name)).to_contain_text(said)


def a_cluster(place: Place, name: str, *, most: int = 2, size: str = "STANDARD_D2_V2") -> None:
    """Create a cluster as code would."""
    spec = ClusterSpec(vm_size=size, max_nodes=most, idle_s=600)
    place.workspace.client.create_cluster(ClusterRequest(name=name, spec=spec))


def menu(window: Window, name: str, item: str) -> None:
    """Choose something in the menu of a cluster."""
    target(window, name).get_by_role("button", name=f"Actions for cluster {name}").click()
    window.choose(item)


def test_a_cluster_is_made_in_a_dialog_and_its_node_comes_with_a_run_and_waits(window: Window):
    window.open()
    compute(window)
    window.sidebar().get_by_role("button", name="New cluster").click()
    dialog = window.page.get_by_role("dialog")
    dialog.get_by_role("textbox", name="Name").fill("cpu-cluster")
    dialog.get_by_role("combobox", name="VM size").fill("STANDARD_D2_V2")
    expect(dialog).to_contain_text("A node gets 2 CPUs")
    dialog.get_by_role("textbox", name="Most nodes").fill("3")
    dialog.get_by_role("button", name="Create").click()
    cluster = target(window, "cpu-cluster")
    has_nodes(window, "cpu-cluster", "0 of 3")
    gate = window.place.gate("node")
    run = window.place.submit("trained", gate.code, compute_target="cpu-cluster")
    has_nodes(window, "cpu-cluster", "1 of 3", "1 running")
    nodes = cluster.get_by_role("list", name="Nodes of cpu-cluster")
    expect(nodes.get_by_role("button", name=re.compile(r"^trained #\d+$"))).to_be_visible()
    gate.open()
    run.wait_for_completion()
    has_nodes(window, "cpu-cluster", "1 of 3", "1 idle")
    expect(nodes).to_contain_text(re.compile(r"goes in \d+:\d\d"))


def test_a_cluster_gets_other_limits_and_says_what_is_wrong_with_them(window: Window):
    a_cluster(window.place, "limited")
    window.open()
    menu(window, "limited", "Edit limits…")
    dialog = window.page.get_by_role("dialog")
    expect(dialog.get_by_role("textbox", name="Most nodes")).to_have_value("2")
    expect(dialog.get_by_role("textbox", name="Idle minutes")).to_have_value("10")
    dialog.get_by_role("textbox", name="Most nodes").fill("none")
    dialog.get_by_role("button", name="Save").click()
    dialog = window.page.get_by_role("dialog")
    expect(dialog).to_contain_text("Use a whole number from 1 on.")
    dialog.get_by_role("textbox", name="Most nodes").fill("4")
    dialog.get_by_role("textbox", name="Fewest nodes").fill("1")
    dialog.get_by_role("button", name="Save").click()
    has_nodes(window, "limited", "1 of 4", "1 idle")
    expect(target(window, "limited")).to_contain_text("stays")
    menu(window, "limited", "Delete…")
    window.page.get_by_role("button", name="Delete cluster").click()
    expect(target(window, "limited")).to_have_count(0)


def test_what_the_service_refuses_is_said_in_the_dialog(window: Window):
    window.open()
    compute(window)
    window.sidebar().get_by_role("button", name="New cluster").click()
    dialog = window.page.get_by_role("dialog")
    dialog.get_by_role("textbox", name="Name").fill("unknown")
    dialog.get_by_role("combobox", name="VM size").fill("STANDARD_NC7")
    dialog.get_by_role("button", name="Create").click()
    dialog = window.page.get_by_role("dialog")
    expect(dialog.get_by_role("alert")).to_contain_text("There is no VM size")
    expect(dialog.get_by_role("textbox", name="Name")).to_have_value("unknown")
    dialog.get_by_role("button", name="Cancel").click()


def test_a_cluster_is_not_deleted_from_under_a_run(window: Window):
    a_cluster(window.place, "busy")
    gate = window.place.gate("busy")
    run = window.place.submit("long", gate.code, compute_target="busy")
    window.open()
    expect(target(window, "busy")).to_contain_text("1 running")
    menu(window, "busy", "Delete…")
    window.page.get_by_role("button", name="Delete cluster").click()
    refused = window.page.get_by_text(re.compile("It cannot be deleted: 1 run on 'busy'"))
    expect(refused.first).to_be_visible()
    gate.open()
    run.wait_for_completion()
    window.place.workspace.client.delete_cluster("busy")
    expect(target(window, "busy")).to_have_count(0)


def test_the_looks_of_clusters(window: Window):
    place = window.place
    a_cluster(place, "gpu-cluster", size="STANDARD_NC6", most=4)
    a_cluster(place, "small", size="STANDARD_D1_V2", most=1)
    gate = place.gate("looks")
    place.submit("resnet", gate.code, compute_target="small")
    place.submit("resnet lr3", gate.code, compute_target="small")
    place.submit("bert", gate.code, compute_target="gpu-cluster")
    window.open()
    expect(target(window, "small")).to_contain_text("1 run waits")
    expect(target(window, "gpu-cluster")).to_contain_text("1 run waits")

    def in_view() -> None:
        target(window, "gpu-cluster").scroll_into_view_if_needed()

    look(window, "clusters", SIDEBAR, prepare=in_view)
    window.page.set_viewport_size({"width": 1280, "height": 800})
    window.sidebar().get_by_role("button", name="New cluster").click()
    expect(window.page.get_by_role("dialog")).to_contain_text("A node gets")
    look(window, "cluster-new", DIALOG)
    window.page.get_by_role("dialog").get_by_role("button", name="Cancel").click()
    gate.open()
