"""The REST API of people: who am I, tenants and their members, tokens, plans, the audit."""
