"""Widgets. They assemble and show; what happens is decided in `studio.models`."""
