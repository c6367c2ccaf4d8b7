"""Import extracted cryo-EM particles into CryoSPARC's dataset format."""

__version__ = "0.1.0"
