package main

import (
	"bufio"
	"encoding/json"
	"flag"
	"fmt"
	"math/rand/v2"
	"os"
)

func runGenerate(arguments []string) error {
	flags := flag.NewFlagSet("generate", flag.ContinueOnError)
	count := flags.Int("count", 1000, "how many pods")
	seed := flags.Uint64("seed", 1, "the same seed gives the same pods")
	withStats := flags.Bool("stats", false, "print passes and fails of every check to stderr")
	if err := parse(flags, arguments); err != nil {
		return err
	}
	e, err := newEvaluator()
	if err != nil {
		return err
	}
	counts := newStats()
	writer := bufio.NewWriter(os.Stdout)
	for index := range *count {
		line, err := generate(*seed, index)
		if err != nil {
			return err
		}
		text, err := json.Marshal(line)
		if err != nil {
			return err
		}
		if _, err := writer.Write(append(text, '\n')); err != nil {
			return err
		}
		if !*withStats {
			continue
		}
		pod, err := line.decode()
		if err != nil {
			return fmt.Errorf("%s: %w", line.ID, err)
		}
		counts.add(evaluation{Checks: e.evaluateChecks(pod), Levels: e.evaluateLevels(pod)})
	}
	if *withStats {
		counts.print(os.Stderr, e)
	}
	return writer.Flush()
}

// generate makes one pod. Every pod has a source of randomness of its own, so
// that one of them can be made again alone.
func generate(seed uint64, index int) (podLine, error) {
	g := &generator{rand.New(rand.NewPCG(seed, uint64(index)))}
	metadata, spec := g.pod()
	line := podLine{ID: fmt.Sprintf("generated/%d/%d", seed, index)}
	var err error
	if line.Metadata, err = json.Marshal(metadata); err != nil {
		return line, err
	}
	line.Spec, err = json.Marshal(spec)
	return line, err
}

// object is JSON and not a Go type of the API: the Go types would leave out what
// differs from absence, such as `hostPort: 0`, `volumes: []` and null.
type object = map[string]any

type generator struct{ *rand.Rand }

// chance is true with the given probability in percent.
func (g *generator) chance(percent int) bool { return g.IntN(100) < percent }

// pick takes one of the values.
func pick[T any](g *generator, values ...T) T { return values[g.IntN(len(values))] }

// some takes up to limit of the values, in any order, repeats possible; it is
// never nil, so that it is written as a list.
func some[T any](g *generator, limit int, values []T) []T {
	list := make([]T, 0, limit)
	for range g.IntN(limit + 1) {
		list = append(list, pick(g, values...))
	}
	return list
}

// maybe sets a field with the given probability in percent.
func (g *generator) maybe(percent int, into object, field string, value func() any) {
	if g.chance(percent) {
		into[field] = value()
	}
}

// mood is how a pod treats one subject. Were every field of a pod drawn by
// itself, hardly a pod would have none that is wrong, and no check would pass.
type mood int

const (
	strict mood = iota // passes restricted: set everywhere, to a good value
	decent             // passes baseline: set or not, to a good value
	wild               // anything anywhere
)

// moods of one pod, a subject each; drawn apart, so that every check meets pods
// that are wrong in nothing else and pods that are wrong in all.
type moods struct {
	hostNamespaces, privileged, capabilities, seLinux, appArmor, seccomp, procMount mood
	nonRoot, user, escalation, windows, sysctls, ports, volumes, hosts              mood
}

func (g *generator) moods() moods {
	if g.chance(10) {
		return moods{} // strict in everything: what the level restricted admits
	}
	draw := func() mood { return pick(g, strict, strict, decent, wild) }
	return moods{
		draw(), draw(), draw(), draw(), draw(), draw(), draw(),
		draw(), draw(), draw(), draw(), draw(), draw(), draw(), draw(),
	}
}

// good says whether a value has to be a good one: in a wild pod half are too.
func (g *generator) good(m mood) bool { return m != wild || g.chance(50) }

func (g *generator) pod() (metadata, spec object) {
	m := g.moods()
	spec = object{}
	g.hostFields(m, spec)
	names := g.containers(m, spec)
	g.maybe(85, spec, "securityContext", func() any { return g.podSecurityContext(m) })
	g.maybe(60, spec, "volumes", func() any { return g.volumes(m) })
	g.nullify(spec, "securityContext", "volumes", "initContainers", "ephemeralContainers")
	metadata = object{"name": "pod", "labels": object{"app": "generated"}}
	g.maybe(40, metadata, "annotations", func() any { return g.annotations(m, names) })
	g.nullify(metadata, "annotations")
	return metadata, spec
}

// nullify now and then writes null for an absent field: the same to the API.
func (g *generator) nullify(o object, fields ...string) {
	for _, field := range fields {
		if _, present := o[field]; !present && g.chance(5) {
			o[field] = nil
		}
	}
}

func (g *generator) hostFields(m moods, spec object) {
	for _, field := range []string{"hostNetwork", "hostPID", "hostIPC"} {
		g.maybe(30, spec, field, func() any { return !g.good(m.hostNamespaces) })
	}
	// A user namespace of its own relaxes several checks.
	g.maybe(35, spec, "hostUsers", func() any { return pick[any](g, true, false, false, nil) })
	// Windows exempts from several checks, in exactly this spelling.
	g.maybe(40, spec, "os", func() any {
		return pick[any](g,
			object{"name": "linux"}, object{"name": "linux"},
			object{"name": "windows"}, object{"name": "windows"},
			object{"name": "Windows"}, object{"name": ""}, object{}, nil)
	})
}

func (g *generator) annotations(m moods, containers []string) object {
	annotations := object{}
	// A container that doesn't exist, and none at all, are judged like the others.
	targets := append([]string{"no-such-container", ""}, containers...)
	for range g.IntN(3) {
		annotations["container.apparmor.security.beta.kubernetes.io/"+pick(g, targets...)] = g.appArmorAnnotation(m)
	}
	// No check looks at these any more; an evaluator that does is wrong.
	if g.chance(30) {
		annotations["seccomp.security.alpha.kubernetes.io/pod"] = pick(g, "unconfined", "runtime/default", "localhost/a")
		annotations["container.seccomp.security.alpha.kubernetes.io/"+pick(g, targets...)] = pick(g, "unconfined", "docker/default")
	}
	if g.chance(20) {
		annotations["apparmor.security.beta.kubernetes.io/pod"] = "unconfined" // no such annotation
	}
	return annotations
}

func (g *generator) appArmorAnnotation(m moods) string {
	if g.good(m.appArmor) {
		return pick(g, "runtime/default", "localhost/profile", "localhost/", "")
	}
	return pick(g, "unconfined", "docker/default", "Runtime/Default", "localhost", " runtime/default")
}
