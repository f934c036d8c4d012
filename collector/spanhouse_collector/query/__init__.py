"""Answers: the filter language, search, aggregation and SQL over what is stored."""
