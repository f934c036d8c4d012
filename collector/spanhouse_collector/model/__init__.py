"""The trace model: what every GenAI dialect is mapped to.

`targets` is what a span can say, `dialects` which keys each dialect says it with, `vocabulary` both together in order
of precedence. `span_sql` turns that into the SQL that maps spans when they are written; `content` and its neighbours
read chat messages, tool calls and documents when a trace is read.
"""
