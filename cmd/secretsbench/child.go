package main

import (
	"context"
	"fmt"
	"os"
	"runtime/pprof"

	"cordon/internal/secrets/scan"
)

// child is what is measured: all objects, the rules, and for each finding where it
// came in.
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
		if err := once(ctx, s); err != nil {
			return err
		}
	}
	return nil
}

// once scans as cordon scan does, without the process around it.
func once(ctx context.Context, s settings) error {
	x := scan.New(scan.Options{Key: []byte("of a benchmark"), Cache: s.cache, NoArchives: true})
	if err := x.Repository(ctx, s.child); err != nil {
		return err
	}
	res := x.Result()
	places := 0
	for _, f := range res.Findings {
		places += f.PlaceCount
	}
	fmt.Printf("objects=%d cached=%d findings=%d places=%d gaps=%d\n", res.Objects, res.Cached, len(res.Findings), places, len(res.Gaps))
	return nil
}
