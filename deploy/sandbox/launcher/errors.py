"""What the launcher tells a person when it can't go on."""


class LauncherError(Exception):
    """One clear sentence: what was wrong, with what value, and what to do. Shown without a stack trace."""
