"""Verbatim: a REST API for a quote and attribution database."""

__version__ = "0.1.0"
