package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strings"
	"testing"
)

// asked is the answers of a command to lines, without the last line's end.
func asked[Q, A any](t *testing.T, judge func(*Q) (A, error), lines ...string) []string {
	t.Helper()
	var out bytes.Buffer
	if err := answerLines(strings.NewReader(strings.Join(lines, "\n")), &out, judge); err != nil {
		t.Fatal(err)
	}
	return strings.Split(strings.TrimSpace(out.String()), "\n")
}

type matchCase struct{ question, answer string }

func checkMatches(t *testing.T, cases []matchCase) {
	t.Helper()
	for _, c := range cases {
		if got := asked(t, match, c.question)[0]; got != c.answer {
			t.Errorf("%s\nwant %s\ngot  %s", c.question, c.answer, got)
		}
	}
}

const (
	yes = `{"match":true}`
	no  = `{"match":false}`
)

func TestWhatCannotBeAnsweredIsALineOfItsOwn(t *testing.T) {
	lines := asked(t, match,
		`{"op":"networkpolicy"}`,
		`{"op":"labelSelector","selector":{"matchlabels":{}}}`,
		`{"op":"labelSelector","selector":{"matchExpressions":[{"key":"a","operator":"In"}]}}`,
		`nonsense`,
		`{"op":"labelSelector","selector":{}}`)
	for _, line := range lines[:4] {
		if !strings.HasPrefix(line, `{"error":"`) {
			t.Errorf("want an error, got %s", line)
		}
	}
	if len(lines) != 5 || lines[4] != yes {
		t.Errorf("want an answer to what follows, got %s", lines)
	}
	lines = asked(t, authorize, `{"clusterRoles":[null]}`, `{"requests":[{"user":"a","verb":"get"}]}`)
	if !strings.HasPrefix(lines[0], `{"error":"`) || lines[1] != `{"allowed":[false]}` {
		t.Errorf("want an error and an answer, got %s", lines)
	}
}

func TestLabelSelectorOfNullMatchesNothingAndAnEmptyOneEverything(t *testing.T) {
	checkMatches(t, []matchCase{
		{`{"op":"labelSelector","selector":null,"labels":{"a":"b"}}`, no},
		{`{"op":"labelSelector","selector":{},"labels":{"a":"b"}}`, yes},
		{`{"op":"labelSelector","selector":{"matchLabels":{"a":"b"}},"labels":{"a":"b"}}`, yes},
		{`{"op":"labelSelector","selector":{"matchLabels":{"a":"B"}},"labels":{"a":"b"}}`, no},
		{`{"op":"labelSelector","selector":{"matchExpressions":[{"key":"a","operator":"NotIn","values":["b"]}]}}`, yes},
	})
}

func TestOnlyTaintsOfTheEffectsHaveToBeTolerated(t *testing.T) {
	const soft = `{"op":"tolerates","taints":[{"key":"a","effect":"PreferNoSchedule"}],"tolerations":[],"effects":[%s]}`
	const hard = `{"op":"tolerates","taints":[{"key":"a","value":"1","effect":"NoSchedule"}],"tolerations":[%s],"effects":["NoSchedule"]}`
	checkMatches(t, []matchCase{
		{fmt.Sprintf(soft, `"NoSchedule","NoExecute"`), yes},
		{fmt.Sprintf(soft, `"PreferNoSchedule"`), no},
		{fmt.Sprintf(hard, ``), no},
		{fmt.Sprintf(hard, `{"key":"a","value":"1"}`), yes},
		{fmt.Sprintf(hard, `{"key":"a","value":"1","effect":"NoExecute"}`), no},
		{fmt.Sprintf(hard, `{"operator":"Exists"}`), yes},
		{fmt.Sprintf(hard, `{"key":"a","operator":"Lt","value":"2"}`), no},
	})
}

func TestNodeAffinityAsksForSelectorAndOneTerm(t *testing.T) {
	const question = `{"op":"nodeAffinity","pod":{"containers":null,"nodeSelector":%s,"affinity":{"nodeAffinity":{` +
		`"requiredDuringSchedulingIgnoredDuringExecution":{"nodeSelectorTerms":[%s]}}}},` +
		`"node":{"name":"n1","labels":{"disk":"ssd","cores":"8"}}}`
	ask := func(selector, terms string) string { return fmt.Sprintf(question, selector, terms) }
	checkMatches(t, []matchCase{
		{`{"op":"nodeAffinity","pod":{"containers":null},"node":{}}`, yes},
		{ask(`{"disk":"ssd"}`, `{"matchFields":[{"key":"metadata.name","operator":"In","values":["n1"]}]}`), yes},
		{ask(`{"disk":"hdd"}`, `{"matchFields":[{"key":"metadata.name","operator":"In","values":["n1"]}]}`), no},
		{ask(`null`, `{"matchExpressions":[{"key":"cores","operator":"Gt","values":["7"]}]}`), yes},
		{ask(`null`, `{"matchExpressions":[{"key":"disk","operator":"Gt","values":["7"]}]}`), no},
		{ask(`null`, `{}`), no},
		{ask(`null`, ``), no},
		// One term that matches is enough, even beside one that can't be read.
		{ask(`null`, `{"matchExpressions":[{"key":"cores","operator":"Gt","values":["x"]}]},`+
			`{"matchExpressions":[{"key":"disk","operator":"Exists"}]}`), yes},
	})
	unreadable := asked(t, match, ask(`null`, `{"matchExpressions":[{"key":"cores","operator":"Gt","values":["x"]}]}`))[0]
	if !strings.HasPrefix(unreadable, `{"error":"`) {
		t.Errorf("want an error, got %s", unreadable)
	}
}

func TestNetworkPolicyIsOfEgressOnlyWhenItSaysSo(t *testing.T) {
	const ingress, both = `{"policyTypes":["Ingress"]}`, `{"policyTypes":["Ingress","Egress"]}`
	checkMatches(t, []matchCase{
		{`{"op":"networkPolicy","policy":{"spec":{}}}`, ingress},
		{`{"op":"networkPolicy","policy":{"spec":{"egress":[]}}}`, ingress},
		{`{"op":"networkPolicy","policy":{"spec":{"egress":[{}]}}}`, both},
		{`{"op":"networkPolicy","policy":{"spec":{"policyTypes":["Ingress"],"egress":[{}]}}}`, ingress},
		{`{"op":"networkPolicy","policy":{"spec":{"policyTypes":["Egress"]}}}`, `{"policyTypes":["Egress"]}`},
	})
}

const aScene = `{
	"clusterRoles": [
		{"metadata": {"name": "reader", "labels": {"to": "view"}}, "rules": [
			{"apiGroups": [""], "resources": ["pods", "*/scale"], "verbs": ["get"]},
			{"nonResourceURLs": ["/healthz*"], "verbs": ["get"]}]},
		{"metadata": {"name": "view"}, "aggregationRule": {"clusterRoleSelectors": [{"matchLabels": {"to": "view"}}]}}],
	"roles": [{"metadata": {"name": "one", "namespace": "shop"}, "rules": [
		{"apiGroups": [""], "resources": ["secrets"], "resourceNames": ["tls"], "verbs": ["*"]}]}],
	"clusterRoleBindings": [{"metadata": {"name": "a"}, "roleRef": {"kind": "ClusterRole", "name": "view"},
		"subjects": [{"kind": "Group", "name": "system:authenticated"}, {"kind": "ServiceAccount", "name": "bot"}]}],
	"roleBindings": [
		{"metadata": {"name": "a", "namespace": "shop"}, "roleRef": {"kind": "Role", "name": "gone"}, "subjects": [{"kind": "User", "name": "bob"}]},
		{"metadata": {"name": "b", "namespace": "shop"}, "roleRef": {"kind": "Role", "name": "one"},
		 "subjects": [{"kind": "ServiceAccount", "name": "bot"}, {"kind": "User", "name": "bob"}]}],
	"requests": [%s]}`

func TestAuthorizerSeesWhatItIsGiven(t *testing.T) {
	const bot = `"user": "system:serviceaccount:shop:bot", "namespace": "shop", `
	for _, c := range []struct {
		request string
		allowed bool
	}{
		{`{"user": "eve", "groups": ["system:authenticated"], "verb": "get", "resource": "pods"}`, true},
		{`{"user": "eve", "groups": ["system:authenticated"], "verb": "get", "resource": "pods", "subresource": "log"}`, false},
		{`{"user": "eve", "groups": ["system:authenticated"], "verb": "get", "resource": "deployments", "subresource": "scale"}`, true},
		{`{"user": "eve", "groups": ["system:authenticated"], "verb": "GET", "resource": "pods"}`, false},
		{`{"user": "eve", "groups": ["system:authenticated"], "verb": "get", "nonResource": true, "path": "/healthz/etcd"}`, true},
		{`{"user": "eve", "groups": ["system:authenticated"], "verb": "get", "nonResource": true, "path": "/metrics"}`, false},
		// Nobody adds a group, and a cluster role binding has no namespace for a service account.
		{`{` + bot + `"verb": "get", "resource": "pods"}`, false},
		{`{` + bot + `"verb": "delete", "resource": "secrets", "name": "tls"}`, true},
		{`{` + bot + `"verb": "list", "resource": "secrets"}`, false},
		// A role that doesn't exist takes nothing from the others.
		{`{"user": "bob", "namespace": "shop", "verb": "get", "resource": "secrets", "name": "tls"}`, true},
		{`{"user": "bob", "namespace": "bank", "verb": "get", "resource": "secrets", "name": "tls"}`, false},
	} {
		line := strings.ReplaceAll(fmt.Sprintf(aScene, c.request), "\n", " ")
		var answer decisions
		if text := asked(t, authorize, line)[0]; json.Unmarshal([]byte(text), &answer) != nil || len(answer.Allowed) != 1 {
			t.Fatalf("%s\n%s", line, text)
		}
		if answer.Allowed[0] != c.allowed {
			t.Errorf("%s\nwant %v", c.request, c.allowed)
		}
	}
}
