"""One answer from one release, pure: for serving, the release read-back and the command line. No frame library."""
