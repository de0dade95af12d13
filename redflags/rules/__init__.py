"""Rules, profiles and policies as data: models, loader, safeguards, lock."""
