"""What the bundle starts."""

import sys

from cryoimport_gui.__main__ import main

sys.exit(main())
