"""What people look at: pictures of scenes and the storyboard page."""
