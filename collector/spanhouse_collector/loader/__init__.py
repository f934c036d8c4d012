"""The loader: what moves sealed segments from the log into the database."""
