// This file takes the place of `pulumi env setup`, with the clients of three clouds.
package cli

import "github.com/spf13/cobra"

func newEnvSetupCmd(*envCommand) *cobra.Command {
	return &cobra.Command{Use: "setup", Hidden: true}
}
