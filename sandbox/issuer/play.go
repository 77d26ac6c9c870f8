package main

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"os"
	"strings"

	"github.com/go-acme/lego/v5/log"

	"issuer/internal/container"
	"issuer/internal/issue"
	"issuer/internal/kube"
	"issuer/internal/redact"
	"issuer/internal/route"
	"issuer/internal/settings"
)

// issueFor emulates the pod's container until the certificate is obtained.
func issueFor(ctx context.Context, o *options, redactor *redact.Redactor, stderr io.Writer) (*report, error) {
	logger := slog.New(slog.NewTextHandler(stderr, nil))
	log.SetDefault(logger)

	client, err := kube.FromKubeconfig(o.kubeconfig)
	if err != nil {
		return nil, err
	}
	deployed, err := deployedPod(ctx, client, o, logger)
	if err != nil {
		return nil, err
	}

	source := container.Namespace{Client: client, Name: o.namespace, Seen: redactor.Add}
	env, err := container.Environment(ctx, deployed.pod, deployed.container, source)
	if err != nil {
		return nil, err
	}
	fmt.Fprintln(stderr, finalCommand(env))
	root, err := os.MkdirTemp("", "issuer-")
	if err != nil {
		return nil, fmt.Errorf("private directory for the container's files: %w", err)
	}
	defer func() { _ = os.RemoveAll(root) }()
	files, err := container.NewFilesystem(ctx, root, o.home, deployed.pod, deployed.container, source)
	if err != nil {
		return nil, err
	}

	config, err := settings.Read(env)
	if err != nil {
		return nil, err
	}
	storageDir, kept := files.Host(config.StorageDir), files.Persistent(config.StorageDir)
	if !kept {
		logger.Warn("the storage directory is not on a persistent volume that --home provides; nothing is stored",
			"directory", config.StorageDir)
	}
	enter(env, files, o)

	path := route.Path{
		Client: client, Namespace: o.namespace, Service: deployed.service, Pod: deployed.pod, Container: deployed.container,
	}
	issuer := issue.Issuer{
		Settings:    config,
		StorageDir:  storageDir,
		Seal:        &o.seal,
		HTTPListen:  o.httpListen,
		Reachable:   func(ctx context.Context) error { return path.Check(ctx, config.Host, config.HTTPPort) },
		DNSResolver: o.dnsResolver,
		DNSZones:    zones(o.dnsZones, config.Host),
		Log:         logger,
	}
	outcome, err := issuer.Run(ctx)
	if err != nil {
		return nil, err
	}
	if !kept {
		storageDir = ""
	}
	return newReport(deployed.pod, config, storageDir, outcome), nil
}

// zones are the given zones, or else the default zone of a provider's domain: provider.<domain> is in <domain>.
func zones(given []string, host string) []string {
	if len(given) > 0 {
		return given
	}
	if _, parent, ok := strings.Cut(host, "."); ok {
		return []string{parent}
	}
	return nil
}
