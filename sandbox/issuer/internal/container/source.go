// Package container derives a container's environment and files from a pod's spec, as the kubelet does.
package container

import (
	"context"
	"fmt"

	"issuer/internal/kube"
)

// Source provides the ConfigMaps and Secrets of the pod's namespace.
type Source interface {
	ConfigMap(ctx context.Context, name string) (*kube.ConfigMap, error)
	Secret(ctx context.Context, name string) (*kube.Secret, error)
}

// Namespace is a Source that reads one namespace. Every value of every Secret is passed to Seen before it can be
// used.
type Namespace struct {
	Client *kube.Client
	Name   string
	Seen   func(values ...string)
}

// ConfigMap reads a ConfigMap of the namespace.
func (n Namespace) ConfigMap(ctx context.Context, name string) (*kube.ConfigMap, error) {
	return n.Client.ConfigMap(ctx, n.Name, name)
}

// Secret reads a Secret of the namespace.
func (n Namespace) Secret(ctx context.Context, name string) (*kube.Secret, error) {
	secret, err := n.Client.Secret(ctx, n.Name, name)
	if err != nil {
		return nil, err
	}
	for _, value := range secret.Data {
		n.Seen(string(value))
	}
	return secret, nil
}

// ConfigError is the reason why the kubelet does not create a container: a reference to a missing object.
type ConfigError struct {
	Container string
	Err       error
}

// Error returns the reason that `kubectl describe pod` shows.
func (e *ConfigError) Error() string {
	return fmt.Sprintf("CreateContainerConfigError: container %s: %v", e.Container, e.Err)
}

// Unwrap returns the cause.
func (e *ConfigError) Unwrap() error { return e.Err }

// optional ignores "not found" for an optional reference.
func optional[T any](object *T, err error, isOptional bool) (*T, error) {
	if err != nil && isOptional && kube.IsNotFound(err) {
		return new(T), nil
	}
	return object, err
}
