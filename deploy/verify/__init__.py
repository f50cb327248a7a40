"""The checklist of what Storeplane promises, run against a platform that is up: in the sandbox or on any cluster."""
