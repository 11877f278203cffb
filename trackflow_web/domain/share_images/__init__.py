"""Images of public pages for link previews: rendered by a job, gone with what they show."""
