"""Nothing that a user sees is lost by a restart of anything; all of it behind a base URL."""

from __future__ import annotations

import re

from browsing import Card, Window
from places import Gate
from playwright.sync_api import WebSocketRoute, expect


def a_watched_run(window: Window) -> tuple[Card, Gate, Gate]:
    """A run that prints three lines; before the second and the third it waits for a gate."""
    second, third = window.place.gate("second"), window.place.gate("third")
    window.open_notebook(
        "%%train --name watched\n"
        f"print('first line')\n{second.code}\nprint('second line')\n{third.code}\n"
        "print('third line')"
    )
    window.run_cells(2)
    card = window.card("watched")
    card.shows("first line")
    window.save()
    return card, second, third


def goes_on(card: Card, second: Gate, third: Gate) -> None:
    """The card has what came before, and gets what comes."""
    second.open()
    card.shows("second line")
    card.is_in("Running")
    third.open()
    card.shows("third line")
    card.is_in("Completed")
    for line in ("first line", "second line", "third line"):
        assert card.output.inner_text().count(line) == 1


def test_a_card_goes_on_after_the_page_is_loaded_again(hub_window: Window):
    card, second, third = a_watched_run(hub_window)
    hub_window.reload()
    card.shows("first line")
    goes_on(card, second, third)


def test_a_card_goes_on_after_the_kernel_is_restarted(hub_window: Window):
    card, second, third = a_watched_run(hub_window)
    hub_window.page.get_by_role("button", name="Restart the kernel", exact=True).click()
    hub_window.page.get_by_role("button", name="Confirm Kernel Restart").click()
    hub_window.kernel_idle()
    goes_on(card, second, third)


def test_a_card_goes_on_after_jupyterlab_is_stopped_and_started(hub_window: Window):
    card, second, third = a_watched_run(hub_window)
    hub_window.place.restart_server()
    second.open()
    hub_window.reload()
    card.shows("second line")
    goes_on(card, second, third)


def test_an_open_page_goes_on_when_jupyterlab_is_back(hub_window: Window):
    card, second, third = a_watched_run(hub_window)
    hub_window.place.restart_server()
    second.open()
    expect(card.output).to_contain_text("second line", timeout=90_000)
    goes_on(card, second, third)


def test_a_card_goes_on_when_the_service_is_killed(hub_window: Window):
    card, second, third = a_watched_run(hub_window)
    hub_window.place.kill_service()
    goes_on(card, second, third)


def test_a_card_goes_on_when_its_connection_was_cut(hub_window: Window):
    sockets: list[WebSocketRoute] = []
    tried = []

    def connect(socket: WebSocketRoute) -> None:
        tried.append(socket)
        if not cut:
            socket.connect_to_server()
            sockets.append(socket)
        else:
            socket.close()

    cut = False
    hub_window.page.route_web_socket(re.compile("/mltrain/api/"), connect)
    card, second, third = a_watched_run(hub_window)
    cut = True
    before = len(tried)
    for socket in sockets:
        socket.close()
    second.open()
    for _ in range(400):
        if len(tried) >= before + 3:
            break
        hub_window.page.wait_for_timeout(50)
    assert len(tried) >= before + 3, "the page does not try again"
    card.hides("second line")
    cut = False
    goes_on(card, second, third)


def test_the_sidebar_has_every_run_after_jupyterlab_is_started_again(hub_window: Window):
    card, second, third = a_watched_run(hub_window)
    second.open()
    third.open()
    card.is_in("Completed")
    hub_window.place.restart_server()
    hub_window.open()
    expect(hub_window.row("watched")).to_contain_text("Completed")
