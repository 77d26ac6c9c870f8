// Package fake takes the place of the fake client for each kind of each version of Kubernetes. The scheduler contains
// code for its tests that uses it.
package fake

import (
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/client-go/kubernetes"
)

// NewClientset panics, because no program calls it.
func NewClientset(...runtime.Object) kubernetes.Interface {
	panic("the sandbox's build has no fake client")
}
