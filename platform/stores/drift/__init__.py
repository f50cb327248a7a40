"""Drift as the API shows it: what differs in the cluster, and what of it is to be ignored."""
