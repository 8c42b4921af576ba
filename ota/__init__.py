"""Updates over the air: RAUC's slots and bundles, the list of releases, and the proof of a new version."""
