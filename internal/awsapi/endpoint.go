package awsapi

import (
	"context"
	"fmt"
	"net/url"
	"os"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/config"
	"github.com/aws/smithy-go/middleware"
	smithyhttp "github.com/aws/smithy-go/transport/http"
)

const endpointEnv = "AWS_ENDPOINT_URL"

// ignoreConfigured is a configuration source that turns the configured
// endpoints off. The SDK lets AWS_ENDPOINT_URL_<SERVICE> win over everything;
// an endpoint that was named on the command line must not be overruled.
type ignoreConfigured struct{}

// GetIgnoreConfiguredEndpoints is asked for by every SDK client.
func (ignoreConfigured) GetIgnoreConfiguredEndpoints(context.Context) (bool, bool, error) {
	return true, true, nil
}

// endpoints answers where calls go: everywhere ("" is AWS), and by service
// where the configuration says otherwise.
func endpoints(ctx context.Context, cfg aws.Config, flag string) (everywhere string, services map[string]string, err error) {
	services = map[string]string{}
	if flag != "" {
		return flag, services, checkURL(flag)
	}
	everywhere = aws.ToString(cfg.BaseEndpoint)
	if ignored, found, err := config.GetIgnoreConfiguredEndpoints(ctx, cfg.ConfigSources); err != nil {
		return "", nil, fmt.Errorf("cannot read the endpoint configuration: %w", err)
	} else if found && ignored {
		return everywhere, services, nil
	}
	if sc, ok := shared(cfg); ok {
		for svc, values := range sc.Services.ServiceValues {
			if u := values["endpoint_url"]; u != "" {
				services[strings.ReplaceAll(strings.ToLower(svc), "_", "")] = u
			}
		}
	}
	for _, kv := range os.Environ() { // the environment wins over the profile
		name, u, _ := strings.Cut(kv, "=")
		if svc, ok := strings.CutPrefix(name, endpointEnv+"_"); ok && u != "" {
			services[strings.ReplaceAll(strings.ToLower(svc), "_", "")] = u
		}
	}
	for _, u := range services {
		if err := checkURL(u); err != nil {
			return "", nil, err
		}
	}
	if everywhere != "" {
		err = checkURL(everywhere)
	}
	return everywhere, services, err
}

func checkURL(s string) error {
	u, err := url.Parse(s)
	if err != nil || u.Host == "" || (u.Scheme != "http" && u.Scheme != "https") {
		return fmt.Errorf("cannot use the endpoint %q: it is not an http or https address", s)
	}
	return nil
}

// mixed answers "service=url", sorted, for each service that goes elsewhere.
func mixed(everywhere string, services map[string]string) []string {
	var out []string
	for svc, u := range services {
		if strings.TrimRight(u, "/") != strings.TrimRight(everywhere, "/") {
			out = append(out, svc+"="+u)
		}
	}
	slices.Sort(out)
	return out
}

// shared answers the profile that cfg was loaded from.
func shared(cfg aws.Config) (config.SharedConfig, bool) {
	for _, s := range cfg.ConfigSources {
		if sc, ok := s.(config.SharedConfig); ok {
			return sc, true
		}
	}
	return config.SharedConfig{}, false
}

// redirectSTS sends the credential chain's own STS calls to the endpoint that
// all others use. The SDK resolves AWS_ENDPOINT_URL only after it has built
// those clients, so without this a drill's role would be assumed at the real
// AWS.
func redirectSTS(endpoint string) func(*middleware.Stack) error {
	return func(s *middleware.Stack) error {
		to, err := url.Parse(endpoint)
		if _, ok := s.Finalize.Get("Signing"); !ok || err != nil || endpoint == "" {
			return err
		}
		return s.Finalize.Insert(middleware.FinalizeMiddlewareFunc("CordonRedirect", func(
			ctx context.Context, in middleware.FinalizeInput, next middleware.FinalizeHandler,
		) (middleware.FinalizeOutput, middleware.Metadata, error) {
			if req, ok := in.Request.(*smithyhttp.Request); ok && middleware.GetServiceID(ctx) == "STS" {
				req.URL.Scheme, req.URL.Host = to.Scheme, to.Host
				req.URL.Path = strings.TrimRight(to.Path, "/") + "/"
			}
			return next.HandleFinalize(ctx, in)
		}), "Signing", middleware.Before)
	}
}
