"""Pages of seasons, for everybody and for administrators."""
