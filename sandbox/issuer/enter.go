package main

import (
	"net/http"
	"os"
	"path"
	"path/filepath"
	"strings"

	"issuer/internal/container"
)

// enter gives the process the view of a process in the container: the container's environment without that of this
// machine, file paths that point to the container's files, and the sandbox as the network.
func enter(env map[string]string, files *container.Filesystem, o *options) {
	own := map[string]string{}
	for _, name := range []string{"LEGO_CA_CERTIFICATES", "LEGO_CA_SERVER_NAME", "LEGO_CA_SYSTEM_CERT_POOL"} {
		if value, ok := os.LookupEnv(name); ok {
			own[name] = value
		}
	}

	os.Clearenv()
	for name, value := range env {
		// lego's debug settings print requests and responses, including tokens.
		if !strings.HasPrefix(name, "LEGO_DEBUG") && name != "GCE_DEBUG" {
			setenv(name, hostPaths(name, value, files))
		}
	}
	// Google's library searches for credentials in the home directory, and gets it from the system if HOME is not
	// set.
	home := env["HOME"]
	if home == "" {
		home = "/root"
	}
	setenv("HOME", files.Host(home))
	for name, value := range own {
		setenv(name, value)
	}
	enterNetwork(o)
}

// enterNetwork replaces the default transport, which lego's DNS providers and Google's library use.
func enterNetwork(o *options) {
	transport := o.seal.Transport()
	// Google's library requests the metadata server with a transport of its own; nothing listens on port 1.
	metadata := "127.0.0.1:1"
	if o.googleEndpoint != nil {
		transport = o.seal.GoogleTransport(o.googleEndpoint)
		metadata = o.googleEndpoint.Host
	}
	http.DefaultTransport = transport
	setenv("GCE_METADATA_HOST", metadata)
	if o.cloudflareEndpoint != "" {
		setenv("CLOUDFLARE_BASE_URL", o.cloudflareEndpoint)
	}
}

// hostPaths replaces the container's paths with those of this machine, in the variables with file paths for lego.
func hostPaths(name, value string, files *container.Filesystem) string {
	switch {
	case name == "LEGO_CA_CERTIFICATES":
		var paths []string
		for file := range strings.SplitSeq(value, ":") {
			paths = append(paths, files.Host(file))
		}
		return strings.Join(paths, string(filepath.ListSeparator))
	case strings.HasSuffix(name, "_FILE") || name == "GOOGLE_APPLICATION_CREDENTIALS":
		if path.IsAbs(value) {
			return files.Host(value)
		}
	}
	return value
}

// setenv cannot fail on a name that the API server has accepted for a container; the kubelet skips all others.
func setenv(name, value string) { _ = os.Setenv(name, value) }
