"""Released songs as others see them: their pages, credits, lists and texts to share."""
