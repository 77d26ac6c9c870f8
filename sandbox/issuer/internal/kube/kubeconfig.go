package kube

import (
	"crypto/tls"
	"crypto/x509"
	"encoding/base64"
	"errors"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"time"

	"go.yaml.in/yaml/v3"
)

// kubeconfig has the fields of a kubeconfig file that name an API server and authenticate with a client certificate
// or a token. Plug-ins that obtain credentials (exec, auth-provider) are refused, because they would run programs
// of the machine.
type kubeconfig struct {
	CurrentContext string `yaml:"current-context"`
	Contexts       []struct {
		Name    string `yaml:"name"`
		Context struct {
			Cluster string `yaml:"cluster"`
			User    string `yaml:"user"`
		} `yaml:"context"`
	} `yaml:"contexts"`
	Clusters []struct {
		Name    string  `yaml:"name"`
		Cluster cluster `yaml:"cluster"`
	} `yaml:"clusters"`
	Users []struct {
		Name string `yaml:"name"`
		User user   `yaml:"user"`
	} `yaml:"users"`
}

type cluster struct {
	Server     string `yaml:"server"`
	ServerName string `yaml:"tls-server-name"`
	Insecure   bool   `yaml:"insecure-skip-tls-verify"`
	CAFile     string `yaml:"certificate-authority"`
	CAData     string `yaml:"certificate-authority-data"`
}

type user struct {
	CertFile string `yaml:"client-certificate"`
	CertData string `yaml:"client-certificate-data"`
	KeyFile  string `yaml:"client-key"`
	KeyData  string `yaml:"client-key-data"`
	Token    string `yaml:"token"`
	Exec     any    `yaml:"exec"`
	Provider any    `yaml:"auth-provider"`
}

// FromKubeconfig creates a client for the current context of the kubeconfig file.
func FromKubeconfig(path string) (*Client, error) {
	raw, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("kubeconfig: %w", err)
	}
	client, err := parse(raw, filepath.Dir(path))
	if err != nil {
		return nil, fmt.Errorf("kubeconfig %s: %w", path, err)
	}
	return client, nil
}

func parse(raw []byte, dir string) (*Client, error) {
	var config kubeconfig
	if err := yaml.Unmarshal(raw, &config); err != nil {
		return nil, fmt.Errorf("not a kubeconfig: %w", err)
	}
	cluster, user, err := config.current()
	if err != nil {
		return nil, err
	}

	tlsConfig := &tls.Config{ServerName: cluster.ServerName, InsecureSkipVerify: cluster.Insecure}
	ca, err := dataOrFile("certificate-authority", cluster.CAData, cluster.CAFile, dir)
	if err != nil {
		return nil, err
	}
	if ca != nil {
		tlsConfig.RootCAs = x509.NewCertPool()
		if !tlsConfig.RootCAs.AppendCertsFromPEM(ca) {
			return nil, errors.New("certificate-authority holds no PEM certificate")
		}
	}

	cert, err := dataOrFile("client-certificate", user.CertData, user.CertFile, dir)
	if err != nil {
		return nil, err
	}
	key, err := dataOrFile("client-key", user.KeyData, user.KeyFile, dir)
	if err != nil {
		return nil, err
	}
	if cert != nil || key != nil {
		pair, err := tls.X509KeyPair(cert, key)
		if err != nil {
			return nil, fmt.Errorf("client-certificate and client-key: %w", err)
		}
		tlsConfig.Certificates = []tls.Certificate{pair}
	}

	return &Client{
		server: cluster.Server,
		token:  user.Token,
		http: &http.Client{
			Timeout:   30 * time.Second,
			Transport: &http.Transport{TLSClientConfig: tlsConfig, ForceAttemptHTTP2: true},
		},
	}, nil
}

func (c kubeconfig) current() (cluster, user, error) {
	if c.CurrentContext == "" {
		return cluster{}, user{}, errors.New("current-context is not set; choose one with `kubectl config use-context`")
	}
	for _, context := range c.Contexts {
		if context.Name != c.CurrentContext {
			continue
		}
		cl, err := c.cluster(context.Context.Cluster)
		if err != nil {
			return cluster{}, user{}, err
		}
		u, err := c.user(context.Context.User)
		return cl, u, err
	}
	return cluster{}, user{}, fmt.Errorf("there is no context %q, which current-context names", c.CurrentContext)
}

func (c kubeconfig) cluster(name string) (cluster, error) {
	for _, entry := range c.Clusters {
		if entry.Name == name {
			if entry.Cluster.Server == "" {
				return cluster{}, fmt.Errorf("cluster %q has no server", name)
			}
			return entry.Cluster, nil
		}
	}
	return cluster{}, fmt.Errorf("there is no cluster %q, which the current context names", name)
}

func (c kubeconfig) user(name string) (user, error) {
	for _, entry := range c.Users {
		if entry.Name == name {
			if entry.User.Exec != nil || entry.User.Provider != nil {
				return user{}, fmt.Errorf("user %q obtains its credentials from a plug-in; "+
					"use a client certificate or a token", name)
			}
			return entry.User, nil
		}
	}
	return user{}, fmt.Errorf("there is no user %q, which the current context names", name)
}

// dataOrFile returns the base64 data, or else the file's content; nil if both are missing. As in kubectl, data
// takes precedence.
func dataOrFile(what, data, file, dir string) ([]byte, error) {
	if data != "" {
		decoded, err := base64.StdEncoding.DecodeString(data)
		if err != nil {
			return nil, fmt.Errorf("%s-data is not base64: %w", what, err)
		}
		return decoded, nil
	}
	if file == "" {
		return nil, nil
	}
	if !filepath.IsAbs(file) {
		file = filepath.Join(dir, file)
	}
	content, err := os.ReadFile(file)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", what, err)
	}
	return content, nil
}
