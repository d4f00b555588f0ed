"""Reading: text in, settings with the places where they are written out. Nothing is executed."""
