package main

import (
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"os"
	"strings"
)

// clouds are the URLs of the emulators.
type clouds struct {
	google, cloudflare *url.URL
}

// addresses are the addresses of hosts, by name.
type addresses map[string]string

func (a addresses) add(entry string) error {
	host, address, ok := strings.Cut(entry, "=")
	if !ok || host == "" || address == "" {
		return fmt.Errorf("%q is not of the form host=address", entry)
	}
	a[host] = address
	return nil
}

// outside is the error of a connection that would leave the sandbox.
func outside(hostPort string) error {
	return fmt.Errorf("%s is outside the sandbox, so cert-manager does not connect to it", hostPort)
}

// enterSandbox redirects connections to Google Cloud and Cloudflare to their emulators, and connections to CAs to
// their addresses.
//
// The solvers have no setting for the APIs' addresses, but use http.DefaultTransport, which must remain an
// *http.Transport, because Google's library copies it. The ACME client has a transport of its own, for which only
// the proxy can be set.
func enterSandbox(clouds clouds, cas addresses) error {
	transport := http.DefaultTransport.(*http.Transport)
	transport.Proxy = nil
	transport.DialContext = dialLoopback
	transport.DialTLSContext = func(ctx context.Context, network, hostPort string) (net.Conn, error) {
		host, _, _ := net.SplitHostPort(hostPort)
		switch {
		case strings.HasSuffix(host, ".googleapis.com") && clouds.google != nil:
			return dialLoopback(ctx, network, clouds.google.Host)
		case host == "api.cloudflare.com" && clouds.cloudflare != nil:
			return dialLoopback(ctx, network, clouds.cloudflare.Host)
		}
		return nil, outside(hostPort)
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	go func() { _ = http.Serve(listener, tunnel(cas)) }()
	// Read once, at the first request. The API server is on this machine, to which no proxy applies.
	return os.Setenv("HTTPS_PROXY", "http://"+listener.Addr().String())
}

func dialLoopback(ctx context.Context, network, hostPort string) (net.Conn, error) {
	host, _, err := net.SplitHostPort(hostPort)
	if err != nil {
		return nil, err
	}
	if ip := net.ParseIP(host); ip == nil || !ip.IsLoopback() {
		return nil, outside(hostPort)
	}
	return (&net.Dialer{}).DialContext(ctx, network, hostPort)
}

// tunnel handles CONNECT to the known hosts only.
func tunnel(hosts addresses) http.HandlerFunc {
	return func(response http.ResponseWriter, request *http.Request) {
		host, _, _ := net.SplitHostPort(request.Host)
		address, known := hosts[host]
		if request.Method != http.MethodConnect || !known {
			http.Error(response, outside(request.Host).Error(), http.StatusForbidden)
			return
		}
		server, err := dialLoopback(request.Context(), "tcp", address)
		if err != nil {
			http.Error(response, err.Error(), http.StatusBadGateway)
			return
		}
		client, _, err := http.NewResponseController(response).Hijack()
		if err != nil {
			_ = server.Close()
			return
		}
		_, _ = io.WriteString(client, "HTTP/1.1 200 Connection established\r\n\r\n")
		go pipe(server, client)
		pipe(client, server)
	}
}

// pipe closes both connections, because an ACME client closes a connection as a whole.
func pipe(to, from net.Conn) {
	_, _ = io.Copy(to, from)
	_ = to.Close()
	_ = from.Close()
}
