"""`python -m kosha_localcloud`."""

import sys

from kosha_localcloud.cli import main

sys.exit(main())
