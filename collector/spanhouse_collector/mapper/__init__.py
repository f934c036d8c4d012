"""From OTLP to rows, compiled: bytes of a segment in, one block of ClickHouse's Native format out.

`tables` makes what drives it out of the vocabulary, `_native` (Cython; `_native.pyx` and the files it includes) maps.
No dialect is code here: a dialect is rows of the vocabulary.
"""
