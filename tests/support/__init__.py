"""Made inputs whose truth is known."""
