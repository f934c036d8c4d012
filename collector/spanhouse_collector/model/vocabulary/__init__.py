"""What each dialect's keys mean, as data.

A target is a column of `spans` or a field that is read later; its sources stand in order of precedence. The SQL of the
ingest view, the reading of messages and docs/dialects.md are all made from these tables: adding a dialect is adding
rows.
"""
