"""A model file as a user types one."""

LOOPS = """
[model]
id = "loops"
name = "Loops"
title = { en = "My loop monitor", zh = "我的监测仪" }
evidence = "experimental"
source = "typed from the display"

[[circuits]]
numbers = "1-2"
stride = 1

[circuits.points]
Lg = { at = 0x004A }
"""
