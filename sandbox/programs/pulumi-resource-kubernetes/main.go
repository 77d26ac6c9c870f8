// Command pulumi-resource-kubernetes is Pulumi's Kubernetes plugin, which the Go module proxy
// serves as a library only: the module's own main embeds two files that its release process writes.
package main

import (
	_ "embed"

	"github.com/pulumi/pulumi-kubernetes/provider/v4/pkg/provider"
	"github.com/pulumi/pulumi-kubernetes/provider/v4/pkg/version"
)

// Both files come from the module's folder cmd/pulumi-resource-kubernetes; the builder puts them here.
var (
	//go:embed schema.json
	schema []byte
	//go:embed terraform-mapping.json
	terraformMapping []byte
)

func main() {
	provider.Serve("kubernetes", version.Version, schema, terraformMapping)
}
