package lab

import (
	"net/http"
	"net/http/httptest"
	"testing"
	"time"
)

// A fork on a busy machine ends late, and that is no error.
func TestStopWaitsForASlowFork(t *testing.T) {
	t.Parallel()
	var s *httptest.Server
	s = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		<-time.After(stopLimit + 500*time.Millisecond)
		w.Header().Set("Connection", "close")
		_, _ = w.Write([]byte("{}"))
		go s.Close()
	}))
	if err := (&Lab{url: s.URL}).Stop(); err != nil {
		t.Error(err)
	}
}
