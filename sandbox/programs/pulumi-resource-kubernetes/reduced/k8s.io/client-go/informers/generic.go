// Package informers takes the place of the informers for each kind of each version of Kubernetes. The plugin's
// informers (k8s.io/client-go/dynamic/dynamicinformer) are for any kind, and use only this interface.
package informers

import "k8s.io/client-go/tools/cache"

// GenericInformer is an informer for a kind.
type GenericInformer interface {
	Informer() cache.SharedIndexInformer
	Lister() cache.GenericLister
}
