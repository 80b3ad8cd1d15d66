"""A document: its layout, its scene, and how they are changed, kept and read. No Qt in here."""
