"""The tests mirror the tree; `tests/browser` drives a real browser, `tests/benchmarks` measures,
`tests/cases` holds labelled inputs of our own.
"""
