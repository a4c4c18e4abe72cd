package main

import (
	"fmt"
	"io"
	"text/tabwriter"

	"k8s.io/pod-security-admission/api"
)

// stats counts passes and fails, by check and by level.
type stats struct{ passes, fails map[string]int }

func newStats() *stats { return &stats{map[string]int{}, map[string]int{}} }

func (s *stats) add(e evaluation) {
	for id, r := range e.Checks {
		s.count(string(id), r)
	}
	for level, r := range e.Levels {
		s.count(levelRow(level), r)
	}
}

func (s *stats) count(name string, r result) {
	if r.Allowed {
		s.passes[name]++
	} else {
		s.fails[name]++
	}
}

func levelRow(level api.Level) string { return "level " + string(level) }

func (s *stats) print(out io.Writer, e *evaluator) {
	table := tabwriter.NewWriter(out, 0, 0, 2, ' ', tabwriter.AlignRight)
	fmt.Fprintln(table, "passes\tfails\t  check\t")
	row := func(name string) { fmt.Fprintf(table, "%d\t%d\t  %s\t\n", s.passes[name], s.fails[name], name) }
	for _, check := range e.checks {
		row(string(check.ID))
	}
	row(levelRow(api.LevelBaseline))
	row(levelRow(api.LevelRestricted))
	table.Flush()
}
