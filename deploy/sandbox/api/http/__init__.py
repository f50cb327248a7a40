"""The wire: paths, media types, verbs, discovery, streams."""
