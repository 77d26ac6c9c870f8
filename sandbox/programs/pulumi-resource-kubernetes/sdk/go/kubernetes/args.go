// Package kubernetes and those below it take the place of Pulumi's SDK for Kubernetes in the build of the plugin
// (go.mod, replace). The SDK has a Go type for every kind of every version of Kubernetes; the plugin needs these few,
// for ConfigGroup and Chart, which no program here uses. Release and the kinds of core/v1 need none of it.
package kubernetes

import "reflect"

// UntypedArgs are the inputs of a resource as they come out of a manifest.
type UntypedArgs map[string]any

// ElementType makes UntypedArgs an input of Pulumi's SDK.
func (UntypedArgs) ElementType() reflect.Type {
	return reflect.TypeFor[map[string]any]()
}
