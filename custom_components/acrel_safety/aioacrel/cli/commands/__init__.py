"""The commands of `acrel`, a file each: `command(options, console)` returns the exit code."""
