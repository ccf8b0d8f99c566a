"""Mails: their texts, and the ways of handing them over. Import what you need from its module."""
