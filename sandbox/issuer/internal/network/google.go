package network

import (
	"context"
	"crypto/tls"
	"net"
	"net/http"
	"net/url"
	"strings"
)

// GoogleTransport returns a sealed transport to an emulator of Google's APIs: a connection to
// *.googleapis.com becomes a connection to the emulator, without TLS if the emulator's URL has http. The requests
// themselves are unchanged, so the emulator receives, for example, the host dns.googleapis.com.
//
// lego's gcloud provider has no setting for the API's address, but it uses http.DefaultTransport. That must remain an
// *http.Transport: Google's library copies it for some of its calls. If it cannot copy the transport, it creates
// one that would leave the sandbox. So the redirect is in the dialer, which is also copied.
// (GOOGLE_CLOUD_UNIVERSE_DOMAIN would require a host name that resolves and a certificate for it.)
func (s *Seal) GoogleTransport(emulator *url.URL) *http.Transport {
	transport := s.Transport()
	transport.DialTLSContext = func(ctx context.Context, network, hostPort string) (net.Conn, error) {
		scheme, serverName := "https", hostPort
		if host, _, err := net.SplitHostPort(hostPort); err == nil {
			serverName = host
		}
		if serverName == "googleapis.com" || strings.HasSuffix(serverName, ".googleapis.com") {
			scheme, serverName, hostPort = emulator.Scheme, emulator.Hostname(), authority(emulator)
		}
		conn, err := s.DialContext(ctx, network, hostPort)
		if err != nil || scheme == "http" {
			return conn, err
		}
		secure := tls.Client(conn, &tls.Config{ServerName: serverName})
		if err := secure.HandshakeContext(ctx); err != nil {
			_ = conn.Close()
			return nil, err
		}
		return secure, nil
	}
	return transport
}

func authority(u *url.URL) string {
	if u.Port() != "" {
		return u.Host
	}
	if u.Scheme == "http" {
		return net.JoinHostPort(u.Hostname(), "80")
	}
	return net.JoinHostPort(u.Hostname(), "443")
}
