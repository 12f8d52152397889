"""Source adapters, landing with its ledger, typing, de-duplication and quarantine: from drops to raw partitions."""
