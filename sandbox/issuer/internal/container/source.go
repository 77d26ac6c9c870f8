// Package container makes, from a pod's spec, what the kubelet makes of it for one container: the environment and the files.
package container

import (
	"context"
	"fmt"

	"issuer/internal/kube"
)

// Source gives the ConfigMaps and Secrets of the pod's namespace.
type Source interface {
	ConfigMap(ctx context.Context, name string) (*kube.ConfigMap, error)
	Secret(ctx context.Context, name string) (*kube.Secret, error)
}

// Namespace is a Source that reads one namespace. Every value of every Secret goes to Seen before anybody can use it.
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

// ConfigError is what keeps the kubelet from creating a container: a reference that leads nowhere.
type ConfigError struct {
	Container string
	Err       error
}

// Error gives the reason that `kubectl describe pod` shows.
func (e *ConfigError) Error() string {
	return fmt.Sprintf("CreateContainerConfigError: container %s: %v", e.Container, e.Err)
}

// Unwrap returns the cause.
func (e *ConfigError) Unwrap() error { return e.Err }

// optional turns "not found" into nothing where the reference says that it is optional.
func optional[T any](object *T, err error, isOptional bool) (*T, error) {
	if err != nil && isOptional && kube.IsNotFound(err) {
		return new(T), nil
	}
	return object, err
}
