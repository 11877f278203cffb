"""Reading the files of charts: `song.ini`, `notes.mid`, `notes.chart`, `.sng` and zips of folders.

Formats after TheNathannator/GuitarGame_ChartFormats and YARG.Core. Every length is checked against
what is left before it is used, and audio is never read.
"""
