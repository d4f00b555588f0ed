"""Makes an adapter: `dataset` → `train` → `evaluate` → `publish`; `rehearse` does all of it small."""
