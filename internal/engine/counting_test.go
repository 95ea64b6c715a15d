package engine_test

import (
	"cmp"
	"fmt"
	"net/http"
	"strings"
	"sync"

	"cordon/internal/awsapi"
	"cordon/internal/engine"
	"cordon/internal/lab"
)

// counting counts what is sent to one region: of each operation the first
// attempts, the second ones and so on.
type counting struct {
	http.RoundTripper
	region   string
	mu       sync.Mutex
	attempts map[string][]int
}

func (c *counting) RoundTrip(r *http.Request) (*http.Response, error) {
	if strings.Contains(r.URL.Host, c.region) {
		// Operations that are told by the path alone count by it.
		op := cmp.Or(r.Header.Get("X-Amz-Target"), r.URL.Path)
		op = op[strings.LastIndex(op, ".")+1:]
		var n, most int
		if _, err := fmt.Sscanf(r.Header.Get("Amz-Sdk-Request"), "attempt=%d; max=%d", &n, &most); err != nil {
			return nil, err
		}
		c.mu.Lock()
		if c.attempts[op] == nil {
			c.attempts[op] = make([]int, most)
		}
		c.attempts[op][n-1]++
		c.mu.Unlock()
	}
	return c.RoundTripper.RoundTrip(r)
}

// counted is a session whose calls to one region are counted.
func (w *world) counted(region string) (*engine.Session, *counting) {
	w.t.Helper()
	s, c := w.session(), &counting{RoundTripper: lab.Transport(w.URL()), region: region, attempts: map[string][]int{}}
	var err error
	s.Account, err = awsapi.Open(w.t.Context(), awsapi.Options{Profile: truth.Caller.KeyID, HTTP: &http.Client{Transport: c}})
	if err != nil {
		w.t.Fatal(err)
	}
	return s, c
}
