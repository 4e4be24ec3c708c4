"""`python -m aistudios_dsl.cli` is `aistudios`."""

from aistudios_dsl.cli import main

if __name__ == "__main__":
    main()
