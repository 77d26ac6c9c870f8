// Command issuer emulates the certificate issuer of the Akash provider in the sandbox, where the provider's pod does
// not run.
//
// It reads the deployed pod from the API server, derives the container's environment and files as the kubelet
// would, and reads the provider's settings from them. It refuses what the provider refuses, and obtains the
// certificate with lego, the library that the provider uses, from the CA in the pod's settings. It connects only to
// this machine and to the addresses in flags.
//
// Variables of its own environment: LEGO_CA_CERTIFICATES (file with the root that signed the CA's HTTPS
// certificate), LEGO_CA_SERVER_NAME and LEGO_CA_SYSTEM_CERT_POOL. All others come from the container.
//
// Exit codes: 0, a certificate was issued, renewed or reused; 1, it was not; 2, the flags are invalid.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"syscall"

	"issuer/internal/redact"
)

const (
	exitFailed = 1
	exitUsage  = 2
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	os.Exit(run(ctx, os.Args[1:], os.Stdout, os.Stderr))
}

// run is main without the process. All output goes through the redactor.
func run(ctx context.Context, args []string, stdout, stderr io.Writer) int {
	var redactor redact.Redactor
	stdout, stderr = redactor.Writer(stdout), redactor.Writer(stderr)

	options, err := parseOptions(args, stdout)
	if errors.Is(err, flag.ErrHelp) {
		return 0
	}
	if err != nil {
		fmt.Fprintf(stderr, "issuer: %v; see issuer --help\n", err)
		return exitUsage
	}

	ctx, cancel := context.WithTimeout(ctx, options.timeout)
	defer cancel()

	report, err := issueFor(ctx, options, &redactor, stderr)
	if err != nil {
		if options.json {
			printJSON(stdout, failure{Error: redactor.String(err.Error())})
		}
		fmt.Fprintf(stderr, "issuer: %v\n", err)
		return exitFailed
	}
	if options.json {
		printJSON(stdout, report)
	} else {
		report.print(stdout)
	}
	return 0
}
