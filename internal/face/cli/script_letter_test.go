package cli

import (
	"context"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/rogpeppe/go-internal/testscript"

	"cordon/internal/lab"
)

// fault makes the script's lab refuse a call: "fault SERVICE OPERATION CODE".
// Without arguments nothing is refused any more.
func fault(ts *testscript.TestScript, _ bool, args []string) {
	l := ts.Value("lab").(*lab.Lab)
	if len(args) == 0 {
		ts.Check(l.ClearFaults(context.Background()))
		return
	}
	if len(args) < 3 || len(args) > 4 {
		ts.Fatalf("usage: fault [SERVICE OPERATION CODE [REGION]]")
	}
	match := map[string]string{"service": args[0]}
	if len(args) == 4 {
		match["region"] = args[3]
	}
	if args[1] != "*" {
		match["op"] = args[1]
	}
	ts.Check(l.AddFault(context.Background(), lab.Fault{Match: match, Code: args[2], Status: 400}))
}

// lastDigest puts the digest of the newest plan of the case into $DIGEST.
func lastDigest(ts *testscript.TestScript, _ bool, _ []string) {
	all, err := filepath.Glob(ts.MkAbs("cases/*/plans/*.json"))
	ts.Check(err)
	var newest, written time.Time
	digest := ""
	for _, name := range all {
		var f struct {
			Plan struct {
				MadeAt time.Time `json:"made_at"`
			} `json:"plan"`
		}
		b, err := os.ReadFile(name)
		ts.Check(err)
		ts.Check(json.Unmarshal(b, &f))
		info, err := os.Stat(name)
		ts.Check(err)
		if at := f.Plan.MadeAt; at.After(newest) || at.Equal(newest) && info.ModTime().After(written) {
			newest, written, digest = at, info.ModTime(), strings.TrimSuffix(filepath.Base(name), ".json")
		}
	}
	if digest == "" {
		ts.Fatalf("the case has no plan")
	}
	ts.Setenv("DIGEST", digest)
}
