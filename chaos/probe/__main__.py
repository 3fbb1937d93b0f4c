"""``python -m chaos.probe``: started by ``chaos.probe.handle.Probe``, of no use by itself."""

import sys

from chaos.probe.process import main

if __name__ == "__main__":
    sys.exit(main())
