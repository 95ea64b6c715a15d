package rotate

import (
	"fmt"
	"path/filepath"
	"strings"

	"cordon/internal/pattern"
)

// The sorts of sinks.
const (
	SinkFile      = "file"
	SinkSecret    = "secretsmanager"
	SinkParameter = "ssm"
)

// A Sink is where a secret goes: "file:/home/li/key.csv", "secretsmanager:shop/deploy@eu-west-1",
// "ssm:/shop/deploy".
type Sink struct {
	Kind   string
	Name   string // a path, or a name
	Region string // "": the home region
}

var (
	secretName    = pattern.New(`^[A-Za-z0-9/_+=.-]{1,490}$`)
	parameterName = pattern.New(`^/?[A-Za-z0-9_.-]+(/[A-Za-z0-9_.-]+){0,14}$`)
	regionName    = pattern.New(`^[a-z]{2,}(-[a-z]+)+-[0-9]+$`)
)

// ParseSink reads the form that a person types. {user} and {key} stand for the
// user and the old key.
func ParseSink(s, user, key string) (Sink, error) {
	kind, name, ok := strings.Cut(s, ":")
	name = strings.NewReplacer("{user}", user, "{key}", key).Replace(name)
	sink := Sink{Kind: kind, Name: name}
	bad := func(why string) (Sink, error) { return Sink{}, fmt.Errorf("cannot store a secret in %q: %s", s, why) }
	if !ok || name == "" {
		return bad("it is not of the form file:PATH, secretsmanager:NAME or ssm:NAME")
	}
	if kind == SinkFile {
		if strings.ContainsAny(name, "\x00\n\r") || !filepath.IsAbs(name) {
			return bad("a file is named by its whole path")
		}
		sink.Name = filepath.Clean(name)
		return sink, nil
	}
	if i := strings.LastIndexByte(name, '@'); i >= 0 {
		sink.Name, sink.Region = name[:i], name[i+1:]
		if !regionName.MatchString(sink.Region) {
			return bad("what follows @ is no Region")
		}
	}
	names := map[string]*pattern.Pattern{SinkSecret: secretName, SinkParameter: parameterName}[kind]
	if names == nil {
		return bad("it is not of the form file:PATH, secretsmanager:NAME or ssm:NAME")
	}
	if !names.MatchString(sink.Name) {
		return bad("AWS does not take this name")
	}
	return sink, nil
}

// String is the form that ParseSink reads.
func (s Sink) String() string {
	if s.Region == "" {
		return s.Kind + ":" + s.Name
	}
	return s.Kind + ":" + s.Name + "@" + s.Region
}
