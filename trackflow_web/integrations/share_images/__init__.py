"""What the images of public pages show, as visitors see it."""
