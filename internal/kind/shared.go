package kind

import (
	"context"
	"errors"
	"sync"
)

var errBroke = errors.New("the listing that this one shares broke")

type sharedKey struct{}

type sharedCalls struct {
	mu    sync.Mutex
	calls map[any]*sharedCall
}

type sharedCall struct {
	once  sync.Once
	value any
	err   error
}

// WithShared returns a context in which Shared makes each call once. The
// engine makes one per triage; nothing is remembered beyond it.
func WithShared(ctx context.Context) context.Context {
	return context.WithValue(ctx, sharedKey{}, &sharedCalls{calls: map[any]*sharedCall{}})
}

// Shared lets several kinds be served by one API listing: the first asker
// makes the call and all get its answer, or its error. Without WithShared
// every asker makes the call. The key must be comparable and should contain
// the place.
func Shared[T any](ctx context.Context, key any, call func() (T, error)) (T, error) {
	s, ok := ctx.Value(sharedKey{}).(*sharedCalls)
	if !ok {
		return call()
	}
	s.mu.Lock()
	c := s.calls[key]
	if c == nil {
		c = &sharedCall{}
		s.calls[key] = c
	}
	s.mu.Unlock()
	c.once.Do(func() {
		c.err = errBroke // stays if call panics: the others must not take nothing for an answer
		c.value, c.err = call()
	})
	if c.err != nil {
		var none T
		return none, c.err
	}
	answered(ctx)
	return c.value.(T), nil
}
