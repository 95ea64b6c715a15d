package kind

import (
	"context"
	"sync/atomic"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/smithy-go/middleware"
)

// Answers notes whether any call of one listing was answered, its own or one that
// it shares: where one was, the service is there, whatever another call says.
type Answers struct{ any atomic.Bool }

// Any says whether a call was answered.
func (a *Answers) Any() bool { return a.any.Load() }

type answersKey struct{}

// WithAnswers returns a context in which Shared notes its answers, too.
func WithAnswers(ctx context.Context) (context.Context, *Answers) {
	a := &Answers{}
	return context.WithValue(ctx, answersKey{}, a), a
}

func answered(ctx context.Context) {
	if a, ok := ctx.Value(answersKey{}).(*Answers); ok {
		a.any.Store(true)
	}
}

// Watch gives a configuration whose answered calls are noted.
func (a *Answers) Watch(cfg aws.Config) aws.Config {
	cfg = cfg.Copy()
	cfg.APIOptions = append(cfg.APIOptions[:len(cfg.APIOptions):len(cfg.APIOptions)], func(s *middleware.Stack) error {
		return s.Initialize.Add(middleware.InitializeMiddlewareFunc("cordon-answers", func(
			ctx context.Context, in middleware.InitializeInput, next middleware.InitializeHandler,
		) (middleware.InitializeOutput, middleware.Metadata, error) {
			out, meta, err := next.HandleInitialize(ctx, in)
			if err == nil {
				a.any.Store(true)
			}
			return out, meta, err
		}), middleware.After)
	})
	return cfg
}
