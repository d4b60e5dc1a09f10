"""The demo: a simulated cabinet, a real Home Assistant that reads it, and a dashboard."""
