"""Who asks, and what they may do: tokens, impersonation, RBAC, access reviews, and a log of it."""
