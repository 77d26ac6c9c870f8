package route_test

import (
	"strings"
	"testing"

	"issuer/internal/fakes"
	"issuer/internal/kube"
	"issuer/internal/route"
)

const (
	host      = "provider.example.com"
	services  = "/api/v1/namespaces/ns/services/akash-provider"
	ingresses = "/apis/networking.k8s.io/v1/namespaces/ns/ingresses"
	routes    = "/apis/gateway.networking.k8s.io/v1/namespaces/ns/httproutes"

	none    = `{"items":[]}`
	service = `{"metadata":{"name":"akash-provider"},"spec":{"selector":{"app":"akash-provider"},"ports":[
		{"name":"api","port":8443,"targetPort":"api"},{"name":"http-challenge","port":80,"targetPort":5002}]}}`
	ingress = `{"items":[{"spec":{"rules":[{"host":"provider.example.com","http":{"paths":[{"path":"/","backend":{"service":
		{"name":"akash-provider","port":{"number":80}}}}]}}]}}]}`
	httpRoute = `{"items":[{"spec":{"hostnames":["provider.example.com"],"rules":[{"backendRefs":[{"name":"akash-provider","port":80}]}]}}]}`
)

func TestCheck(t *testing.T) {
	change := strings.NewReplacer
	tests := map[string]struct{ service, ingresses, routes, want string }{
		"Ingress":              {service, ingress, "", ""},
		"HTTPRoute":            {service, none, httpRoute, ""},
		"a named target port":  {change("5002", `"http-challenge"`).Replace(service), ingress, "", ""},
		"a named backend port": {service, change(`"number":80`, `"name":"http-challenge"`).Replace(ingress), "", ""},
		"a wildcard host":      {service, change("provider.", "*.").Replace(ingress), "", ""},
		"only the challenge":   {service, change(`"path":"/"`, `"path":"/.well-known/acme-challenge/"`).Replace(ingress), "", ""},

		"no Service":             {"", ingress, "", `service "akash-provider" not found`},
		"another pod's Service":  {change(`"app":"akash-provider"`, `"app":"x"`).Replace(service), ingress, "", "its selector app=x does not match pod akash-provider-0"},
		"no selector":            {change(`"app":"akash-provider"`, "").Replace(service), ingress, "", "has no selector"},
		"no port 80":             {change(`"port":80`, `"port":8080`).Replace(service), ingress, "", "it has no port 80"},
		"another target port":    {change("5002", "8080").Replace(service), ingress, "", "port 80 targets container port 8080, but the issuer listens on 5002"},
		"an unknown target port": {change("5002", `"web"`).Replace(service), ingress, "", `port "web", which does not exist`},
		"no route":               {service, none, "", "no Ingress and no HTTPRoute of namespace ns sends provider.example.com to port 80 of Service akash-provider"},
		"another host":           {service, change("provider.example", "x.example").Replace(ingress), "", "no Ingress and no HTTPRoute"},
		"another Service":        {service, none, change(`"akash-provider"`, `"x"`).Replace(httpRoute), "no Ingress and no HTTPRoute"},
		"another port":           {service, change(`"number":80`, `"number":8443`).Replace(ingress), "", "no Ingress and no HTTPRoute"},
		"another path":           {service, change(`"path":"/"`, `"path":"/api"`).Replace(ingress), "", "no Ingress and no HTTPRoute"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			server := fakes.NewKubernetes(t)
			for path, object := range map[string]string{services: test.service, ingresses: test.ingresses, routes: test.routes} {
				if object != "" {
					server.Put(path, object)
				}
			}
			client, err := kube.FromKubeconfig(server.Kubeconfig(t))
			if err != nil {
				t.Fatal(err)
			}
			pod := &kube.Pod{Metadata: kube.Metadata{Name: "akash-provider-0", Labels: map[string]string{"app": "akash-provider"}}}
			path := route.Path{
				Client: client, Namespace: "ns", Service: "akash-provider", Pod: pod,
				Container: kube.Container{Ports: []kube.ContainerPort{{Name: "http-challenge", ContainerPort: 5002}}},
			}
			err = path.Check(t.Context(), host, 5002)
			if test.want == "" && err != nil {
				t.Error(err)
			}
			if test.want != "" && (err == nil || !strings.Contains(err.Error(), test.want)) {
				t.Errorf("got %v, want %q", err, test.want)
			}
		})
	}
}
