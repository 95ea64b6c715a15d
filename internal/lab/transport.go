package lab

import (
	"fmt"
	"net/http"
	"net/url"
	"strings"
)

// awsSuffixes are the domains under which AWS answers API calls.
var awsSuffixes = []string{".amazonaws.com", ".amazonaws.com.cn", ".api.aws", ".amazonaws.eu"}

// IsAWSHost reports whether a host name (without a port) is one of AWS's.
func IsAWSHost(host string) bool {
	host = strings.ToLower(host)
	for _, suffix := range awsSuffixes {
		if strings.HasSuffix(host, suffix) {
			return true
		}
	}
	return false
}

// ForeignHostError says that a request was not sent, because its host is not
// one of AWS's.
type ForeignHostError struct{ Host string }

func (e *ForeignHostError) Error() string {
	return fmt.Sprintf("cannot send a request to %s: only hosts of AWS are reached from the lab", e.Host)
}

// Transport sends requests for AWS's hosts to the lab and refuses every other
// host with a *ForeignHostError. The Host header stays, so that wrong regions,
// wrong signing names and S3's addressing show as they would on AWS.
func Transport(labURL string) http.RoundTripper {
	target, err := url.Parse(labURL)
	if err == nil && (target.Scheme != "http" || target.Host == "") {
		err = fmt.Errorf("%q is no URL of a lab", labURL)
	}
	return &transport{target: target, err: err, inner: loopback()}
}

type transport struct {
	target *url.URL
	err    error
	inner  http.RoundTripper
}

func (t *transport) RoundTrip(r *http.Request) (*http.Response, error) {
	err := t.err
	if err == nil && !IsAWSHost(r.URL.Hostname()) {
		err = &ForeignHostError{Host: r.URL.Host}
	}
	if err != nil {
		if r.Body != nil {
			r.Body.Close()
		}
		return nil, err
	}
	sent := r.Clone(r.Context())
	if sent.Host == "" {
		sent.Host = r.URL.Host
	}
	sent.URL.Scheme, sent.URL.Host = t.target.Scheme, t.target.Host
	return t.inner.RoundTrip(sent)
}

// CloseIdleConnections lets http.Client.CloseIdleConnections reach the inner
// transport.
func (t *transport) CloseIdleConnections() {
	if inner, ok := t.inner.(*http.Transport); ok {
		inner.CloseIdleConnections()
	}
}

// loopback is a transport that never uses a proxy.
func loopback() *http.Transport {
	inner := http.DefaultTransport.(*http.Transport).Clone()
	inner.Proxy = nil
	inner.MaxIdleConnsPerHost = 64
	return inner
}
