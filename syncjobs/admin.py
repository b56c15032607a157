"""All that the admin shows of jobs; each module registers what its name says."""

from syncjobs.pages import borrowed_admin, entry_admin, record_admin, run_admin

__all__ = ["borrowed_admin", "entry_admin", "record_admin", "run_admin"]
