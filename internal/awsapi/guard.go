package awsapi

import (
	"context"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/smithy-go/middleware"
)

// ErrNotDeclared is a call ("iam:DeleteUser") that a configuration refused
// because its needs do not name it. Nothing was signed and nothing was sent.
type ErrNotDeclared string

func (e ErrNotDeclared) Error() string {
	return "cannot call " + string(e) + ": it is not a declared need"
}

// ErrMixedEndpoints is a writing call that was refused because some services
// are configured to another place than the rest: what was read in one account
// would be changed in another. Nothing was sent.
type ErrMixedEndpoints []string

func (e ErrMixedEndpoints) Error() string {
	msg := "cannot change anything: services go to different endpoints"
	for i, s := range e {
		if i == 0 {
			msg += ": " + s
		} else {
			msg += ", " + s
		}
	}
	return msg
}

// Read answers a configuration for one region that lets exactly the calls of
// needs through. The region "global" is the partition's home of the global
// services; "" is the home region of the run.
func (a *Account) Read(region string, needs []Need) aws.Config {
	return a.guarded(region, needs, nil)
}

// A Writer makes configurations that may change the account. Only the gate and
// the wiring in cmd may hold one; archtest sees to it.
type Writer struct{ a *Account }

// Writer answers the account's writer. With mixed endpoints it exists and
// refuses every call with ErrMixedEndpoints.
func (a *Account) Writer() *Writer { return &Writer{a} }

// Account answers the account that w writes to.
func (w *Writer) Account() *Account { return w.a }

// Write is Read's counterpart for the calls of a verb. It shares limits,
// counts and retries with the reading configurations.
//
// An answer that was lost is asked for again, so a call that AWS does not make
// idempotent (iam:CreateAccessKey) can happen twice: such a verb passes
// RetryMaxAttempts = 1 with the call and looks before it tries again.
func (w *Writer) Write(region string, needs []Need) aws.Config {
	var refuse error
	if len(w.a.MixedEndpoints) > 0 {
		refuse = ErrMixedEndpoints(w.a.MixedEndpoints)
	}
	return w.a.guarded(region, needs, refuse)
}

// guarded puts the guard before everything else in the stack of every call.
func (a *Account) guarded(region string, needs []Need, refuse error) aws.Config {
	may := calls(needs)
	cfg := a.config(region)
	// A slice of its own: a cached configuration is shared by all regions' readers.
	cfg.APIOptions = append(cfg.APIOptions[:len(cfg.APIOptions):len(cfg.APIOptions)], func(s *middleware.Stack) error {
		return s.Initialize.Add(middleware.InitializeMiddlewareFunc("CordonGuard", func(
			ctx context.Context, in middleware.InitializeInput, next middleware.InitializeHandler,
		) (middleware.InitializeOutput, middleware.Metadata, error) {
			if refuse != nil {
				return middleware.InitializeOutput{}, middleware.Metadata{}, refuse
			}
			call := Called(ctx)
			if !may[call] {
				return middleware.InitializeOutput{}, middleware.Metadata{}, ErrNotDeclared(call)
			}
			return next.HandleInitialize(ctx, in)
		}), middleware.Before)
	})
	return cfg
}

// Called names the call that is under way, as needs do. The SDK writes it into
// the context before the stack runs, in clients of every age.
func Called(ctx context.Context) Need {
	return service(middleware.GetServiceID(ctx)) + ":" + middleware.GetOperationName(ctx)
}

// config answers the unguarded configuration of a region, made once.
func (a *Account) config(region string) aws.Config {
	switch region {
	case "":
		region = a.Home
	case Global:
		region = a.globalRegion()
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	cfg, ok := a.configs[region]
	if !ok {
		cfg = a.base.Copy()
		cfg.Region = region
		a.configs[region] = cfg
	}
	return cfg.Copy()
}
