"""Benchmarks of the studio; `studio.cli` puts them beside those of the engines."""
