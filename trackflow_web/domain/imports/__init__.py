"""Playlists that become songs: from a file, or through somebody's own Spotify connection."""
