"""What work is rewarded with: the catalogue, the numbers, the awards."""
