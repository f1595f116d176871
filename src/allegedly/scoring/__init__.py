"""Measures, their statistics, and the signature that every score carries."""
