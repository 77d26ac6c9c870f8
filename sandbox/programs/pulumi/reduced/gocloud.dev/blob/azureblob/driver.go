// Package azureblob takes the place of the driver for Azure, with Azure's SDK.
package azureblob

import (
	"context"
	"errors"
	"fmt"
	"net/url"

	"gocloud.dev/blob"
)

// Scheme is the scheme of the driver's addresses.
const Scheme = "azblob"

// ServiceURLOptions has no options.
type ServiceURLOptions struct{}

// NewDefaultServiceURLOptions returns no options.
func NewDefaultServiceURLOptions() *ServiceURLOptions {
	return &ServiceURLOptions{}
}

// NewDefaultClient stands for a client.
func NewDefaultClient() {}

// URLOpener opens nothing.
type URLOpener struct {
	MakeClient        func()
	ServiceURLOptions ServiceURLOptions
}

// OpenBucketURL fails.
func (*URLOpener) OpenBucketURL(context.Context, *url.URL) (*blob.Bucket, error) {
	return nil, fmt.Errorf("%w: the sandbox's build of Pulumi has only the backend file://", errors.ErrUnsupported)
}
