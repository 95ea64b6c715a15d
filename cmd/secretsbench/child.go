package main

import (
	"context"
	"fmt"
	"os"
	"runtime/pprof"

	"cordon/internal/secrets/pack"
)

// child is what is measured: all objects, the AWS rules, and for each finding
// where it came in.
func child(ctx context.Context, s settings) error {
	if s.profile != "" {
		f, err := os.Create(s.profile)
		if err != nil {
			return err
		}
		defer f.Close()
		if err := pprof.StartCPUProfile(f); err != nil {
			return err
		}
		defer pprof.StopCPUProfile()
	}
	for range s.repeat {
		if err := scan(ctx, s); err != nil {
			return err
		}
	}
	return nil
}

func scan(ctx context.Context, s settings) error {
	r, err := pack.Open(ctx, s.child)
	if err != nil {
		return err
	}
	defer r.Close()
	got, err := r.Scan(ctx, pack.Options{Matcher: func() pack.Matcher { return matcher{} }, Rules: "git-secrets 1", Cache: s.cache})
	if err != nil {
		return err
	}
	var ids []pack.ID
	for _, h := range got.Hits {
		ids = append(ids, h.ID)
	}
	places, err := r.Places(ctx, ids)
	if err != nil {
		return err
	}
	n := 0
	for _, list := range places {
		n += len(list)
	}
	fmt.Printf("objects=%d cached=%d hits=%d names=%d places=%d gaps=%d bytes=%d looked=%d\n", got.Objects, got.Cached, len(got.Hits), len(got.Names), n, len(got.Gaps), got.Bytes, got.Looked)
	return nil
}
