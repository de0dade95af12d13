"""Dated tables that are looked up, not walked: shipped lists, the institution's own tables, thresholds."""
