"""Tests in a real browser: headless Chromium, as people use the pages."""
