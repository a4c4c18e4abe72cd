package main

import (
	"encoding/json"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	kubejson "sigs.k8s.io/json"
)

// podLine is one line of input: where the pod came from, and the two parts of a
// pod template that the checks look at, not yet decoded.
type podLine struct {
	ID       string          `json:"id"`
	Metadata json.RawMessage `json:"metadata,omitempty"`
	Spec     json.RawMessage `json:"spec,omitempty"`
}

// decode reads the parts as the API server does: names are case-sensitive,
// unknown fields are dropped, of a duplicate field the last one counts.
func (l podLine) decode() (*corev1.Pod, error) {
	var pod corev1.Pod
	if err := decodePart(l.Metadata, &pod.ObjectMeta); err != nil {
		return nil, err
	}
	if err := decodePart(l.Spec, &pod.Spec); err != nil {
		return nil, err
	}
	return &pod, nil
}

func decodePart[T metav1.ObjectMeta | corev1.PodSpec](part json.RawMessage, into *T) error {
	if len(part) == 0 {
		return nil
	}
	return kubejson.UnmarshalCaseSensitivePreserveInts(part, into)
}
