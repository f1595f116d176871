"""Sentences, tokens and quotes of a text, with offsets."""
