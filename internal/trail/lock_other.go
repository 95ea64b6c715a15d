//go:build !unix || aix || solaris

package trail

import (
	"errors"
	"os"
)

// flock refuses: nothing is imported into a store that cannot be locked.
func flock(*os.File) error { return errors.ErrUnsupported }
