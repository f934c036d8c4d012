"""The database behind the collector: embedded or a server, the same SQL on both."""
