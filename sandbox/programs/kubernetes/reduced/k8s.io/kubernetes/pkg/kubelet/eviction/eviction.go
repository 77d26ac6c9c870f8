// Package eviction takes the place of the kubelet's package, which imports most of the kubelet. The controller that
// removes terminated pods uses only this function.
package eviction

import v1 "k8s.io/api/core/v1"

// PodIsEvicted returns whether a kubelet has evicted the pod. Sandboxes have no kubelet.
func PodIsEvicted(status v1.PodStatus) bool {
	return status.Phase == v1.PodFailed && status.Reason == "Evicted"
}
