"""The OpenAPI document: what drf-spectacular can't know of errors, headers, identity and examples."""
