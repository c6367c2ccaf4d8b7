"""The window: pages that edit one set of parameters and show one plan."""
