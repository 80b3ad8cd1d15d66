"""Data sets: reading, checking and sampling pictures. numpy and Pillow only."""
