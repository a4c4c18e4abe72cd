package main

import (
	"cmp"
	"encoding/json"
	"maps"
	"os"
	"slices"
	"strings"

	rbacv1 "k8s.io/api/rbac/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/component-helpers/auth/rbac/validation"
)

// shipped is a role or a binding, with what tells what it grants.
type shipped struct {
	Kind            string                  `json:"kind"`
	Metadata        metadata                `json:"metadata"`
	AggregationRule *rbacv1.AggregationRule `json:"aggregationRule,omitempty"`
	Rules           []rbacv1.PolicyRule     `json:"rules,omitempty"`
	RoleRef         *rbacv1.RoleRef         `json:"roleRef,omitempty"`
	Subjects        []rbacv1.Subject        `json:"subjects,omitempty"`
}

type metadata struct {
	Name      string            `json:"name"`
	Namespace string            `json:"namespace,omitempty"`
	Labels    map[string]string `json:"labels,omitempty"`
}

// collection is objects, each once.
type collection struct {
	objects []shipped
}

// add adds an object, or to a known one what it lacks.
func (c *collection) add(object shipped) {
	same := func(known shipped) bool {
		return known.Kind == object.Kind && known.Metadata.Name == object.Metadata.Name &&
			known.Metadata.Namespace == object.Metadata.Namespace
	}
	index := slices.IndexFunc(c.objects, same)
	if index < 0 {
		c.objects = append(c.objects, object)
		return
	}
	known := &c.objects[index]
	for _, rule := range object.Rules {
		if covered, _ := validation.Covers(known.Rules, []rbacv1.PolicyRule{rule}); !covered {
			known.Rules = append(known.Rules, rule)
		}
	}
	for _, subject := range object.Subjects {
		if !slices.Contains(known.Subjects, subject) {
			known.Subjects = append(known.Subjects, subject)
		}
	}
	if known.Metadata.Labels == nil {
		known.Metadata.Labels = object.Metadata.Labels
	} else {
		maps.Copy(known.Metadata.Labels, object.Metadata.Labels)
	}
}

// print writes the objects, sorted, one a line.
func (c *collection) print() error {
	slices.SortFunc(c.objects, func(a, b shipped) int {
		return cmp.Or(
			strings.Compare(a.Kind, b.Kind),
			strings.Compare(a.Metadata.Namespace, b.Metadata.Namespace),
			strings.Compare(a.Metadata.Name, b.Metadata.Name),
		)
	})
	lines := json.NewEncoder(os.Stdout)
	for _, object := range c.objects {
		if err := lines.Encode(object); err != nil {
			return err
		}
	}
	return nil
}

func fromClusterRole(role rbacv1.ClusterRole) shipped {
	return shipped{
		Kind: "ClusterRole", Metadata: metadataOf("", role.ObjectMeta),
		AggregationRule: role.AggregationRule, Rules: role.Rules,
	}
}

func fromRole(namespace string, role rbacv1.Role) shipped {
	return shipped{Kind: "Role", Metadata: metadataOf(namespace, role.ObjectMeta), Rules: role.Rules}
}

func fromClusterRoleBinding(binding rbacv1.ClusterRoleBinding) shipped {
	return shipped{
		Kind: "ClusterRoleBinding", Metadata: metadataOf("", binding.ObjectMeta),
		RoleRef: &binding.RoleRef, Subjects: binding.Subjects,
	}
}

func fromRoleBinding(namespace string, binding rbacv1.RoleBinding) shipped {
	return shipped{
		Kind: "RoleBinding", Metadata: metadataOf(namespace, binding.ObjectMeta),
		RoleRef: &binding.RoleRef, Subjects: binding.Subjects,
	}
}

// metadataOf keeps the labels by which roles are collected.
func metadataOf(namespace string, meta metav1.ObjectMeta) metadata {
	labels := map[string]string{}
	for label, value := range meta.Labels {
		if strings.HasPrefix(label, "rbac.authorization.k8s.io/aggregate-to-") {
			labels[label] = value
		}
	}
	return metadata{Name: meta.Name, Namespace: namespace, Labels: labels}
}
