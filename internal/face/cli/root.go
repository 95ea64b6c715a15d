package cli

import (
	"fmt"
	"slices"

	"github.com/spf13/cobra"

	"cordon/internal/words"
)

func init() { cobra.EnableCommandSorting = false } // help lists commands in the order of an incident

// newRoot builds the whole tree. Every command is listed here, in the order in
// which an incident goes.
func newRoot(a *app) *cobra.Command {
	root := a.leaf("cordon [COMMAND]", "root", nil, nil)
	root.Args = cobra.ArbitraryArgs
	root.RunE = func(cmd *cobra.Command, args []string) error {
		if len(args) > 0 {
			return unknownCommand(cmd, args[0])
		}
		return runGuided(cmd.Context(), a, cmd)
	}
	root.AddCommand(
		newDoctor(a), newCase(a), newNotice(a), newTriage(a), newFinding(a), newInventory(a), newTrail(a), newInvestigate(a), newScan(a), newSecrets(a),
		newPlan(a), newPreserve(a), newApprove(a), newApply(a), newWatch(a), newUndo(a), newRotate(a), newMFA(a), newAccount(a), newBill(a), newEvidence(a), newBaseline(a),
		newSupport(a), newReport(a), newLockout(a), newPolicy(a), newLab(a), newDrill(a), newCompletion(a), newVersion(a), newHelp(a),
	)
	root.SetHelpCommand(newHidden())
	root.CompletionOptions.DisableDefaultCmd = true
	root.SuggestionsMinimumDistance = 2
	root.SetOut(a.sys.Out)
	root.SetErr(a.sys.Err)
	root.SetHelpFunc(a.help)
	root.SetUsageFunc(func(cmd *cobra.Command) error { a.help(cmd, nil); return nil })
	root.SetFlagErrorFunc(flagError)
	a.globals(root)
	root.PersistentPreRunE = func(*cobra.Command, []string) error { return a.check() }
	helpFlags(root)
	return root
}

// newHidden takes the place of cobra's own help command; ours is in the list.
func newHidden() *cobra.Command {
	return &cobra.Command{Use: "no-help", Hidden: true}
}

// helpFlags gives every command our words for --help.
func helpFlags(c *cobra.Command) {
	c.Flags().BoolP("help", "h", false, "")
	for _, sub := range c.Commands() {
		helpFlags(sub)
	}
}

func (a *app) globals(root *cobra.Command) {
	f, g := root.PersistentFlags(), &a.flags
	f.StringVar(&g.profile, "profile", "", "")
	f.StringVar(&g.region, "region", "", "")
	f.StringVar(&g.endpoint, "endpoint-url", "", "")
	f.StringVar(&g.role, "role-arn", "", "")
	f.StringVar(&g.mfa, "mfa-serial", "", "")
	f.StringVar(&g.caseID, "case", "", "")
	f.StringVar(&g.lang, "lang", "", "")
	f.StringVarP(&g.output, "output", "o", "", "")
	f.StringVar(&g.colour, "color", "auto", "")
	f.StringVar(&g.progress, "progress", "auto", "")
	f.BoolVar(&g.ascii, "ascii", false, "")
	f.BoolVar(&g.noInput, "no-input", false, "")
	f.BoolVar(&g.debug, "debug", false, "")
	f.SortFlags = false
}

// check holds the flags that are a choice to what they may be.
func (a *app) check() error {
	for _, c := range []struct {
		name, value string
		may         []string
	}{
		{"output", a.flags.output, []string{"", "human", "json", "jsonl"}},
		{"color", a.flags.colour, []string{"auto", "always", "never"}},
		{"progress", a.flags.progress, []string{"auto", "plain", "none"}},
	} {
		if !slices.Contains(c.may, c.value) {
			if c.name == "output" {
				a.flags.output, a.machine = "human", ""
			}
			return usage("usage.flag-invalid", "name", c.name, "value", safe(c.value))
		}
	}
	if a.flags.debug {
		fmt.Fprintf(a.sys.Err, "debug: %s, lang %s, out tty %t, err tty %t, in tty %t, width %d\n",
			a.sys.Version, a.words.Lang(), a.sys.OutTTY, a.sys.ErrTTY, a.sys.InTTY, a.sys.Width)
	}
	return nil
}

func (a *app) speak(l words.Lang) { a.words = words.For(l) }
