"""How good lists are, judged by what shoppers bought afterwards. Reads frames and returns frames; no lake here."""
