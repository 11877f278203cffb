"""Playlists that become songs: from a file, or through the user's Spotify connection."""
