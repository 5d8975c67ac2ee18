"""What a workspace keeps: runs, events, snapshots, files."""
