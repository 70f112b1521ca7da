// Package wire makes of settings what a command, the service and the tests work with: the
// roster opened for reading or for writing, a client of RingCentral, the runner that
// joins the two, and the publisher. Only this package knows how each part is built; none
// of it knows commands, or prints anything.
package wire
