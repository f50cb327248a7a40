"""What happened long ago, in whichever room, and its end."""
