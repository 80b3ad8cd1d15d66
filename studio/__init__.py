"""The studio: paint, see, save. It never imports torch."""
