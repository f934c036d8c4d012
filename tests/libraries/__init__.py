"""Libraries that are too heavy for `make test`, each traced by `autolog` in an environment of its own."""
