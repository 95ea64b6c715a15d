package report

import (
	"encoding/json"
	"fmt"
	"io"
	"time"
)

// JSONL writes one record per line as it is told:
// {"v":1,"seq":n,"ts":…,"type":…,…}.
type JSONL struct {
	out io.Writer
	now func() time.Time
	seq int
}

// NewJSONL returns a handler that writes to out; now stamps the records.
func NewJSONL(out io.Writer, now func() time.Time) *JSONL { return &JSONL{out: out, now: now} }

// Handle implements Handler. Progress is no data.
func (j *JSONL) Handle(m Message) error {
	if _, progress := m.(Progress); progress {
		return nil
	}
	kind, err := json.Marshal(m.Type())
	if err != nil {
		return err
	}
	ts := j.now().UTC().Format("2006-01-02T15:04:05.000Z")
	line, err := splice(fmt.Appendf(nil, `{"v":1,"seq":%d,"ts":%q,"type":%s`, j.seq+1, ts, kind), m)
	if err != nil {
		return err
	}
	j.seq++
	_, err = j.out.Write(append(line, '\n'))
	return err
}

// End implements Handler.
func (j *JSONL) End() error { return nil }
