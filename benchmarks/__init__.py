"""Measurements beside peers in the same run; see README.md. Figures are ratios, machines differ."""
