"""Programs behind targets of the Makefile, one file for each."""
