package container

import (
	"context"
	"errors"
	"fmt"

	"issuer/internal/kube"
)

// Environment returns the container's variables: envFrom, where a later source overrides an earlier one, then env
// in its order, which overrides envFrom. The kubelet's variables for Services are omitted, because the provider
// reads none.
func Environment(ctx context.Context, pod *kube.Pod, c kube.Container, source Source) (map[string]string, error) {
	variables := map[string]string{}
	for _, from := range c.EnvFrom {
		if err := addAll(ctx, variables, from, source); err != nil {
			return nil, &ConfigError{Container: c.Name, Err: err}
		}
	}
	lookup := func(name string) (string, bool) {
		value, ok := variables[name]
		return value, ok
	}
	for _, variable := range c.Env {
		// Like the kubelet, reads valueFrom only if value is empty.
		if variable.Value != "" || variable.ValueFrom == nil {
			variables[variable.Name] = expand(variable.Value, lookup)
			continue
		}
		value, present, err := resolve(ctx, pod, variable.ValueFrom, source)
		if err != nil {
			return nil, &ConfigError{Container: c.Name, Err: fmt.Errorf("variable %s: %w", variable.Name, err)}
		}
		if present {
			variables[variable.Name] = value
		}
	}
	return variables, nil
}

func addAll(ctx context.Context, variables map[string]string, from kube.EnvFromSource, source Source) error {
	switch {
	case from.ConfigMapRef != nil:
		read, err := source.ConfigMap(ctx, from.ConfigMapRef.Name)
		configMap, err := optional(read, err, from.ConfigMapRef.Optional)
		if err != nil {
			return fmt.Errorf("envFrom: %w", err)
		}
		for key, value := range configMap.Data {
			variables[from.Prefix+key] = value
		}
	case from.SecretRef != nil:
		read, err := source.Secret(ctx, from.SecretRef.Name)
		secret, err := optional(read, err, from.SecretRef.Optional)
		if err != nil {
			return fmt.Errorf("envFrom: %w", err)
		}
		for key, value := range secret.Data {
			variables[from.Prefix+key] = string(value)
		}
	}
	return nil
}

// resolve returns the value that a variable refers to. present is false if the target of an optional reference is
// missing; the variable then keeps its previous value.
func resolve(ctx context.Context, pod *kube.Pod, from *kube.EnvVarSource, source Source) (value string, present bool, err error) {
	switch {
	case from.ConfigMapKeyRef != nil:
		ref := from.ConfigMapKeyRef
		read, err := source.ConfigMap(ctx, ref.Name)
		configMap, err := optional(read, err, ref.Optional)
		if err != nil {
			return "", false, err
		}
		value, present := configMap.Data[ref.Key]
		if !present && !ref.Optional {
			return "", false, fmt.Errorf("couldn't find key %s in ConfigMap %s", ref.Key, ref.Name)
		}
		return value, present, nil
	case from.SecretKeyRef != nil:
		ref := from.SecretKeyRef
		read, err := source.Secret(ctx, ref.Name)
		secret, err := optional(read, err, ref.Optional)
		if err != nil {
			return "", false, err
		}
		value, present := secret.Data[ref.Key]
		if !present && !ref.Optional {
			return "", false, fmt.Errorf("couldn't find key %s in Secret %s", ref.Key, ref.Name)
		}
		return string(value), present, nil
	case from.FieldRef != nil:
		value, err := field(pod, from.FieldRef.FieldPath)
		return value, true, err
	default:
		return "", false, errors.New("the sandbox supports only configMapKeyRef, secretKeyRef and fieldRef")
	}
}

func field(pod *kube.Pod, path string) (string, error) {
	switch path {
	case "metadata.name":
		return pod.Metadata.Name, nil
	case "metadata.namespace":
		return pod.Metadata.Namespace, nil
	case "metadata.uid":
		return pod.Metadata.UID, nil
	case "spec.nodeName":
		return pod.Spec.NodeName, nil
	case "spec.serviceAccountName":
		return pod.Spec.ServiceAccountName, nil
	case "status.podIP":
		return pod.Status.PodIP, nil
	}
	return "", fmt.Errorf("the sandbox does not support fieldRef %s", path)
}
