"""What warehouse and state share about databases: URLs, drivers, engines, and the databases' own words."""
