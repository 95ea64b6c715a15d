//go:build !unix || aix || solaris

package incident

import (
	"errors"
	"os"
)

// flock refuses: cordon does not write to a case that it cannot lock.
func flock(*os.File) error { return errors.ErrUnsupported }
