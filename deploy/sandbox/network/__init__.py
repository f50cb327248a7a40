"""The network of the sandbox: Service addresses and the ingress."""
