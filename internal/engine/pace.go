package engine

import (
	"sync"

	"cordon/internal/awsapi"
	"cordon/internal/report"
)

// A pace tells how far a step of many parts has got.
type pace struct {
	mu          sync.Mutex
	out         report.Handler
	step        string
	done, total int
}

func newPace(out report.Handler, step string, total int) *pace {
	return &pace{out: out, step: step, total: total}
}

func (c *pace) one(what, region string) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.done++
	return c.out.Handle(report.Progress{Step: c.step, Done: c.done, Total: c.total, What: what, Region: region})
}

func whyShort(err error) string { return string(awsapi.Classify(err)) }
