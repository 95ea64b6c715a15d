package cli

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
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
		if due := c.Notice.Due(); !due.IsZero() {
			rows = append(rows, [2]string{w.T("screen.notice.deadline"), stamp(due)})
		}
		for _, key := range c.Notice.AllKeys() {
			rows = append(rows, [2]string{w.T("screen.notice.key"), safe(key)})
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
