// Package cloud takes the place of the secrets providers awskms, azurekeyvault, gcpkms and hashivault, with the clients
// of four clouds.
package cloud

import (
	"encoding/json"
	"errors"
	"fmt"

	"github.com/pulumi/pulumi/pkg/v3/secrets"
	"github.com/pulumi/pulumi/sdk/v3/go/common/workspace"
)

// Type is the type of these secrets providers in a stack's state.
const Type = "cloud"

var errOmitted = fmt.Errorf("%w: the sandbox's build of Pulumi has only the secrets provider passphrase", errors.ErrUnsupported)

// EditProjectStack fails.
func EditProjectStack(*workspace.ProjectStack, json.RawMessage) error {
	return errOmitted
}

// NewCloudSecretsManagerFromState fails.
func NewCloudSecretsManagerFromState(json.RawMessage) (secrets.Manager, error) {
	return nil, errOmitted
}

// NewCloudSecretsManager fails.
func NewCloudSecretsManager(*workspace.ProjectStack, string, bool) (secrets.Manager, error) {
	return nil, errOmitted
}
