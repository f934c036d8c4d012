"""The trace model: what every GenAI dialect is mapped to.

`vocabulary` is the data (which key of which dialect means what), `span_sql` turns it into the SQL that maps spans when
they are written, `content` and its neighbours read chat messages, tool calls and documents when a trace is read.
"""
