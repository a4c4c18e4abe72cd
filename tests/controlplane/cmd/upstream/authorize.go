package main

import (
	"context"

	rbacv1 "k8s.io/api/rbac/v1"
	"k8s.io/apiserver/pkg/authentication/user"
	"k8s.io/apiserver/pkg/authorization/authorizer"
	"k8s.io/kubernetes/pkg/registry/rbac/validation"
	"k8s.io/kubernetes/plugin/pkg/auth/authorizer/rbac"
)

// scene is a line of `authorize`: all of a cluster's RBAC, and what to ask it.
type scene struct {
	ClusterRoles        []*rbacv1.ClusterRole        `json:"clusterRoles"`
	Roles               []*rbacv1.Role               `json:"roles"`
	ClusterRoleBindings []*rbacv1.ClusterRoleBinding `json:"clusterRoleBindings"`
	RoleBindings        []*rbacv1.RoleBinding        `json:"roleBindings"`
	Requests            []request                    `json:"requests"`
}

// request is one of a user in groups, which are taken as they are: a service
// account has none but those that are written here.
type request struct {
	User        string   `json:"user"`
	Groups      []string `json:"groups"`
	Verb        string   `json:"verb"`
	APIGroup    string   `json:"apiGroup"`
	Resource    string   `json:"resource"`
	Subresource string   `json:"subresource"`
	Name        string   `json:"name"`
	Namespace   string   `json:"namespace"`
	NonResource bool     `json:"nonResource"`
	Path        string   `json:"path"`
}

type decisions struct {
	Allowed []bool `json:"allowed"` // in the order of the requests
}

func authorize(s *scene) (decisions, error) {
	if err := aggregate(s.ClusterRoles); err != nil {
		return decisions{}, err
	}
	_, objects := validation.NewTestRuleResolver(s.Roles, s.RoleBindings, s.ClusterRoles, s.ClusterRoleBindings)
	upstream := rbac.New(objects, objects, objects, objects)
	answer := decisions{make([]bool, 0, len(s.Requests))}
	for i := range s.Requests {
		// The error of a denial is about roles that don't exist: the others count all the same.
		decision, _, _ := upstream.Authorize(context.Background(), s.Requests[i].attributes())
		answer.Allowed = append(answer.Allowed, decision == authorizer.DecisionAllow)
	}
	return answer, nil
}

func (r *request) attributes() authorizer.Attributes {
	return authorizer.AttributesRecord{
		User:            &user.DefaultInfo{Name: r.User, Groups: r.Groups},
		Verb:            r.Verb,
		APIGroup:        r.APIGroup,
		APIVersion:      "*", // RBAC doesn't look at it
		Resource:        r.Resource,
		Subresource:     r.Subresource,
		Name:            r.Name,
		Namespace:       r.Namespace,
		ResourceRequest: !r.NonResource,
		Path:            r.Path,
	}
}
