"""python -m tests.proofs: which error entries have an executable proof."""

from tests.proofs.report import report

print("\n".join(report()))
