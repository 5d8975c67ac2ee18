"""Clusters through the Jupyter server: made, changed, looked at and deleted."""

from __future__ import annotations

import json

from pages import WS


async def test_a_cluster_is_made_changed_and_deleted(api):
    spec = {"vm_size": "STANDARD_B1S", "max_nodes": 2, "min_nodes": 0}
    made = await api.json(f"{WS}/clusters", {"name": "nodes", "spec": spec})
    assert made["cluster"]["spec"]["max_nodes"] == 2
    changed = await api.json(f"{WS}/clusters/nodes", {"max_nodes": 3})
    assert changed["cluster"]["spec"]["max_nodes"] == 3
    listed = {each["name"]: each for each in await api.json(f"{WS}/computes")}
    assert listed["nodes"]["cluster"] == changed["cluster"]
    assert listed["local"]["cluster"] is None
    gone = await api(f"{WS}/clusters/nodes", method="DELETE")
    assert json.loads(gone.body)["name"] == "nodes"
    assert [each["name"] for each in await api.json(f"{WS}/computes")] == ["local"]


async def test_sizes_say_what_they_come_to_here(api):
    sizes = {each["name"]: each for each in await api.json(f"{WS}/vm-sizes")}
    large = sizes["STANDARD_ND96ISR_H100_V5"]
    assert (large["cpus"], large["gpus"]) == (96, 8)
    assert large["node"]["cpus"] <= 96
    assert sizes["STANDARD_B1S"]["note"] == ""


async def test_what_cannot_be_is_refused_with_the_services_sentence(api):
    spec = {"vm_size": "STANDARD_NC5", "max_nodes": 2}
    reply = await api(f"{WS}/clusters", {"name": "nodes", "spec": spec})
    assert reply.code == 400
    assert json.loads(reply.body)["code"] == "compute_target"
    reply = await api(f"{WS}/clusters", {"name": "nodes", "spec": {**spec, "nodes": 1}})
    assert (reply.code, "nodes" in json.loads(reply.body)["message"]) == (400, True)
    reply = await api(f"{WS}/clusters/nobody", method="DELETE")
    assert "No compute target 'nobody'" in json.loads(reply.body)["message"]
