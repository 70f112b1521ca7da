// Command manifests reads Kubernetes manifests into Kubernetes' own types, which refuse
// keys that they do not know. Its arguments are files of one or more documents.
package main

import (
	"bytes"
	"fmt"
	"os"

	appsv1 "k8s.io/api/apps/v1"
	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	"sigs.k8s.io/yaml"
)

var kinds = map[string]func() any{
	"Deployment":            func() any { return &appsv1.Deployment{} },
	"CronJob":               func() any { return &batchv1.CronJob{} },
	"PersistentVolumeClaim": func() any { return &corev1.PersistentVolumeClaim{} },
}

func check(file string) error {
	text, err := os.ReadFile(file) //nolint:gosec // it is given by hand
	if err != nil {
		return err
	}
	for i, document := range bytes.Split(text, []byte("\n---\n")) {
		var head struct{ Kind string }
		if err := yaml.Unmarshal(document, &head); err != nil {
			return fmt.Errorf("%s, document %d: %w", file, i+1, err)
		}
		kind := kinds[head.Kind]
		if kind == nil {
			return fmt.Errorf("%s, document %d: unknown kind %q", file, i+1, head.Kind)
		}
		if err := yaml.UnmarshalStrict(document, kind()); err != nil {
			return fmt.Errorf("%s, %s: %w", file, head.Kind, err)
		}
	}
	return nil
}

func main() {
	for _, file := range os.Args[1:] {
		if err := check(file); err != nil {
			fmt.Fprintln(os.Stderr, "FAIL:", err)
			os.Exit(1)
		}
		fmt.Println("ok:", file, "has no key that Kubernetes does not know")
	}
}
