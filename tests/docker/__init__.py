"""Docker itself, for a machine that has none: builds the images by their Dockerfiles. See README.md."""
