"""A real Kubernetes 1.20 on this machine, without Docker and without anything installed; see README.md."""
