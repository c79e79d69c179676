"""Pull: reading, differences, completeness, cursors."""
