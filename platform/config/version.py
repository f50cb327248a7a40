"""The platform's version, as whoever it speaks to is told."""

# Written here, too, and not asked of the installed package: in the image there is none, only the sources and what they
# need. A test holds it to pyproject.toml.
VERSION = "0.1.0"
