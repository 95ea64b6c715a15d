package cli

import "os"

const terminal = "CON"

var stops = []os.Signal{os.Interrupt}
