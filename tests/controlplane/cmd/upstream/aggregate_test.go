package main

import (
	"context"
	"encoding/json"
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	rbacv1 "k8s.io/api/rbac/v1"
	"k8s.io/apimachinery/pkg/api/equality"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/client-go/informers"
	"k8s.io/client-go/kubernetes/fake"
	clienttesting "k8s.io/client-go/testing"
	"k8s.io/kubernetes/pkg/controller/clusterroleaggregation"
	"sigs.k8s.io/yaml"
)

// Aggregated roles; what is in `rules` where there is an aggregationRule was written by hand.
var aggregations = map[string]string{
	"one role": `
- {name: a, select: [x]}
- {name: b, labels: [x], rules: [get]}
- {name: c, labels: [y], rules: [list]}`,
	"itself is not one of them": `
- {name: a, labels: [x], select: [x], rules: [delete]}
- {name: b, labels: [x], rules: [get]}`,
	"a chain against the order of names": `
- {name: a, select: [x]}
- {name: b, labels: [x], select: [y]}
- {name: c, labels: [y], select: [z]}
- {name: d, labels: [z], rules: [get]}`,
	"a ring": `
- {name: a, labels: [x], select: [y]}
- {name: b, labels: [y], select: [x, z]}
- {name: c, labels: [z], rules: [get, list]}`,
	"rules by hand are replaced": `
- {name: a, select: [x], rules: [delete]}
- {name: b, labels: [x], rules: [get]}`,
	"rules by hand stay where nothing is selected": `
- {name: a, select: [x], rules: [delete]}`,
	"rules by hand stay where what is selected has none": `
- {name: a, select: [x], rules: [delete]}
- {name: b, labels: [x]}`,
	"rules by hand are handed on": `
- {name: a, select: [x]}
- {name: b, labels: [x], select: [y], rules: [delete]}`,
	"a role that two selectors find": `
- {name: a, select: [y, x]}
- {name: b, labels: [x], rules: [get, list]}
- {name: c, labels: [x, y], rules: [list, watch]}`,
}

func scenes(t *testing.T) map[string][]*rbacv1.ClusterRole {
	t.Helper()
	scenes := map[string][]*rbacv1.ClusterRole{}
	for title, text := range aggregations {
		var roles []struct {
			Name   string
			Labels []string
			Select []string
			Rules  []string
		}
		if err := yaml.UnmarshalStrict([]byte(text), &roles); err != nil {
			t.Fatal(err)
		}
		for _, r := range roles {
			role := &rbacv1.ClusterRole{ObjectMeta: metav1.ObjectMeta{Name: r.Name, Labels: map[string]string{}}}
			for _, label := range r.Labels {
				role.Labels[label] = ""
			}
			for _, label := range r.Select {
				if role.AggregationRule == nil {
					role.AggregationRule = &rbacv1.AggregationRule{}
				}
				one := metav1.LabelSelector{MatchExpressions: []metav1.LabelSelectorRequirement{{Key: label, Operator: metav1.LabelSelectorOpExists}}}
				role.AggregationRule.ClusterRoleSelectors = append(role.AggregationRule.ClusterRoleSelectors, one)
			}
			for _, verb := range r.Rules {
				role.Rules = append(role.Rules, rbacv1.PolicyRule{Verbs: []string{verb}, APIGroups: []string{""}, Resources: []string{"pods"}})
			}
			scenes[title] = append(scenes[title], role)
		}
	}
	return scenes
}

// The real controller, at work on a server that knows apply, comes to the same rules.
func TestRolesAreAggregatedAsTheControllerDoes(t *testing.T) {
	for title, roles := range scenes(t) {
		t.Run(title, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				want := controlled(t, roles)
				if err := aggregate(roles); err != nil {
					t.Fatal(err)
				}
				got := rulesOf(roles)
				if !equality.Semantic.DeepEqual(got, want) {
					t.Errorf("want %v\ngot  %v", want, got)
				}
			})
		})
	}
}

// controlled is the rules of all roles once the controller has nothing to do any more.
func controlled(t *testing.T, roles []*rbacv1.ClusterRole) map[string]string {
	t.Helper()
	ctx, stop := context.WithCancel(t.Context())
	client := fake.NewClientset()
	for _, role := range roles {
		if _, err := client.RbacV1().ClusterRoles().Create(ctx, role, metav1.CreateOptions{FieldManager: "kubectl"}); err != nil {
			t.Fatal(err)
		}
	}
	client.PrependReactor("patch", "clusterroles", applyNothing(client))
	factory := informers.NewSharedInformerFactory(client, 0)
	controller := clusterroleaggregation.NewClusterRoleAggregation(factory.Rbac().V1().ClusterRoles(), client.RbacV1())
	factory.Start(ctx.Done())
	go controller.Run(ctx, 5)
	time.Sleep(time.Minute) // on the bubble's clock: until it waits for nothing but a change
	list, err := client.RbacV1().ClusterRoles().List(ctx, metav1.ListOptions{})
	if err != nil {
		t.Fatal(err)
	}
	stop()
	factory.Shutdown()
	var after []*rbacv1.ClusterRole
	for i := range list.Items {
		after = append(after, &list.Items[i])
	}
	return rulesOf(after)
}

// applyNothing answers an apply without rules. It changes nothing, because nobody has been given rules by the
// controller before; a server then writes nothing and tells nobody, while the fake one would, without end.
func applyNothing(client *fake.Clientset) clienttesting.ReactionFunc {
	return func(action clienttesting.Action) (bool, runtime.Object, error) {
		patch := action.(clienttesting.PatchAction)
		var applied rbacv1.ClusterRole
		if err := json.Unmarshal(patch.GetPatch(), &applied); err != nil {
			return true, nil, err
		}
		if len(applied.Rules) > 0 {
			return false, nil, nil
		}
		role, err := client.Tracker().Get(patch.GetResource(), "", patch.GetName())
		return true, role, err
	}
}

func rulesOf(roles []*rbacv1.ClusterRole) map[string]string {
	rules := map[string]string{}
	for _, role := range roles {
		for _, rule := range role.Rules {
			rules[role.Name] += fmt.Sprint(rule.Verbs)
		}
	}
	return rules
}
