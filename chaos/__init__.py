"""The core: inject a fault, sample what users feel, judge it, undo it. Knows no pytest and no platform."""
