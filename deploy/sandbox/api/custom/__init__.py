"""Custom resources: definitions, schemas, validation rules and columns."""
