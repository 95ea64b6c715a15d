package cli

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"cordon/internal/durable"
	"cordon/internal/incident"
	"cordon/internal/signet"
)

func runCaseList(a *app) error {
	root, err := a.root()
	if err != nil {
		return err
	}
	all, err := incident.List(root)
	if err != nil {
		return err
	}
	if len(all) == 0 && a.human() {
		a.say("screen.case.none")
		return nil
	}
	for _, l := range all {
		data := map[string]any{"case": l.ID, "account": l.Account, "opened": l.Opened, "title": l.Title, "current": l.Current, "damaged": l.Err != nil, "dir": l.Dir}
		err := a.record("case_listed", data, func() {
			mark := " "
			if l.Current {
				mark = "*"
			}
			line := fmt.Sprintf("%s %s  %s  %s  %s", mark, safe(l.ID), safe(l.Account), stamp(l.Opened), safe(l.Title))
			if l.Err != nil {
				line = fmt.Sprintf("%s %s  %s", mark, safe(l.ID), a.words.T("screen.case.damaged"))
			}
			a.print("", strings.TrimRight(line, " "))
		})
		if err != nil {
			return err
		}
	}
	return nil
}

func runCaseShow(a *app, args []string) error {
	if len(args) == 1 {
		a.flags.caseID = args[0]
	}
	c, err := a.theCase()
	if err != nil {
		return err
	}
	notes, err := c.Notes()
	if err != nil {
		return err
	}
	head, n, err := journalHead(c)
	if err != nil {
		return err
	}
	plans, err := c.Plans()
	if err != nil {
		return err
	}
	data := map[string]any{"info": c.Info, "dir": c.Dir, "notes": notes, "plans": plans, "journal_head": head, "journal_records": n}
	return a.record("case_shown", data, func() {
		w := a.words
		rows := [][2]string{
			{w.T("screen.case.id"), c.ID + "  " + safe(c.Title)},
			{w.T("screen.case.account"), c.Account + "  (" + c.Partition + ")"},
			{w.T("screen.case.when"), stamp(c.Opened)},
			{w.T("screen.case.by"), safe(c.By)},
			{w.T("screen.case.folder"), c.Dir},
			{w.T("screen.case.plans"), w.Number(len(plans))},
			{w.T("screen.case.journal"), w.T("screen.case.records", "n", n)},
		}
		if c.Endpoint != "" {
			rows = append(rows, [2]string{w.T("screen.case.endpoint"), safe(c.Endpoint)})
		}
		for _, x := range c.Approvers {
			key := "-"
			if pub, err := signet.Decode(x.PublicKey); err == nil {
				key = signet.Fingerprint(pub)
			}
			rows = append(rows, [2]string{w.T("screen.case.approver"), safe(x.Name) + "  " + key})
		}
		for _, arn := range c.Protected {
			rows = append(rows, [2]string{w.T("screen.case.protected"), safe(arn)})
		}
		for _, n := range notes {
			rows = append(rows, [2]string{stamp(n.At), safe(n.By) + "  " + safe(n.Text)})
		}
		a.rows("", rows)
	})
}

// journalHead is the hash of the journal's last whole line, as every run
// prints it, and how many lines there are.
func journalHead(c *incident.Case) (string, int, error) {
	lines, _, err := durable.Lines(c.Journal())
	if err != nil || len(lines) == 0 {
		return "", 0, err
	}
	sum := sha256.Sum256(lines[len(lines)-1])
	return hex.EncodeToString(sum[:]), len(lines), nil
}

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
