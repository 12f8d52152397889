"""Models: collaborative models as functions of a matrix, and the artefacts and cards they leave behind."""
