"""What the suite costs and how right it is, measured: each module is a program of its own."""
