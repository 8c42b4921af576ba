"""The benchmark: the box beside its peers, in one run. `docs/bench.md` says what is measured and how."""
