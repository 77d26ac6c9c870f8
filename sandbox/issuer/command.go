package main

import "strings"

// commandFlags are the issuer's flags that the chart's scripts/run.sh takes from the environment, in its order.
var commandFlags = []string{"enabled", "email", "ca-dir-url", "dns-providers", "http-challenge-port"}

// finalCommand is the line that the chart's scripts/run.sh prints before it starts the provider. The script itself
// does not run here.
func finalCommand(env map[string]string) string {
	var command strings.Builder
	command.WriteString("Final command: /usr/bin/provider-services run")
	for _, flag := range commandFlags {
		value := env["AP_CERT_ISSUER_"+strings.ToUpper(strings.ReplaceAll(flag, "-", "_"))]
		if env["AP_CERT_ISSUER_ENABLED"] == "true" && value != "" {
			command.WriteString(" --cert-issuer-" + flag + "=" + value)
		}
	}
	return command.String()
}
