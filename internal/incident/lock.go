package incident

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"time"

	"cordon/internal/durable"
)

// Locked says that another process is writing to the case.
type Locked struct {
	PID     int       `json:"pid"` // 0 when it could not be read
	Command string    `json:"command"`
	Since   time.Time `json:"since"`
}

func (l *Locked) Error() string {
	if l.PID == 0 {
		return "the case is in use by another process"
	}
	return fmt.Sprintf("the case is in use by %q (process %d) since %s", l.Command, l.PID, l.Since.UTC().Format("2006-01-02 15:04:05Z"))
}

// lock is the held lock file. The operating system gives it back when the
// process dies, however it dies.
type lock struct{ file *os.File }

var errHeld = errors.New("held")

// Lock takes the case for writing. Where another process has it, or another
// Case in this one, the error is a *Locked that says who.
func (c *Case) Lock(command string, now time.Time) error {
	if c.lock != nil {
		return nil
	}
	f, err := os.OpenFile(c.Path(lockFile), os.O_CREATE|os.O_RDWR, durable.FileMode)
	if err != nil {
		return fmt.Errorf("cannot lock the case: %w", err)
	}
	if err := flock(f); err != nil {
		defer f.Close()
		if errors.Is(err, errHeld) {
			return holder(f)
		}
		return fmt.Errorf("cannot lock the case: %w", err)
	}
	data, _ := json.Marshal(Locked{PID: os.Getpid(), Command: command, Since: now.UTC()})
	err = f.Truncate(0)
	if err == nil {
		_, err = f.WriteAt(data, 0)
	}
	if err != nil {
		f.Close()
		return fmt.Errorf("cannot lock the case: %w", err)
	}
	c.lock = &lock{file: f}
	return nil
}

// holder reads who holds the lock, waiting a moment for one that only just
// took it and has not written its name yet.
func holder(f *os.File) *Locked {
	for range 20 {
		data, _ := io.ReadAll(io.NewSectionReader(f, 0, 4096))
		var l Locked
		if json.Unmarshal(data, &l) == nil && l.PID != 0 {
			return &l
		}
		time.Sleep(5 * time.Millisecond)
	}
	return &Locked{}
}

// HasLock says whether this Case holds the lock.
func (c *Case) HasLock() bool { return c.lock != nil }

// Unlock gives the lock back.
func (c *Case) Unlock() error {
	if c.lock == nil {
		return nil
	}
	f := c.lock.file
	c.lock = nil
	f.Truncate(0)
	return f.Close()
}
