"""Soaks: the studio's promises put to the test for as long as one likes."""
