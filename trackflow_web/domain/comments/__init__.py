"""Comments on releases, awards, packs, feature requests and bug reports."""
