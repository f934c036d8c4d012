"""`python -m spanhouse_collector` is the `spanhouse` command."""

from spanhouse_collector.cli import main

if __name__ == "__main__":
    main()
