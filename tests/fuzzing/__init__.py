"""Every parser of the suite, valid input for each, and what may become of input on its way."""
