package issue

import (
	"context"
	"errors"

	"github.com/go-acme/lego/v5/challenge"
	"github.com/go-acme/lego/v5/challenge/http01"
)

// routedServer responds to http-01 requests, provided that they would reach the pod.
type routedServer struct {
	challenge.Provider
	reachable func(ctx context.Context) error
}

func newRoutedServer(listen string, reachable func(ctx context.Context) error) routedServer {
	server := routedServer{reachable: reachable}
	if listen != "" {
		server.Provider = http01.NewProviderServerWithOptions(http01.Options{Network: "tcp", Address: listen})
	}
	return server
}

// Present starts the server. In the sandbox, packets are not forwarded to a pod, so the issuer listens at the
// address to which the CA connects. Before that, it checks that the cluster's objects route the request to the pod.
func (s routedServer) Present(ctx context.Context, domain, token, keyAuth string) error {
	if err := s.reachable(ctx); err != nil {
		return err
	}
	if s.Provider == nil {
		return errors.New("no address for http-01; set --http-listen to the address that the CA connects to")
	}
	return s.Provider.Present(ctx, domain, token, keyAuth)
}

// CleanUp stops the server.
func (s routedServer) CleanUp(ctx context.Context, domain, token, keyAuth string) error {
	if s.Provider == nil {
		return nil
	}
	return s.Provider.CleanUp(ctx, domain, token, keyAuth)
}
