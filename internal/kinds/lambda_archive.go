package kinds

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/lambda"
)

// archiveGetter downloads what Lambda gives out by a signed link, valid for
// ten minutes, and not by a call.
type archiveGetter interface {
	GetArchive(ctx context.Context, location string) ([]byte, error)
}

// A lambdaClient is a client that can follow such a link.
type lambdaClient struct{ *lambda.Client }

// archiveLimit is Lambda's own for one package, with room to spare.
const archiveLimit = 512 << 20

// GetArchive downloads only from AWS's hosts or the configured endpoint's, and
// follows no redirect: the link has rights in it, and the answer is evidence.
func (c lambdaClient) GetArchive(ctx context.Context, location string) ([]byte, error) {
	where, err := url.Parse(location)
	if err != nil {
		return nil, errors.New("cannot download the code: the link that Lambda gave cannot be read")
	}
	if !trusted(where, aws.ToString(c.Options().BaseEndpoint)) {
		return nil, fmt.Errorf("cannot download the code: %q is no host of AWS", where.Host)
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, location, nil)
	if err != nil {
		return nil, errors.New("cannot download the code: the link that Lambda gave cannot be used")
	}
	client, err := straight(c.Options().HTTPClient)
	if err != nil {
		return nil, err
	}
	resp, err := client.Do(req)
	if err != nil {
		var failed *url.Error // its words have the link in them, and the link is a secret
		if errors.As(err, &failed) {
			err = failed.Err
		}
		return nil, fmt.Errorf("cannot download the code: %w", err)
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		return nil, fmt.Errorf("cannot download the code: %s answers %d", where.Host, resp.StatusCode)
	}
	b, err := io.ReadAll(io.LimitReader(resp.Body, archiveLimit+1))
	if err != nil {
		return nil, fmt.Errorf("cannot download the code: %w", err)
	}
	if len(b) > archiveLimit {
		return nil, fmt.Errorf("cannot download the code: it is larger than %d MB", archiveLimit>>20)
	}
	return b, nil
}

// trusted says whether a link leads to AWS or, where calls go to an endpoint
// that is not AWS's, to that endpoint: a drill must not leave it.
func trusted(where *url.URL, endpoint string) bool {
	if where.User != nil {
		return false
	}
	if e, err := url.Parse(endpoint); endpoint != "" && (err != nil || !awsHost(e)) {
		return err == nil && where.Scheme == e.Scheme && strings.EqualFold(where.Host, e.Host)
	}
	return awsHost(where)
}

func awsHost(u *url.URL) bool {
	if u.Scheme != "https" || (u.Port() != "" && u.Port() != "443") {
		return false
	}
	host := strings.ToLower(u.Hostname())
	for _, suffix := range []string{
		".amazonaws.com", ".amazonaws.com.cn", ".amazonaws.eu", ".c2s.ic.gov", ".sc2s.sgov.gov", ".cloud.adc-e.uk", ".csp.hci.ic.gov",
	} {
		if strings.HasSuffix(host, suffix) {
			return true
		}
	}
	return false
}

// straight makes a client that follows no redirect of the one the SDK uses, so
// that its transport and proxy serve here too.
func straight(c lambda.HTTPClient) (*http.Client, error) {
	stay := func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	switch c := c.(type) {
	case *http.Client:
		return &http.Client{Transport: c.Transport, Timeout: c.Timeout, CheckRedirect: stay}, nil
	case interface{ GetTransport() *http.Transport }:
		return &http.Client{Transport: c.GetTransport(), CheckRedirect: stay}, nil
	}
	return nil, fmt.Errorf("cannot download the code: no way to keep %T from following redirects", c)
}
