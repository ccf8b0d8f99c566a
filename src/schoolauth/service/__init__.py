"""What a host calls: find, decide by a rule, save, answer. Knows no database and no framework."""
