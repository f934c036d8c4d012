"""Spanhouse's client side: trace generative-AI applications with OpenTelemetry.

Owns the public names of the shim. It never imports the collector.
"""

from spanhouse._version import __version__

__all__ = ["__version__"]
