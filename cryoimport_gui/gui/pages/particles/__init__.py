"""Page Particles: which STAR file, and what it holds."""
