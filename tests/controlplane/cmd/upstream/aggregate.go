package main

import (
	"errors"
	"slices"
	"strings"

	rbacv1 "k8s.io/api/rbac/v1"
	"k8s.io/apimachinery/pkg/api/equality"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"
)

// enoughRounds is more than any chain of roles needs.
const enoughRounds = 1000

// aggregate fills in the rules of aggregated roles, until nothing changes any
// more, as the controller k8s.io/kubernetes/pkg/controller/clusterroleaggregation
// does in a cluster that is left alone: every change of a role has it look at
// all of them again. Its own loop is not exported; a test compares the two.
func aggregate(roles []*rbacv1.ClusterRole) error {
	sorted := slices.SortedFunc(slices.Values(roles), func(a, b *rbacv1.ClusterRole) int { return strings.Compare(a.Name, b.Name) })
	for range enoughRounds {
		changed := false
		for _, role := range sorted {
			if role.AggregationRule == nil {
				continue
			}
			rules, err := union(role, sorted)
			// The controller keeps trying a selector that can't be read, and the role keeps its rules.
			// It applies its own on the server's side: none of its own leaves those that are there to whoever wrote them.
			// In some rings it changes the order of rules for ever, which means nothing.
			if err != nil || len(rules) == 0 || equal(rules, role.Rules) {
				continue
			}
			role.Rules = rules
			changed = true
		}
		if !changed {
			return nil
		}
	}
	return errors.New("aggregated roles change one another without end")
}

// union is the rules of all roles that are selected, selector by selector and
// sorted by name, each once; never the role's own.
func union(role *rbacv1.ClusterRole, sorted []*rbacv1.ClusterRole) ([]rbacv1.PolicyRule, error) {
	var rules []rbacv1.PolicyRule
	for i := range role.AggregationRule.ClusterRoleSelectors {
		selector, err := metav1.LabelSelectorAsSelector(&role.AggregationRule.ClusterRoleSelectors[i])
		if err != nil {
			return nil, err
		}
		for _, other := range sorted {
			if other.Name == role.Name || !selector.Matches(labels.Set(other.Labels)) {
				continue
			}
			for _, rule := range other.Rules {
				if !contains(rules, rule) {
					rules = append(rules, rule)
				}
			}
		}
	}
	return rules, nil
}

func contains(rules []rbacv1.PolicyRule, rule rbacv1.PolicyRule) bool {
	return slices.ContainsFunc(rules, func(known rbacv1.PolicyRule) bool { return equality.Semantic.DeepEqual(known, rule) })
}

// equal says whether the same rules are in both, in any order.
func equal(a, b []rbacv1.PolicyRule) bool {
	missingIn := func(all []rbacv1.PolicyRule) func(rbacv1.PolicyRule) bool {
		return func(rule rbacv1.PolicyRule) bool { return !contains(all, rule) }
	}
	return !slices.ContainsFunc(a, missingIn(b)) && !slices.ContainsFunc(b, missingIn(a))
}
