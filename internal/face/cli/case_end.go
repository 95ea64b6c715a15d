package cli

import (
	"os"
	"path/filepath"

	"cordon/internal/durable"
	"cordon/internal/incident"
	"cordon/internal/signet"
)

func runCaseClose(a *app) error {
	c, err := a.theCase()
	if err != nil {
		return err
	}
	if err := c.AddNote(incident.Note{By: a.sys.Who, At: a.sys.Now().UTC(), Text: "closed"}); err != nil {
		return err
	}
	root, err := a.root()
	if err != nil {
		return err
	}
	if now, err := incident.Current(root); err == nil && now == c.ID {
		if err := os.Remove(filepath.Join(root, "current")); err != nil {
			return &problem{reason: "file", args: []any{"file", filepath.Join(root, "current")}, exit: exitError, err: err}
		}
	}
	return a.record("case_closed", map[string]any{"case": c.ID}, func() { a.say("screen.case.closed", "case", c.ID) })
}

func runCaseExport(a *app, to string, plain bool) error {
	c, err := a.theCase()
	if err != nil {
		return err
	}
	head, _, err := journalHead(c)
	if err != nil {
		return err
	}
	k, err := a.key()
	if err != nil {
		return err
	}
	if to == "" {
		to = c.ID + ".tar.gz"
	}
	failed := func(err error) error {
		return &problem{reason: "file", args: []any{"file", safe(to)}, exit: exitError, err: err}
	}
	f, err := os.OpenFile(to, os.O_CREATE|os.O_EXCL|os.O_WRONLY, durable.FileMode)
	if err != nil {
		return failed(err)
	}
	err = c.ExportAs(f, incident.Archive{Head: head, Tool: a.sys.Version, At: a.sys.Now(), Signers: []*signet.Key{k}, Plain: plain})
	if end := f.Close(); err == nil {
		err = end
	}
	if err != nil {
		return failed(err)
	}
	data := map[string]any{"case": c.ID, "file": to, "journal_head": head, "signed_by": k.Fingerprint()}
	return a.record("case_exported", data, func() {
		a.say("prose.case.exported", "case", c.ID, "file", safe(to))
		a.print("  ", "sha256sum -c SHA256SUMS")
		if !plain {
			a.say("prose.case.leftout")
		}
	})
}
