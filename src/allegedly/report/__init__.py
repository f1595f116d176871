"""What people look at: terminal views, tables, pages. Nothing is computed here."""
