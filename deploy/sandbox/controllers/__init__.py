"""Controllers of the sandbox: what kube-controller-manager does for the kinds that the charts use."""
