"""Operations on one device: who may, what stands in the way, what is sent once, and what became of it.

On `Device` alone: no way to it, no register, no Home Assistant. See docs/control.md.
"""
