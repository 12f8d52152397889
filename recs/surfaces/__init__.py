"""Surfaces: what each list of the shop is made of, and how it is put together. Import `spec` or `assemble` directly: only `spec` is light."""
