"""``compute``: clusters of this machine, with a real service."""

from __future__ import annotations

import json


def test_a_cluster_is_created_shown_used_updated_and_deleted(cli):
    said = cli.text(
        *("compute", "create", "nodes", "--vm-size", "Standard_B1s", "--min-nodes", "1"),
        *("--max-nodes", "1", "--idle", "90s"),
    )
    assert said == (
        "nodes is created: 1 of 1 node, 1 stays, idle ones go after 1:30.\n"
        "Run there: --compute nodes\n"
    )
    row = next(line for line in cli.text("compute", "ls").splitlines() if "nodes" in line)
    assert row.split()[:6] == ["nodes", "cluster", "✓", "1", "of", "1"]
    assert row.endswith("STANDARD_B1S of this machine")
    cli("submit", "--wait", "--compute", "nodes", cli.script("print(1)"))
    shown = cli.text("compute", "show", "nodes")
    assert "VM size  STANDARD_B1S\n" in shown
    assert "Node     nodes-1: idle\n" in shown
    assert "1 of 1 node\n" in cli.text("status")
    said = cli.text("compute", "update", "nodes", "--min-nodes", "0", "--idle", "10m")
    assert said == "nodes: 1 of 1 node, idle ones go after 10:00.\n"
    assert cli.text("compute", "rm", "nodes") == "nodes is deleted; its runs stay.\n"
    assert "nodes" not in cli.text("compute", "ls")


def test_a_cluster_for_programs_is_its_record(cli):
    made = json.loads(
        cli(
            "compute", "create", "--json", "other", "--vm-size", "STANDARD_B1S", "--max-nodes", "1"
        ).stdout
    )
    shown = json.loads(cli("compute", "show", "--json", "other").stdout)
    assert made == shown
    assert shown["cluster"]["spec"]["vm_size"] == "STANDARD_B1S"
    cli("compute", "rm", "other")


def test_what_cannot_be_is_a_sentence(cli):
    said = cli.error("compute", "create", "nodes", "--vm-size", "NC5", "--max-nodes", "1")
    assert said.startswith("There is no VM size 'NC5'. Did you mean STANDARD_NC6")
    assert cli.error("compute", "show", "nobody") == (
        "No compute target 'nobody'. `jupyter mltrain compute ls` lists them."
    )
    assert "No compute target 'nobody'" in cli.error("compute", "rm", "nobody")
    assert "'local' is no cluster" in cli.error("compute", "update", "local", "--max-nodes", "1")
