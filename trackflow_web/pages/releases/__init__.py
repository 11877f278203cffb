"""Releases, and packs and albums as others see them: pages."""
