// Command sbom writes what a program was built of, as CycloneDX JSON: "sbom
// PROGRAM" reads the build information that the Go linker put into it. It needs
// no network, and the same program gives the same bytes.
package main

import (
	"crypto/sha256"
	"debug/buildinfo"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"runtime/debug"
)

func main() {
	if len(os.Args) != 2 && len(os.Args) != 3 {
		fmt.Fprintln(os.Stderr, "usage: sbom PROGRAM [VERSION]")
		os.Exit(2)
	}
	version := ""
	if len(os.Args) == 3 {
		version = os.Args[2]
	}
	if err := run(os.Stdout, os.Args[1], version); err != nil {
		fmt.Fprintln(os.Stderr, "sbom:", err)
		os.Exit(1)
	}
}

type hash struct {
	Alg     string `json:"alg"`
	Content string `json:"content"`
}

type property struct {
	Name  string `json:"name"`
	Value string `json:"value"`
}

type component struct {
	Type       string     `json:"type"`
	Ref        string     `json:"bom-ref"`
	Name       string     `json:"name"`
	Version    string     `json:"version"`
	PURL       string     `json:"purl"`
	Scope      string     `json:"scope,omitempty"`
	Hashes     []hash     `json:"hashes,omitempty"`
	Properties []property `json:"properties,omitempty"`
}

type dependency struct {
	Ref       string   `json:"ref"`
	DependsOn []string `json:"dependsOn"`
}

type bom struct {
	Format      string `json:"bomFormat"`
	SpecVersion string `json:"specVersion"`
	Version     int    `json:"version"`
	Metadata    struct {
		Component component `json:"component"`
	} `json:"metadata"`
	Components   []component  `json:"components"`
	Dependencies []dependency `json:"dependencies"`
}

func run(out io.Writer, program, version string) error {
	info, err := buildinfo.ReadFile(program)
	if err != nil {
		return fmt.Errorf("cannot read what %s was built of: %w", program, err)
	}
	body, err := os.ReadFile(program)
	if err != nil {
		return err
	}
	enc := json.NewEncoder(out)
	enc.SetIndent("", "  ")
	return enc.Encode(describe(filepath.Base(program), version, body, info))
}

// describe lists the modules in the order in which the linker has them, which is
// by path, and the toolchain's standard library first.
func describe(name, version string, body []byte, info *buildinfo.BuildInfo) bom {
	var b bom
	b.Format, b.SpecVersion, b.Version = "CycloneDX", "1.5", 1
	main := module("application", &info.Main)
	if version != "" {
		main.Version, main.PURL = version, purl(info.Main.Path, version)
	}
	main.Ref = main.PURL
	sum := sha256.Sum256(body)
	main.Hashes = []hash{{"SHA-256", hex.EncodeToString(sum[:])}}
	main.Properties = []property{{"cordon:file", name}}
	for _, s := range info.Settings {
		main.Properties = append(main.Properties, property{"cordon:build:" + s.Key, s.Value})
	}
	b.Metadata.Component = main
	b.Components = []component{module("library", &debug.Module{Path: "stdlib", Version: info.GoVersion})}
	for _, m := range info.Deps {
		if m.Replace != nil {
			m = m.Replace
		}
		b.Components = append(b.Components, module("library", m))
	}
	all := dependency{Ref: main.Ref, DependsOn: []string{}}
	for _, c := range b.Components {
		all.DependsOn = append(all.DependsOn, c.Ref)
	}
	b.Dependencies = []dependency{all}
	return b
}

func module(kind string, m *debug.Module) component {
	c := component{Type: kind, Name: m.Path, Version: m.Version, PURL: purl(m.Path, m.Version)}
	c.Ref = c.PURL
	if kind == "library" {
		c.Scope = "required"
	}
	if m.Sum != "" { // Go's own hash of a module's files: no hash of one file
		c.Properties = []property{{"cordon:go.sum", m.Sum}}
	}
	return c
}

func purl(path, version string) string {
	if version == "" {
		return "pkg:golang/" + path
	}
	return "pkg:golang/" + path + "@" + version
}
