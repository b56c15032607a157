#!/usr/bin/env python
"""Hourbridge's command line: `python manage.py help` lists what it can do."""

import os
import sys


def main() -> None:
    if sys.argv[1:] in (["version"], ["--version"]):
        from config.version import name_and_version

        print(name_and_version())
        return
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
    from config import log_records, scrubber

    # Before anything can fail: errors quote arguments.
    scrubber.learn_arguments(sys.argv)
    log_records.install_hooks()
    try:
        from django.core.exceptions import ImproperlyConfigured
        from django.core.management import execute_from_command_line
    except ImportError:
        sys.exit("Django is not installed for this Python. Run `make setup`, then use .venv/bin/python manage.py …")
    try:
        execute_from_command_line(sys.argv)
    except ImproperlyConfigured as problem:
        print(scrubber.scrub(" ".join(str(problem).split())), file=sys.stderr)
        sys.exit(2)


if __name__ == "__main__":
    main()
