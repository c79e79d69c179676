"""Answers from files and for files: exports, tables, spreadsheets; label configs and results."""
