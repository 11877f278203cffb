"""Relations: who follows whom, and what somebody wants to hear nothing of."""
