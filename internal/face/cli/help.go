package cli

import (
	"errors"
	"fmt"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"cordon/internal/catalogue"
)

// metavars are what stands for a flag's value in help.
var metavars = map[string]string{
	"profile": "NAME", "region": "REGION", "endpoint-url": "URL", "role-arn": "ARN", "mfa-serial": "ARN", "case": "ID|DIR",
	"lang": "en|zh|fr", "output": "human|json|jsonl", "color": "auto|always|never", "progress": "auto|plain|none",
	"since": "TIME", "regions": "A,B", "fail-on": "SEVERITY", "file": "FILE", "only": "N|KIND", "except": "N|KIND",
	"approve": "DIGEST", "title": "TEXT", "key": "AKIA…", "user": "NAME", "deadline": "TIME", "protect": "ARN",
	"events.from": "TIME", "events.to": "TIME", "events.regions": "A,B", "accounts": "A,B", "rules": "DIR", "seed": "KEY|ARN|IP|EVENT",
	"principal": "ARN|NAME", "lane": "LANE", "limit": "N", "engine": "store|athena", "layout": "athena|ocsf",
	"table": "DATABASE.TABLE", "table-of": "raw|parquet", "organization": "o-…", "workgroup": "NAME", "answers": "s3://…", "bucket": "s3://…",
	"format": "json|cloudformation|terraform", "policy.to": "DIR",
	"org-profile": "NAME", "approver": "NAME=KEY", "approvals": "N", "recipient": "age1…", "to": "FILE", "why": "TEXT", "port": "N",
	"evidence.out": "FILE", "evidence.identity": "FILE", "evidence.lock": "MODE", "evidence.lock-days": "N", "evidence.bucket-owner": "ACCOUNT",
	"harden.only": "ITEM,ITEM", "harden.regions": "A,B|all", "notify": "ARN", "above": "USD", "trail-bucket": "NAME", "scp": "FILE", "every": "TIME",
	"rotate.to": "SINK", "plan.to": "file:PATH", "give-up": "KEY", "quiet": "TIME", "update-profile": "NAME",
	"against": "FILE", "save": "FILE", "name": "TEXT", "email": "ADDRESS", "phone": "NUMBER", "most-requests": "N", "bill.file": "FILE",
	"report.format": "text|markdown",
	"scan.baseline": "FILE", "scan.fail-on": "low|medium|high|none", "scan.export": "FORMAT[=FILE]", "scan.dir": "DIR", "scan.hook": "NAME",
	"secrets.dir": "DIR",
}

// help prints a command's help from the catalogue. No template is run.
func (a *app) help(cmd *cobra.Command, _ []string) {
	a.shown = true
	w := a.words
	key := cmd.Annotations["key"]
	a.print("", cmd.Short)
	fmt.Fprintln(a.sys.Out)
	a.print("  ", cmd.UseLine())
	if long := "help.cmd." + key + ".long"; w.Has(long) {
		fmt.Fprintln(a.sys.Out)
		a.print("", w.T(long))
	}
	var subs [][2]string
	for _, c := range cmd.Commands() {
		if c.IsAvailableCommand() {
			subs = append(subs, [2]string{c.Name(), c.Short})
		}
	}
	a.section("help.commands", subs)
	var local [][2]string
	cmd.LocalNonPersistentFlags().VisitAll(func(f *pflag.Flag) { local = append(local, a.flagRow(key, f)) })
	a.section("help.flags", local)
	if !cmd.HasParent() {
		var global [][2]string
		cmd.PersistentFlags().VisitAll(func(f *pflag.Flag) { global = append(global, a.flagRow(key, f)) })
		a.section("help.globals", global)
	}
	fmt.Fprintln(a.sys.Out)
	a.say("help.more")
}

// flagRow is one flag with its words; those of the command itself and then those
// under its theme, such as "help.flag.events.to", stand before the general ones.
func (a *app) flagRow(key string, f *pflag.Flag) [2]string {
	name := "--" + f.Name
	if f.Shorthand != "" {
		name = "-" + f.Shorthand + ", " + name
	}
	theme, _, _ := strings.Cut(key, ".")
	if theme == "trail" || theme == "investigate" {
		theme = "events"
	}
	v, own := metavars[theme+"."+f.Name]
	if !own {
		v = metavars[f.Name]
	}
	if v != "" {
		name += " " + v
	}
	for _, part := range []string{key, theme} {
		if words := "help.flag." + part + "." + f.Name; a.words.Has(words) {
			return [2]string{name, a.words.T(words)}
		}
	}
	return [2]string{name, a.words.T("help.flag." + f.Name)}
}

func (a *app) section(key string, rows [][2]string) {
	if len(rows) == 0 {
		return
	}
	fmt.Fprintln(a.sys.Out)
	a.say(key)
	a.rows("  ", rows)
}

// topics of "cordon help".
var topics = []string{"exit-codes", "environment", "output", "safety", "gaps", "blind-spots"}

func newHelp(a *app) *cobra.Command {
	c := a.leaf("help [COMMAND|"+strings.Join(topics, "|")+"]", "help", cobra.ArbitraryArgs, func(cmd *cobra.Command, args []string) error {
		if len(args) == 0 {
			a.help(cmd.Root(), nil)
			return nil
		}
		for _, t := range topics {
			if len(args) == 1 && args[0] == t {
				a.topic(t)
				return nil
			}
		}
		target, rest, err := cmd.Root().Find(args)
		if err != nil || len(rest) > 0 || target == cmd.Root() {
			return unknownCommand(cmd.Root(), args[0])
		}
		a.help(target, nil)
		return nil
	})
	c.ValidArgs = topics
	return c
}

// topic prints a page of text; a line that begins with two spaces is a row of
// two columns, cut at the next two spaces.
func (a *app) topic(name string) {
	var rows [][2]string
	flush := func() {
		if len(rows) > 0 {
			a.rows("  ", rows)
			rows = nil
		}
	}
	for _, line := range strings.Split(a.words.T("help.topic."+name), "\n") {
		left, right, two := strings.Cut(strings.TrimPrefix(line, "  "), "  ")
		if strings.HasPrefix(line, "  ") && two {
			rows = append(rows, [2]string{left, strings.TrimSpace(right)})
			continue
		}
		flush()
		a.print("", line)
	}
	if name == "blind-spots" {
		for _, row := range catalogue.Blind() {
			rows = append(rows, [2]string{row, a.words.T("blind." + row)})
		}
	}
	flush()
}

func unknownCommand(cmd *cobra.Command, name string) error {
	p := &problem{reason: "usage.command", args: []any{"name", safe(name), "command", cmd.CommandPath()}, exit: exitUsage, fix: cmd.CommandPath() + " --help"}
	if near := cmd.SuggestionsFor(name); len(near) > 0 {
		p.reason, p.fix = "usage.near", cmd.CommandPath()+" "+near[0]
	}
	return p
}

// flagError rewords what the flag parser says.
func flagError(cmd *cobra.Command, err error) error {
	fix := cmd.CommandPath() + " --help"
	var (
		missing *pflag.NotExistError
		empty   *pflag.ValueRequiredError
		invalid *pflag.InvalidValueError
	)
	switch {
	case errors.As(err, &missing):
		name := missing.GetSpecifiedName()
		p := &problem{reason: "usage.flag", args: []any{"name", safe(name)}, exit: exitUsage, fix: fix, err: err}
		best := 3
		near := func(f *pflag.Flag) {
			if d := distance(name, f.Name); d < best {
				best, p.fix = d, "--"+f.Name
				p.reason = "usage.flag-near"
			}
		}
		cmd.Flags().VisitAll(near)
		return p
	case errors.As(err, &empty):
		return &problem{reason: "usage.flag-value", args: []any{"name", safe(empty.GetSpecifiedName())}, exit: exitUsage, fix: fix, err: err}
	case errors.As(err, &invalid):
		return &problem{reason: "usage.flag-invalid", args: []any{"name", safe(invalid.GetFlag().Name), "value", safe(invalid.GetValue())}, exit: exitUsage, fix: fix, err: err}
	}
	return &problem{reason: "usage.syntax", exit: exitUsage, fix: fix, err: err}
}

// distance is how many letters differ (Levenshtein).
func distance(a, b string) int {
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		diagonal := row[0]
		row[0] = i + 1
		for j := range len(b) {
			cost := diagonal
			if a[i] != b[j] {
				cost++
			}
			diagonal = row[j+1]
			row[j+1] = min(cost, row[j]+1, diagonal+1)
		}
	}
	return row[len(b)]
}
