"""``python -m schoolauth``."""

import sys

from schoolauth.cli import main

if __name__ == "__main__":
    sys.exit(main())
