"""Tests of `sdk_shim/spanhouse`."""
