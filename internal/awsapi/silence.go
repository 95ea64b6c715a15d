package awsapi

import (
	"errors"
	"sync"
	"time"
)

// A region that cannot be reached is not waited for by every call anew: after
// so many attempts without any answer, over so long, a call there is tried
// once. The first answer ends that.
const (
	silentAfter = 8
	silentFor   = 8 * time.Second
)

var errSilent = errors.New("the region has not answered for a while")

// silence counts, by region, the attempts in a row that got no answer.
type silence struct {
	mu      sync.Mutex
	regions map[string]quiet
}

type quiet struct {
	attempts int
	since    time.Time
}

func (s *silence) note(region string, answered bool, now time.Time) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if answered {
		delete(s.regions, region)
		return
	}
	if s.regions == nil {
		s.regions = map[string]quiet{}
	}
	q := s.regions[region]
	if q.attempts++; q.attempts == 1 {
		q.since = now
	}
	s.regions[region] = q
}

func (s *silence) silent(region string, now time.Time) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	q := s.regions[region]
	return q.attempts >= silentAfter && now.Sub(q.since) >= silentFor
}

// Silent says whether a region has stopped answering altogether.
func (a *Account) Silent(region string) bool { return a.quiet.silent(region, a.now()) }
