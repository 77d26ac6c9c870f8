// This file takes the place of plugins.go, which lists the volume plugins. In a sandbox, provisioner.ts creates and
// deletes volumes, and nothing is attached or mounted.
package app

import (
	"context"

	"k8s.io/klog/v2"
	"k8s.io/kubernetes/pkg/controller/volume/persistentvolume/config"
	"k8s.io/kubernetes/pkg/volume"
)

// GetDynamicPluginProber returns no prober.
func GetDynamicPluginProber(context.Context, config.VolumeConfiguration) volume.DynamicPluginProber {
	return nil
}

// ProbeAttachableVolumePlugins returns no plugins.
func ProbeAttachableVolumePlugins(klog.Logger, config.VolumeConfiguration) ([]volume.VolumePlugin, error) {
	return nil, nil
}

// ProbeExpandableVolumePlugins returns no plugins.
func ProbeExpandableVolumePlugins(klog.Logger, config.VolumeConfiguration) ([]volume.VolumePlugin, error) {
	return nil, nil
}

// ProbePersistentVolumePlugins returns no plugins.
func ProbePersistentVolumePlugins(klog.Logger, config.VolumeConfiguration) ([]volume.VolumePlugin, error) {
	return nil, nil
}

// ProbeProvisionableRecyclableVolumePlugins returns no plugins.
func ProbeProvisionableRecyclableVolumePlugins(klog.Logger, config.VolumeConfiguration) ([]volume.VolumePlugin, error) {
	return nil, nil
}
