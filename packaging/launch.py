"""Starts the program in the bundle, where there is no `python -m`."""

import sys

from cryoimport_gui.__main__ import main

sys.exit(main())
