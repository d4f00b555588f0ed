"""What a Python text sets up, found without running it: names, constants, and calls of the libraries."""
