"""网页 pages: a page is one query, one template and one line in ``urls.py``. Not for deciding what may be shown."""
