"""Pictures: arrays in, a verdict or a picture out.  Nothing here knows a plan, a file or a window."""
