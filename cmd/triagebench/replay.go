package main

import (
	"bytes"
	"crypto/sha256"
	"encoding/gob"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"slices"
	"sync"
	"time"
)

// An answer is one recorded response.
type answer struct {
	Status int
	Header http.Header
	Body   []byte
}

// A tape holds answers by request.
type tape struct {
	mu      sync.Mutex
	Answers map[string]answer
}

// key is what makes two requests the same: signatures and dates do not. The
// members of a CBOR body come in any order: its bytes are taken without one.
func key(r *http.Request, body []byte) string {
	if r.Header.Get("Smithy-Protocol") == "rpc-v2-cbor" {
		body = slices.Sorted(slices.Values(body))
	}
	h := sha256.New()
	fmt.Fprintln(h, r.Method, r.Host, r.URL.RequestURI(), r.Header.Get("X-Amz-Target"))
	h.Write(body)
	return hex.EncodeToString(h.Sum(nil))
}

func drain(body io.ReadCloser) ([]byte, error) {
	if body == nil {
		return nil, nil
	}
	defer body.Close()
	return io.ReadAll(body)
}

// A recorder sends requests on and keeps what came back.
type recorder struct {
	tape  *tape
	inner http.RoundTripper
}

func (rec recorder) RoundTrip(r *http.Request) (*http.Response, error) {
	body, err := drain(r.Body)
	if err != nil {
		return nil, err
	}
	sent := r.Clone(r.Context())
	if sent.Host == "" {
		sent.Host = r.URL.Host
	}
	sent.Body = io.NopCloser(bytes.NewReader(body))
	k := key(sent, body)
	resp, err := rec.inner.RoundTrip(sent)
	if err != nil {
		return nil, err
	}
	got, err := drain(resp.Body)
	if err != nil {
		return nil, err
	}
	resp.Body = io.NopCloser(bytes.NewReader(got))
	rec.tape.mu.Lock()
	defer rec.tape.mu.Unlock()
	rec.tape.Answers[k] = answer{resp.StatusCode, resp.Header.Clone(), got}
	return resp, nil
}

func (t *tape) save(path string) error {
	f, err := os.Create(path)
	if err != nil {
		return err
	}
	return errors.Join(gob.NewEncoder(f).Encode(t.Answers), f.Close())
}

// serve answers from a tape, each call after a delay, until standard input ends.
// It prints its address first.
func serve(path string, delay time.Duration) error {
	f, err := os.Open(path)
	if err != nil {
		return err
	}
	var answers map[string]answer
	if err := errors.Join(gob.NewDecoder(f).Decode(&answers), f.Close()); err != nil {
		return err
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	srv := &http.Server{Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		begun := time.Now()
		body, err := drain(r.Body)
		a, there := answers[key(r, body)]
		if err != nil || !there {
			http.Error(w, "nothing is recorded for this request", http.StatusTeapot)
			return
		}
		for name, values := range a.Header {
			if name != "Content-Length" && name != "Date" && name != "Connection" {
				w.Header()[name] = values
			}
		}
		time.Sleep(delay - time.Since(begun)) // the network that is measured
		w.WriteHeader(a.Status)
		_, _ = w.Write(a.Body)
	})}
	go func() {
		_, _ = io.Copy(io.Discard, os.Stdin)
		_ = srv.Close()
	}()
	fmt.Printf("http://%s\n", l.Addr())
	if err := srv.Serve(l); !errors.Is(err, http.ErrServerClosed) {
		return err
	}
	return nil
}
