"""Measurements of speed and quality, one short file a question; `./run bench` asks them."""
