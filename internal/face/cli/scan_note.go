package cli

import (
	"errors"
	"path/filepath"
	"strings"

	"cordon/internal/article"
	"cordon/internal/incident"
	"cordon/internal/secrets/leak"
	leaks "cordon/internal/secrets/scan"
)

// noteScan writes into the case in use, if there is one, what was scanned and how
// much was found: a scan that finds nothing is a record too. A part of a
// repository is another thing than the whole of it.
func (a *app) noteScan(res leaks.Result, args []string, o scanOptions) error {
	c, err := a.theCase()
	if errors.Is(err, incident.ErrNoCase) && a.flags.caseID == "" {
		return nil
	}
	if err != nil {
		return err
	}
	var of []string
	for _, arg := range args {
		if abs, err := filepath.Abs(arg); err == nil && arg != "-" {
			arg = abs
		}
		of = append(of, arg)
	}
	for _, part := range []struct {
		name string
		on   bool
	}{{"--staged", o.staged}, {"--no-history", o.noHistory}, {"--no-work-tree", o.noWorkTree}, {"--no-archives", o.noArchives}} {
		if part.on {
			of = append(of, part.name)
		}
	}
	look := incident.Look{What: article.LookSecrets, Of: strings.Join(of, " "), By: a.sys.Who, At: a.sys.Now().UTC(), Unseen: len(res.Gaps)}
	for i := range res.Findings {
		if res.Findings[i].Counts(leak.Medium) {
			look.Found++
		}
	}
	return c.AddLook(look)
}
