"""Admission: rules that look beyond one object."""
