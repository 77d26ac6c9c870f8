package main

import (
	"errors"
	"flag"
	"fmt"
	"io"
	"net"
	"net/url"
	"path/filepath"
	"strings"
	"time"

	"issuer/internal/network"
)

// options are the command-line options.
type options struct {
	kubeconfig, namespace, statefulSet string

	json    bool
	home    string
	timeout time.Duration

	seal               network.Seal
	dnsResolver        string
	dnsZones           []string
	httpListen         string
	googleEndpoint     *url.URL
	cloudflareEndpoint string
}

// parseOptions writes the list of flags to help if it is requested, and returns flag.ErrHelp.
func parseOptions(args []string, help io.Writer) (*options, error) {
	o := &options{}
	flags := flag.NewFlagSet("issuer", flag.ContinueOnError)
	// An invalid flag results in one sentence; the whole list is printed only for --help.
	flags.SetOutput(io.Discard)
	flags.StringVar(&o.kubeconfig, "kubeconfig", "", "kubeconfig `file` with a client certificate or a token")
	flags.StringVar(&o.namespace, "namespace", "", "`name` of the provider's namespace")
	flags.StringVar(&o.statefulSet, "statefulset", "akash-provider", "`name` of the provider's StatefulSet")
	flags.BoolVar(&o.json, "json", false, "print the result as JSON")
	flags.StringVar(&o.home, "home", "", "`directory` for the pod's persistent volume; without it, nothing is stored")
	flags.DurationVar(&o.timeout, "timeout", 2*time.Minute, "time limit")
	flags.Func("resolve", "`host=address` of a host in the sandbox, with or without a port; may be repeated",
		o.seal.Resolve)
	flags.Func("dns-resolver", "`address` of pebble-challtestsrv's DNS, the only server for checking records", func(s string) error {
		o.dnsResolver = s
		return hostPort(s)
	})
	flags.Func("dns-zone", "`name` of a DNS zone that exists; may be repeated (default: the host's parent domain)",
		func(s string) error {
			o.dnsZones = append(o.dnsZones, s)
			return nil
		})
	flags.Func("http-listen", "`address` for http-01, to which the CA connects", func(s string) error {
		o.httpListen = s
		return hostPort(s)
	})
	flags.Func("google-endpoint", "`URL` of the emulator of *.googleapis.com and the metadata server", func(s string) error {
		endpoint, err := webAddress(s)
		if err == nil && strings.Trim(endpoint.Path, "/") != "" {
			// Only the connection is redirected, so the path is that of Google's API.
			err = fmt.Errorf("%q has a path; give scheme, host and port only", s)
		}
		o.googleEndpoint = endpoint
		return err
	})
	flags.Func("cloudflare-endpoint", "`URL` of the emulator of https://api.cloudflare.com/client/v4", func(s string) error {
		o.cloudflareEndpoint = strings.TrimRight(s, "/")
		_, err := webAddress(s)
		return err
	})

	if err := flags.Parse(args); err != nil {
		if errors.Is(err, flag.ErrHelp) {
			fmt.Fprintln(help, "usage: issuer --kubeconfig file --namespace name [flags]")
			flags.SetOutput(help)
			flags.PrintDefaults()
		}
		return nil, err
	}
	switch {
	case flags.NArg() > 0:
		return nil, fmt.Errorf("unexpected argument %q", flags.Arg(0))
	case o.kubeconfig == "":
		return nil, errors.New("--kubeconfig is missing")
	case o.namespace == "":
		return nil, errors.New("--namespace is missing")
	case o.statefulSet == "":
		return nil, errors.New("--statefulset is empty")
	case o.timeout <= 0:
		return nil, errors.New("--timeout must be greater than zero")
	}
	if o.home == "" {
		return o, nil
	}
	var err error
	o.home, err = filepath.Abs(o.home)
	return o, err
}

func hostPort(address string) error {
	if _, _, err := net.SplitHostPort(address); err != nil {
		return fmt.Errorf("%q is not of the form address:port", address)
	}
	return nil
}

func webAddress(text string) (*url.URL, error) {
	parsed, err := url.Parse(text)
	if err != nil || parsed.Host == "" || (parsed.Scheme != "http" && parsed.Scheme != "https") {
		return nil, fmt.Errorf("%q is not a URL with http or https", text)
	}
	return parsed, nil
}
