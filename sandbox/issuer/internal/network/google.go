package network

import (
	"context"
	"crypto/tls"
	"net"
	"net/http"
	"net/url"
	"strings"
)

// GoogleTransport returns a transport behind the seal on which Google's APIs are played by an emulator: a connection to
// *.googleapis.com becomes one to the emulator, in clear if its URL has http. The requests themselves stay as they are, so
// the emulator sees, for example, the host dns.googleapis.com.
//
// lego's gcloud provider has no setting for the API's address, but it uses http.DefaultTransport. That must stay an
// *http.Transport, because Google's library copies it for some of its calls and, where it cannot, makes one that would
// leave the sandbox. So the redirect is in the dialer, which is copied too. (GOOGLE_CLOUD_UNIVERSE_DOMAIN would need a
// host name that resolves and a certificate for it.)
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
