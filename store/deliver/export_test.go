package deliver

// Comments are on the columns of a mirror.
var Comments = comments
