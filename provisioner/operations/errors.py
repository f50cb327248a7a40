"""What a change of state says when it can't be made."""


class WrongState(Exception):
    """The row is not in a state that this change starts from: somebody else was quicker. Look again, then decide."""


class LeaseLost(WrongState):
    """Somebody else holds the step now, or its operation is over or was rewound: stop without a trace."""


class NotClaimable(WrongState):
    """The step isn't to be had: it isn't due, its owner lives, or its operation is not running."""
