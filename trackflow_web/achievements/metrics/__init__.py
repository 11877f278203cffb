"""What achievements are given for: metrics, the rows they count, recounting."""
