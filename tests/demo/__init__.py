"""Tests of the demo: the mock model and the sample applications, run for real."""
