"""A workspace's settings: each has a default, and a wrong one is named."""

from __future__ import annotations

from pathlib import Path

import pytest

from jupyter_mltrain.errors import WorkspaceError
from jupyter_mltrain.service.settings import Settings, load


def test_without_a_file_every_setting_has_its_default(tmp_path: Path) -> None:
    assert load(tmp_path) == Settings()


def test_a_setting_that_is_given_counts_and_the_others_keep_their_default(tmp_path: Path) -> None:
    (tmp_path / "settings.json").write_text('{"cpus": 2, "cancel_grace_s": 0.5}')
    assert load(tmp_path) == Settings(cpus=2, cancel_grace_s=0.5)


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ('{"cpu": 2}', "unknown field `cpu`"),
        ('{"cpus": "two"}', "$.cpus"),
        ('{"cpus": 0}', "$.cpus"),
        ('{"memory_bytes": -1}', "$.memory_bytes"),
        ('{"disk_floor_bytes": -1}', "$.disk_floor_bytes"),
        ('{"idle_timeout_s": -1}', "$.idle_timeout_s"),
        ('{"cancel_grace_s": -1}', "$.cancel_grace_s"),
        ("{", "truncated"),
        ("[]", "Expected `object`"),
        ("\xff", "invalid"),
    ],
)
def test_what_cannot_be_used_is_named_with_the_file(tmp_path: Path, text: str, named: str) -> None:
    path = tmp_path / "settings.json"
    path.write_bytes(text.encode("latin-1"))
    with pytest.raises(WorkspaceError) as caught:
        load(tmp_path)
    assert caught.value.message.startswith(f"{path} cannot be used: ")
    assert named in caught.value.message
    assert caught.value.message.endswith("Correct or delete it.")
