"""The way back from a shown item: its list made again, its score taken apart, its partitions, its source lines."""
