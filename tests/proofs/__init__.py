"""The corpus, executed: each proof raises an entry's real error from the installed libraries, checks that the
diagnosis names the entry, applies the entry's fix, and checks that the error is gone.

A proof is one function, run twice: as the user had it, and with the fix. Modules are named after what fails.
`python -m tests.proofs` reports which error entries have a proof.
"""
