"""The node of the sandbox: pods as local processes, each on its own loopback address."""
