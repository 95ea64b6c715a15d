// Package ballast spares a short run the collecting of garbage. The collector
// begins at a heap of 4 MB, which initialising the AWS SDK's packages alone makes:
// a third of the CPU of a command that ends after 30 ms went into marking what it
// was about to leave behind. Main imports it for what it does when it is initialised:
// before the SDK, and after git-secrets has answered, whose start is shorter still.
package ballast

import (
	"runtime"

	_ "cordon/internal/face/gitsecrets"
)

// weight is how much the heap may grow before the first collection. It is never
// touched, so that it is no memory.
const weight = 16 << 20

// The next collection comes when the heap is twice what this one finds alive. It
// frees the weight, and those after it come as they always would.
func init() {
	b := make([]byte, weight)
	runtime.GC()
	runtime.KeepAlive(b)
}
