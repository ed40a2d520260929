"""Records of other versions, worked on by this one."""
