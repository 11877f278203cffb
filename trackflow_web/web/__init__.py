"""HTTP code that pages and API share."""
