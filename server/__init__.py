"""信途 Xintu: the credit service of a transport bureau. Rooms and their order: ``server/decisions/0001-rooms.md``."""
