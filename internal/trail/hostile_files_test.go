//go:build unix

package trail

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"syscall"
	"testing"
)

// TestHostileFiles imports, at their real size, the files that a reader dies of:
// what is damaged is told and counted, all the rest is there, and the process
// takes no more memory than with any others.
func TestHostileFiles(t *testing.T) {
	if raced {
		t.Skip("the race detector's own memory would be measured")
	}
	dir, store := t.TempDir(), t.TempDir()
	put := func(name string, write func(io.Writer)) (size int64) {
		f, err := os.Create(filepath.Join(dir, name))
		if err != nil {
			t.Fatal(err)
		}
		b := bufio.NewWriterSize(f, 1<<20)
		write(b)
		if err := b.Flush(); err != nil {
			t.Fatal(err)
		}
		info, err := f.Stat()
		if err != nil {
			t.Fatal(err)
		}
		if err := f.Close(); err != nil {
			t.Fatal(err)
		}
		return info.Size()
	}
	text := func(name string, content []byte) { put(name, func(w io.Writer) { w.Write(content) }) }
	pack := func(w io.Writer, write func(io.Writer)) {
		z, err := gzip.NewWriterLevel(w, gzip.BestSpeed)
		if err != nil {
			t.Fatal(err)
		}
		write(z)
		if err := z.Close(); err != nil {
			t.Fatal(err)
		}
	}

	few := make([]string, 60)
	for n := range few {
		few[n] = call{n: n}.record()
	}
	text("good.json.gz", gz(logFile(few[:20]...)))
	packed := gz(logFile(few[20:30]...))
	text("cut.json.gz", packed[:len(packed)-6])
	half := logFile(few[30:40]...)
	text("half.json", half[:len(half)-300]) // the last of ten has no end
	text("utf8.json", logFile(strings.Replace(few[40], "aws-cli", "aws\xff\xfecli", 1)))
	text("address.json", logFile(strings.Replace(few[41], "198.51.100.7", "075.050.255.67", 1)))
	const large = 200_000
	writeLarge := func(w io.Writer) {
		io.WriteString(w, `{"Records":[`)
		for n := range large {
			if n > 0 {
				io.WriteString(w, ",")
			}
			io.WriteString(w, call{n: 1000 + n, user: fmt.Sprint("user-", n%500), request: `{"note":"` + strings.Repeat("n", 400) + `"}`}.record())
		}
		io.WriteString(w, "]}")
	}
	if size := put("large.json", writeLarge); size < 200e6 {
		t.Fatalf("%d bytes are no 200 MB", size)
	}
	put("large.json.gz", func(w io.Writer) { pack(w, writeLarge) }) // the same again
	var member bytes.Buffer
	pack(&member, func(w io.Writer) {
		blank := bytes.Repeat([]byte(" "), 1<<20)
		for range 64 {
			w.Write(blank)
		}
	})
	put("bomb.json.gz", func(w io.Writer) { // 4 GB
		pack(w, func(w io.Writer) { io.WriteString(w, `{"Records":[`+few[42]+",") })
		for range 64 {
			w.Write(member.Bytes())
		}
		pack(w, func(w io.Writer) { io.WriteString(w, few[43]+`]}`) })
	})
	manyKeys := func(w io.Writer) {
		io.WriteString(w, `{"Records":[`+few[44]+`,{"eventName":"RunInstances","requestParameters":{"key":1`)
		for n := range 10_000_000 {
			fmt.Fprintf(w, `,"k%07d":1`, n)
		}
		io.WriteString(w, `}},`+few[45]+`]}`)
	}
	put("keys.json", manyKeys)
	put("keys.json.gz", func(w io.Writer) { pack(w, manyKeys) })

	c := exec.Command(os.Args[0], "-test.run=^$")
	c.Env = append(os.Environ(), "CORDON_TRAIL_FOLDER="+dir, "CORDON_TRAIL_CHILD="+store)
	c.Stderr = os.Stderr
	out, err := c.Output()
	if err != nil {
		t.Fatal(err)
	}
	var r Receipt
	if err := json.Unmarshal(out, &r); err != nil {
		t.Fatal(err)
	}
	peak := c.ProcessState.SysUsage().(*syscall.Rusage).Maxrss
	if runtime.GOOS != "darwin" {
		peak *= 1024
	}
	t.Logf("%d events, %d duplicates, %d MB at most, %.1f s CPU", r.Events, r.Duplicates, peak>>20, (c.ProcessState.UserTime() + c.ProcessState.SystemTime()).Seconds())
	for _, d := range r.Damaged {
		t.Logf("%s: %d, %s", d.File, d.Count, d.Why)
	}
	if peak > 300<<20 {
		t.Errorf("%d MB of memory", peak>>20)
	}
	damaged := map[string]string{"cut.json.gz": "gzip", "half.json": "", "bomb.json.gz": "256 MB without a record", "keys.json": "more than 16 MB", "keys.json.gz": "more than 16 MB"}
	for _, d := range r.Damaged {
		why, expected := damaged[d.File]
		if !expected || d.Count != 1 || !strings.Contains(d.Why, why) {
			t.Errorf("damage nobody did: %+v", d)
		}
		delete(damaged, d.File)
	}
	for name := range damaged {
		t.Errorf("the damage of %s is not told", name)
	}
	// 20 good, 10 before the cut, 9 before the half, 2 odd ones, 1 of the bomb,
	// 2 beside the keys.
	if want := 20 + 10 + 9 + 2 + 1 + 2 + large; r.Events != want || r.Duplicates != large+2 {
		t.Errorf("%d events of %d, %d duplicates", r.Events, want, r.Duplicates)
	}
}
