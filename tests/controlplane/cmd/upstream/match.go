package main

import (
	"fmt"
	"slices"

	corev1 "k8s.io/api/core/v1"
	networkingv1 "k8s.io/api/networking/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"
	schedulingv1 "k8s.io/component-helpers/scheduling/corev1"
	"k8s.io/component-helpers/scheduling/corev1/nodeaffinity"
	"k8s.io/klog/v2"
	"k8s.io/kubernetes/pkg/apis/networking/v1"
)

// matchQuestion is a line of `match`: what it asks, and the parts that it is about.
type matchQuestion struct {
	Op string `json:"op"`

	// labelSelector
	Selector *metav1.LabelSelector `json:"selector"`
	Labels   map[string]string     `json:"labels"`

	// tolerates
	Taints      []corev1.Taint       `json:"taints"`
	Tolerations []corev1.Toleration  `json:"tolerations"`
	Effects     []corev1.TaintEffect `json:"effects"`

	// nodeAffinity
	Pod  corev1.PodSpec `json:"pod"`
	Node node           `json:"node"`

	// networkPolicy
	Policy networkingv1.NetworkPolicy `json:"policy"`
}

// node is what node affinity sees of one.
type node struct {
	Name   string            `json:"name"`
	Labels map[string]string `json:"labels"`
}

type matchAnswer struct {
	Match       *bool                     `json:"match,omitempty"`
	PolicyTypes []networkingv1.PolicyType `json:"policyTypes,omitempty"`
}

func match(question *matchQuestion) (matchAnswer, error) {
	var matches bool
	var err error
	switch question.Op {
	case "labelSelector":
		matches, err = selects(question.Selector, question.Labels)
	case "tolerates":
		matches = tolerates(question.Taints, question.Tolerations, question.Effects)
	case "nodeAffinity":
		matches, err = fits(question.Pod, question.Node)
	case "networkPolicy":
		v1.SetObjectDefaults_NetworkPolicy(&question.Policy)
		return matchAnswer{PolicyTypes: question.Policy.Spec.PolicyTypes}, nil
	default:
		err = fmt.Errorf("unknown op `%s`", question.Op)
	}
	if err != nil {
		return matchAnswer{}, err
	}
	return matchAnswer{Match: &matches}, nil
}

func selects(selector *metav1.LabelSelector, set labels.Set) (bool, error) {
	compiled, err := metav1.LabelSelectorAsSelector(selector)
	if err != nil {
		return false, err
	}
	return compiled.Matches(set), nil
}

// tolerates says whether every taint with one of the effects is tolerated. The
// operators Lt and Gt tolerate nothing: their feature gate is off by default.
func tolerates(taints []corev1.Taint, tolerations []corev1.Toleration, effects []corev1.TaintEffect) bool {
	counts := func(taint *corev1.Taint) bool { return slices.Contains(effects, taint.Effect) }
	const comparisonOperators = false
	_, found := schedulingv1.FindMatchingUntoleratedTaint(klog.Background(), taints, tolerations, counts, comparisonOperators)
	return !found
}

// fits says whether the node is one that nodeSelector and required node affinity ask for.
func fits(spec corev1.PodSpec, n node) (bool, error) {
	where := &corev1.Node{ObjectMeta: metav1.ObjectMeta{Name: n.Name, Labels: n.Labels}}
	return nodeaffinity.GetRequiredNodeAffinity(&corev1.Pod{Spec: spec}).Match(where)
}
