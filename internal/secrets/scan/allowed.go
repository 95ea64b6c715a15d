package scan

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"

	"cordon/internal/secrets/ere"
	"cordon/internal/secrets/leak"
)

// allowed are the patterns of a .gitallowed file, as grep -E reads them: a line of
// the form path:line:text that one of them matches is known and harmless.
type allowed struct {
	mu       sync.Mutex // an expression is one goroutine's at a time
	patterns []*ere.Regexp
}

// mostPatterns is how many lines of a .gitallowed count: each is tried on every
// finding.
const mostPatterns = 1000

// allowedOf reads the .gitallowed of a folder. A pattern that cannot be read
// allows nothing, and is told. The file is the scanned folder's, who may have put
// anything there: a link, a pipe, a device without an end.
func (s *Scan) allowedOf(source, dir string) *allowed {
	a := &allowed{}
	if dir == "" {
		return a
	}
	body, err := small(filepath.Join(dir, ".gitallowed"))
	if err != nil {
		if !os.IsNotExist(err) {
			s.gap(Gap{Source: source, Where: ".gitallowed", Why: "unreadable", Detail: cause(err).Error()})
		}
		return a
	}
	for i, line := range strings.Split(string(body), "\n") {
		line = strings.TrimRight(line, "\r")
		if f := strings.Fields(line); len(f) == 0 || strings.HasPrefix(f[0], "#") {
			continue
		}
		if len(a.patterns) == mostPatterns {
			s.gap(Gap{Source: source, Where: fmt.Sprintf(".gitallowed:%d", i+1), Why: "too-many"})
			break
		}
		re, err := ere.Compile([]string{line}, ere.Options{})
		if err != nil {
			s.gap(Gap{Source: source, Where: fmt.Sprintf(".gitallowed:%d", i+1), Why: "pattern", Detail: err.Error()})
			continue
		}
		a.patterns = append(a.patterns, re)
	}
	return a
}

// sightings puts what was found to its place. They point to found.
func (a *allowed) sightings(found []leak.Found, body []byte, at Place) []sighting {
	if len(found) == 0 {
		return nil
	}
	out := make([]sighting, len(found))
	for i := range found {
		f := &found[i]
		if a != nil && len(a.patterns) > 0 && f.Allowed == "" && a.match(fmt.Sprintf("%s:%d:%s", at.Path, f.Line, lineOf(body, *f))) {
			known := *f
			known.Allowed = "gitallowed"
			f = &known
		}
		s := &out[i]
		s.Found, s.place = f, at
		s.place.Line, s.place.Column, s.place.Through = f.Line, f.Column, f.Through
	}
	return out
}

func (a *allowed) match(line string) bool {
	a.mu.Lock()
	defer a.mu.Unlock()
	for _, re := range a.patterns {
		if re.Match([]byte(line)) {
			return true
		}
	}
	return false
}

// lineOf is the line that a finding stands on; of what had to be unpacked, the
// value itself.
func lineOf(body []byte, f leak.Found) string {
	if len(f.Through) > 0 {
		return f.Reveal()
	}
	for n := 1; ; n++ {
		line, rest, more := bytes.Cut(body, []byte("\n"))
		if n == f.Line {
			return string(line[:min(len(line), 1<<16)])
		}
		if !more {
			return f.Reveal()
		}
		body = rest
	}
}
