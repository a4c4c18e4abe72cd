package main

import (
	"encoding/json"
	"flag"
	"os"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/pod-security-admission/api"
	"k8s.io/pod-security-admission/policy"
)

// result of one check, or of all checks of a level.
type result struct {
	Allowed bool   `json:"allowed"`
	Reason  string `json:"reason,omitempty"`
	Detail  string `json:"detail,omitempty"`
}

// evaluator judges a pod at the newest version of the standards.
type evaluator struct {
	checks []policy.Check
	levels policy.Evaluator // resolves which restricted checks replace baseline ones
}

func newEvaluator() (*evaluator, error) {
	checks := policy.DefaultChecks()
	slices.SortFunc(checks, func(a, b policy.Check) int { return strings.Compare(string(a.ID), string(b.ID)) })
	levels, err := policy.NewEvaluator(checks, nil)
	return &evaluator{checks, levels}, err
}

// newest is the version of a check that applies at "latest": upstream refuses a
// list of checks whose versions are not in increasing order.
func newest(check policy.Check) policy.VersionedCheck {
	return check.Versions[len(check.Versions)-1]
}

// evaluateChecks asks every check by itself, replaced ones too.
func (e *evaluator) evaluateChecks(pod *corev1.Pod) map[policy.CheckID]result {
	results := make(map[policy.CheckID]result, len(e.checks))
	for _, check := range e.checks {
		r := newest(check).CheckPod(&pod.ObjectMeta, &pod.Spec)
		results[check.ID] = result{r.Allowed, r.ForbiddenReason, r.ForbiddenDetail}
	}
	return results
}

// evaluateLevels says what Pod Security admission would say.
func (e *evaluator) evaluateLevels(pod *corev1.Pod) map[api.Level]result {
	results := map[api.Level]result{}
	for _, level := range []api.Level{api.LevelBaseline, api.LevelRestricted} {
		latest := api.LevelVersion{Level: level, Version: api.LatestVersion()}
		all := policy.AggregateCheckResults(e.levels.EvaluatePod(latest, &pod.ObjectMeta, &pod.Spec))
		results[level] = result{all.Allowed, all.ForbiddenReason(), all.ForbiddenDetail()}
	}
	return results
}

// checkInfo describes a check for the command `checks`.
type checkInfo struct {
	ID             policy.CheckID   `json:"id"`
	Level          api.Level        `json:"level"`
	MinimumVersion string           `json:"minimumVersion"` // of the oldest version of the check
	Newest         string           `json:"newest"`         // of the version that `evaluate` asks
	Versions       []string         `json:"versions"`
	Overrides      []policy.CheckID `json:"overrides,omitempty"` // baseline checks it replaces at level restricted
}

func runChecks(arguments []string) error {
	if err := parse(flag.NewFlagSet("checks", flag.ContinueOnError), arguments); err != nil {
		return err
	}
	e, err := newEvaluator()
	if err != nil {
		return err
	}
	infos := make([]checkInfo, 0, len(e.checks))
	for _, check := range e.checks {
		info := checkInfo{ID: check.ID, Level: check.Level, Overrides: newest(check).OverrideCheckIDs}
		for _, version := range check.Versions {
			info.Versions = append(info.Versions, version.MinimumVersion.String())
		}
		info.MinimumVersion = info.Versions[0]
		info.Newest = info.Versions[len(info.Versions)-1]
		infos = append(infos, info)
	}
	encoder := json.NewEncoder(os.Stdout)
	encoder.SetIndent("", "  ")
	return encoder.Encode(infos)
}
