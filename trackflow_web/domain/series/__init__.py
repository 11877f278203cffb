"""Album series: an album charted track by track."""
