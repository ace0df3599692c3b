"""The ordeal: trials that take minutes each, for which `./run ordeal` is the door (README.md)."""
