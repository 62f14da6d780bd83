"""`python -m sync` is `chartmogul-sync`."""

from sync.cli.main import main

main()
