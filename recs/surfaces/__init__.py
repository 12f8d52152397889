"""Surfaces: what each list of the shop is made of, and how it is put together. Only `spec` is light to import."""
