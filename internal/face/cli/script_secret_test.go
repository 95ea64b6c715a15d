package cli

import (
	"encoding/csv"
	"regexp"
	"strings"

	"github.com/rogpeppe/go-internal/testscript"
)

// digestTold puts the digest of the plan on the last standard output, in JSON
// Lines, into $DIGEST.
func digestTold(ts *testscript.TestScript, _ bool, _ []string) {
	digest := ""
	for line := range strings.Lines(ts.ReadFile("stdout")) {
		r, err := decoded(line)
		ts.Check(err)
		if d, ok := r["digest"].(string); ok && r["type"] == "plan" {
			digest = d
		}
	}
	if digest == "" {
		ts.Fatalf("no plan was told")
	}
	ts.Setenv("DIGEST", digest)
}

// secretOf puts the last secret of a file of credentials, or that of one user,
// into $RAWSECRET, and a pattern of it into $SECRET.
func secretOf(ts *testscript.TestScript, _ bool, args []string) {
	rows, err := csv.NewReader(strings.NewReader(ts.ReadFile(args[0]))).ReadAll()
	ts.Check(err)
	secret := ""
	for _, r := range rows[1:] {
		switch {
		case len(args) == 1:
			secret = r[2]
		case r[0] == args[1]:
			secret = r[1]
		}
	}
	if len(secret) < 20 {
		ts.Fatalf("%s: no secret", args[0])
	}
	ts.Setenv("RAWSECRET", secret)
	ts.Setenv("SECRET", regexp.QuoteMeta(secret))
}
