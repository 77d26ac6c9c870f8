// Command cert-manager runs the controllers of cert-manager as one process of the sandbox, as the published
// controller does, whose main package is in a module that is not published. The webhook and the cainjector do not
// run: the types have only one version, and a controller approves requests.
//
// It connects to the API server, the sandbox's CA, DNS and emulators, and nowhere else.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"net/url"
	"os"
	"os/signal"
	"sync"
	"syscall"
	"time"

	"github.com/cert-manager/cert-manager/pkg/controller"
	// Each import registers its controller.
	_ "github.com/cert-manager/cert-manager/pkg/controller/acmechallenges"
	_ "github.com/cert-manager/cert-manager/pkg/controller/acmeorders"
	_ "github.com/cert-manager/cert-manager/pkg/controller/certificaterequests/acme"
	_ "github.com/cert-manager/cert-manager/pkg/controller/certificaterequests/approver"
	_ "github.com/cert-manager/cert-manager/pkg/controller/certificates/issuing"
	_ "github.com/cert-manager/cert-manager/pkg/controller/certificates/keymanager"
	_ "github.com/cert-manager/cert-manager/pkg/controller/certificates/readiness"
	_ "github.com/cert-manager/cert-manager/pkg/controller/certificates/requestmanager"
	_ "github.com/cert-manager/cert-manager/pkg/controller/certificates/revisionmanager"
	_ "github.com/cert-manager/cert-manager/pkg/controller/certificates/trigger"
	_ "github.com/cert-manager/cert-manager/pkg/controller/clusterissuers"
	_ "github.com/cert-manager/cert-manager/pkg/controller/issuers"
	_ "github.com/cert-manager/cert-manager/pkg/issuer/acme"
)

// workers is the published controller's number (internal/apis/config/controller/v1alpha1/defaults.go).
const workers = 5

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	err := run(ctx, os.Args[1:])
	if errors.Is(err, flag.ErrHelp) {
		return
	}
	if err != nil {
		fmt.Fprintf(os.Stderr, "cert-manager: %v\n", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, args []string) error {
	flags := flag.NewFlagSet("cert-manager", flag.ContinueOnError)
	kubeconfig := flags.String("kubeconfig", "", "kubeconfig `file`")
	nameserver := flags.String("dns-resolver", "", "`address` of the DNS server for checking records")
	var clouds clouds
	flags.Func("google-endpoint", "`URL` of the emulator of *.googleapis.com", parsed(&clouds.google))
	flags.Func("cloudflare-endpoint", "`URL` of the emulator of api.cloudflare.com", parsed(&clouds.cloudflare))
	acme := addresses{}
	flags.Func("resolve", "`host=address` of a CA; may be repeated", acme.add)
	if err := flags.Parse(args); err != nil {
		return err
	}
	if err := enterSandbox(clouds, acme); err != nil {
		return err
	}
	return control(ctx, controller.ContextOptions{
		Kubeconfig: *kubeconfig,
		IssuerOptions: controller.IssuerOptions{
			ClusterResourceNamespace: "cert-manager",
		},
		ACMEOptions: controller.ACMEOptions{
			DNS01Nameservers: []string{*nameserver},
			// The sandbox's DNS serves no name servers of zones.
			DNS01CheckAuthoritative: false,
			DNS01CheckRetryPeriod:   10 * time.Second,
		},
		CertificateOptions: controller.CertificateOptions{
			CertificateRequestMinimumBackoffDuration: time.Hour,
			CertificateRequestMaximumBackoffDuration: 32 * time.Hour,
		},
		SchedulerOptions: controller.SchedulerOptions{MaxConcurrentChallenges: 60},
	})
}

// control runs all registered controllers until the context ends.
func control(ctx context.Context, options controller.ContextOptions) error {
	factory, err := controller.NewContextFactory(ctx, options)
	if err != nil {
		return err
	}
	shared, err := factory.Build()
	if err != nil {
		return err
	}
	failed := make(chan error, len(controller.Known()))
	var running sync.WaitGroup
	for name, construct := range controller.Known() {
		one, err := construct(factory)
		if err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
		running.Go(func() {
			if err := one.Run(workers, ctx); err != nil {
				failed <- fmt.Errorf("%s: %w", name, err)
			}
		})
	}
	// Only now are all informers of the controllers registered.
	shared.SharedInformerFactory.Start(ctx.Done())
	shared.KubeSharedInformerFactory.Start(ctx.Done())
	shared.HTTP01ResourceMetadataInformersFactory.Start(ctx.Done())
	select {
	case err := <-failed:
		return err
	case <-ctx.Done():
		running.Wait()
		return nil
	}
}

func parsed(target **url.URL) func(string) error {
	return func(text string) (err error) {
		*target, err = url.Parse(text)
		return err
	}
}
