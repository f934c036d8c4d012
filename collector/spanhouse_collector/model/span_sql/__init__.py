"""The trace model's columns as SQL, generated from the vocabulary.

`keys` numbers the vocabulary's keys, `entries` finds them in a span and sorts them by target and precedence, `columns`
and `text` read the targets. The cost of a span grows with its attributes: each key is looked up once in one table,
however many dialects that table holds.
"""
