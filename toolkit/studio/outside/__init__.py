"""Answers from elsewhere: projects that we did not make, exports, tables and spreadsheets."""
