"""The table of substitutions holds what is needed, and nothing else."""

from __future__ import annotations

import pytest
from document_code import DOCUMENTS, blocks
from substitutions import SUBSTITUTIONS, Substitution


@pytest.mark.parametrize("each", SUBSTITUTIONS, ids=lambda each: each.old)
def test_every_substitution_is_used_and_has_a_reason(each: Substitution) -> None:
    everything = "".join(block.code for document in DOCUMENTS for block in blocks(document))
    assert each.old in everything
    assert each.why


@pytest.mark.parametrize(
    ("document", "count"), [("000", 8), ("001", 8), ("002", 4), ("003", 12), ("004", 8)]
)
def test_every_block_of_each_document_is_there(document: str, count: int) -> None:
    assert len(blocks(document)) == count
