package main

import (
	"context"
	"fmt"
	"log/slog"

	"issuer/internal/kube"
)

// deployment is the pod of a StatefulSet, and its related objects.
type deployment struct {
	pod       *kube.Pod
	container kube.Container
	service   string
}

// deployedPod reads the StatefulSet's first pod. The pod is read instead of the StatefulSet's template, because the
// pod is running.
func deployedPod(ctx context.Context, client *kube.Client, o *options, logger *slog.Logger) (*deployment, error) {
	set, err := client.StatefulSet(ctx, o.namespace, o.statefulSet)
	if err != nil {
		return nil, err
	}
	name := o.statefulSet + "-0"
	pod, err := client.Pod(ctx, o.namespace, name)
	if kube.IsNotFound(err) {
		return nil, fmt.Errorf("%w although the StatefulSet exists; `kubectl -n %s describe statefulset %s` shows why",
			err, o.namespace, o.statefulSet)
	}
	if err != nil {
		return nil, err
	}
	if pod.Metadata.DeletionTimestamp != "" {
		return nil, fmt.Errorf("pod %s is being deleted; retry when the new pod exists", name)
	}
	if pod.Status.Phase != "Running" {
		return nil, fmt.Errorf("pod %s is not running but %s; `kubectl -n %s describe pod %s` shows why",
			name, pod.Status.Phase, o.namespace, name)
	}
	if len(pod.Spec.Containers) == 0 {
		return nil, fmt.Errorf("pod %s has no container", name)
	}
	if revision := pod.Metadata.Labels["controller-revision-hash"]; revision != set.Status.UpdateRevision {
		logger.Warn("the pod is older than the StatefulSet; using the pod",
			"pod's revision", revision, "StatefulSet's revision", set.Status.UpdateRevision)
	}
	// The chart's provider is the first container, and the StatefulSet's serviceName is the Service that the chart
	// creates.
	deployed := &deployment{pod: pod, container: pod.Spec.Containers[0], service: set.Spec.ServiceName}
	if deployed.service == "" {
		deployed.service = o.statefulSet
	}
	return deployed, nil
}
