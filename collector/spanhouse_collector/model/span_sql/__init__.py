"""The trace model's columns as SQL, generated from the vocabulary.

`keys` numbers the vocabulary's keys, `tables` is where the SQL looks them up, `entries` finds them in a span and sorts
them by target and precedence; `columns` reads the targets, with `provider_sql`, `usage_sql` and `search_text`. The cost
of a span grows with its attributes: each key is looked up once in one table, however many dialects that table holds.
"""
