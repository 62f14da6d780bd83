"""`python -m sync` is `chartmogul-sync`."""

from sync.cli import main

main()
