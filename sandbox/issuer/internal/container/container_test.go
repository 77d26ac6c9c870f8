package container

import (
	"context"
	"encoding/json"
	"errors"
	"maps"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"issuer/internal/kube"
)

// objects is an in-memory Source.
type objects struct {
	configMaps map[string]map[string]string
	secrets    map[string]map[string]string
}

func (o objects) ConfigMap(_ context.Context, name string) (*kube.ConfigMap, error) {
	data, ok := o.configMaps[name]
	if !ok {
		return nil, &kube.NotFoundError{Kind: "configmap", Namespace: "ns", Name: name}
	}
	return &kube.ConfigMap{Data: data}, nil
}

func (o objects) Secret(_ context.Context, name string) (*kube.Secret, error) {
	data, ok := o.secrets[name]
	if !ok {
		return nil, &kube.NotFoundError{Kind: "secret", Namespace: "ns", Name: name}
	}
	secret := &kube.Secret{Data: map[string][]byte{}}
	for key, value := range data {
		secret.Data[key] = []byte(value)
	}
	return secret, nil
}

var source = objects{
	configMaps: map[string]map[string]string{
		"main":        {"A": "main", "B": "main", "HOST": "provider.example.com"},
		"letsencrypt": {"B": "letsencrypt"},
	},
	secrets: map[string]map[string]string{
		"token": {"CF_DNS_API_TOKEN": "secret\n"},
		"gcp":   {"service-account.json": "{}", "dir": "d"},
	},
}

// fromJSON returns a pod as the API server would send it.
func fromJSON(t *testing.T, container, volumes string) (*kube.Pod, kube.Container) {
	t.Helper()
	var pod kube.Pod
	spec := `{"metadata":{"name":"akash-provider-0"},"spec":{"containers":[` + container + `],"volumes":[` + volumes + `]}}`
	if err := json.Unmarshal([]byte(spec), &pod); err != nil {
		t.Fatal(err)
	}
	return &pod, pod.Spec.Containers[0]
}

func TestEnvironment(t *testing.T) {
	tests := map[string]struct {
		container string
		want      map[string]string
	}{
		"a later envFrom overrides an earlier one": {
			`{"envFrom":[{"configMapRef":{"name":"main"}},{"configMapRef":{"name":"letsencrypt"}}]}`,
			map[string]string{"A": "main", "B": "letsencrypt", "HOST": "provider.example.com"},
		},
		"env overrides envFrom": {
			`{"envFrom":[{"configMapRef":{"name":"main"}}],"env":[{"name":"A","value":"env"},{"name":"B","value":""}]}`,
			map[string]string{"A": "env", "B": "", "HOST": "provider.example.com"},
		},
		"envFrom with a prefix": {
			`{"envFrom":[{"prefix":"P_","configMapRef":{"name":"letsencrypt"}}]}`,
			map[string]string{"P_B": "letsencrypt"},
		},
		"a whole Secret and one of its keys, with its newline": {
			`{"envFrom":[{"secretRef":{"name":"token"}}],"env":[{"name":"T","valueFrom":{"secretKeyRef":{"name":"token","key":"CF_DNS_API_TOKEN"}}}]}`,
			map[string]string{"CF_DNS_API_TOKEN": "secret\n", "T": "secret\n"},
		},
		"a key of a ConfigMap": {
			`{"env":[{"name":"X","valueFrom":{"configMapKeyRef":{"name":"main","key":"HOST"}}}]}`,
			map[string]string{"X": "provider.example.com"},
		},
		"references to earlier variables only": {
			`{"envFrom":[{"configMapRef":{"name":"letsencrypt"}}],"env":[{"name":"X","value":"$(B)-$(LATER)-$$(B)-$"},{"name":"LATER","value":"l"},{"name":"Y","value":"$(X)/$(LATER)"}]}`,
			map[string]string{"B": "letsencrypt", "X": "letsencrypt-$(LATER)-$(B)-$", "LATER": "l", "Y": "letsencrypt-$(LATER)-$(B)-$/l"},
		},
		"optional references to missing objects": {
			`{"envFrom":[{"configMapRef":{"name":"none","optional":true}},{"configMapRef":{"name":"letsencrypt"}}],"env":[{"name":"B","valueFrom":{"secretKeyRef":{"name":"none","key":"k","optional":true}}},{"name":"C","valueFrom":{"configMapKeyRef":{"name":"main","key":"none","optional":true}}}]}`,
			map[string]string{"B": "letsencrypt"},
		},
		"the pod's name": {
			`{"env":[{"name":"POD","valueFrom":{"fieldRef":{"fieldPath":"metadata.name"}}}]}`,
			map[string]string{"POD": "akash-provider-0"},
		},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			pod, c := fromJSON(t, test.container, "")
			got, err := Environment(t.Context(), pod, c, source)
			if err != nil {
				t.Fatal(err)
			}
			if !maps.Equal(got, test.want) {
				t.Errorf("got %v, want %v", got, test.want)
			}
		})
	}
}

func TestEnvironmentRefusesReferencesThatLeadNowhere(t *testing.T) {
	tests := map[string]struct{ container, want string }{
		"no ConfigMap":            {`{"name":"provider","envFrom":[{"configMapRef":{"name":"none"}}]}`, `configmap "none" not found`},
		"no Secret":               {`{"name":"provider","envFrom":[{"secretRef":{"name":"none"}}]}`, `secret "none" not found`},
		"no Secret for a key":     {`{"name":"provider","env":[{"name":"T","valueFrom":{"secretKeyRef":{"name":"none","key":"k"}}}]}`, `variable T: secret "none" not found`},
		"no key in the Secret":    {`{"name":"provider","env":[{"name":"T","valueFrom":{"secretKeyRef":{"name":"token","key":"k"}}}]}`, "couldn't find key k in Secret token"},
		"no key in the ConfigMap": {`{"name":"provider","env":[{"name":"T","valueFrom":{"configMapKeyRef":{"name":"main","key":"k"}}}]}`, "couldn't find key k in ConfigMap main"},
		"an unsupported field":    {`{"name":"provider","env":[{"name":"T","valueFrom":{"fieldRef":{"fieldPath":"status.hostIP"}}}]}`, "does not support fieldRef status.hostIP"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			pod, c := fromJSON(t, test.container, "")
			_, err := Environment(t.Context(), pod, c, source)
			var config *ConfigError
			if !errors.As(err, &config) || !strings.Contains(err.Error(), test.want) {
				t.Errorf("got %v, want a ConfigError with %q", err, test.want)
			}
		})
	}
}

const (
	gcpVolume  = `{"name":"gcp","secret":{"secretName":"gcp","items":[{"key":"service-account.json","path":"service-account.json"}]}}`
	homeVolume = `{"name":"home","persistentVolumeClaim":{"claimName":"home-akash-provider-0"}}`
)

func TestFilesystem(t *testing.T) {
	tests := map[string]struct {
		mount, volume string
		want          map[string]string
	}{
		"items choose and rename": {
			`{"name":"v","mountPath":"/etc/gcp"}`,
			`{"name":"v","secret":{"secretName":"gcp","items":[{"key":"service-account.json","path":"sub/key.json"}]}}`,
			map[string]string{"/etc/gcp/sub/key.json": "{}"},
		},
		"without items every key is a file": {
			`{"name":"v","mountPath":"/etc/gcp/"}`, `{"name":"v","secret":{"secretName":"gcp"}}`,
			map[string]string{"/etc/gcp/service-account.json": "{}", "/etc/gcp/dir": "d"},
		},
		"subPath of a file": {
			`{"name":"v","mountPath":"/key.json","subPath":"service-account.json"}`, gcpVolumeNamed("v"),
			map[string]string{"/key.json": "{}"},
		},
		"subPath of a directory": {
			`{"name":"v","mountPath":"/etc/main","subPath":"x"}`,
			`{"name":"v","configMap":{"name":"main","items":[{"key":"A","path":"x/a"},{"key":"B","path":"b"}]}}`,
			map[string]string{"/etc/main/a": "main"},
		},
		"projected": {
			`{"name":"v","mountPath":"/p"}`,
			`{"name":"v","projected":{"sources":[{"secret":{"name":"gcp","items":[{"key":"dir","path":"s"}]}},{"configMap":{"name":"letsencrypt"}},{"serviceAccountToken":{"path":"token"}}]}}`,
			map[string]string{"/p/s": "d", "/p/B": "letsencrypt"},
		},
		"optional and missing": {
			`{"name":"v","mountPath":"/p"}`, `{"name":"v","secret":{"secretName":"none","optional":true}}`, nil,
		},
		"other kinds of volume": {
			`{"name":"v","mountPath":"/p"}`, `{"name":"v","hostPath":{"path":"/etc"}}`, nil,
		},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			root := t.TempDir()
			pod, c := fromJSON(t, `{"volumeMounts":[`+test.mount+`]}`, test.volume)
			fs, err := NewFilesystem(t.Context(), root, "", pod, c, source)
			if err != nil {
				t.Fatal(err)
			}
			count := 0
			_ = filepath.WalkDir(root, func(_ string, entry os.DirEntry, _ error) error {
				if !entry.IsDir() {
					count++
				}
				return nil
			})
			if count != len(test.want) {
				t.Errorf("%d files, want %d", count, len(test.want))
			}
			for path, want := range test.want {
				got, err := os.ReadFile(fs.Host(path))
				if err != nil || string(got) != want {
					t.Errorf("%s: got %q, %v; want %q", path, got, err, want)
				}
				if info, err := os.Stat(fs.Host(path)); err == nil && info.Mode().Perm() != 0o600 {
					t.Errorf("%s has mode %v", path, info.Mode())
				}
			}
		})
	}
}

func gcpVolumeNamed(name string) string {
	return strings.Replace(gcpVolume, `"name":"gcp"`, `"name":"`+name+`"`, 1)
}

func TestFilesystemKeepsThePersistentVolumeInTheHomeDirectory(t *testing.T) {
	root, home := t.TempDir(), t.TempDir()
	pod, c := fromJSON(t, `{"volumeMounts":[{"name":"gcp","mountPath":"/etc/gcp"},{"name":"home","mountPath":"/root/.akash"}]}`,
		gcpVolume+","+homeVolume)
	fs, err := NewFilesystem(t.Context(), root, home, pod, c, source)
	if err != nil {
		t.Fatal(err)
	}
	tests := []struct {
		path, want string
		persistent bool
	}{
		{"/root/.akash/.certissuer", filepath.Join(home, ".certissuer"), true},
		{"/root/.akash", home, true},
		{"/root/.akash-other", filepath.Join(root, "root/.akash-other"), false},
		{"/root/.akash/../x", filepath.Join(root, "root/x"), false},
		{"/etc/gcp/service-account.json", filepath.Join(root, "etc/gcp/service-account.json"), false},
		{"/etc/passwd", filepath.Join(root, "etc/passwd"), false},
		{"../../etc/passwd", filepath.Join(root, "etc/passwd"), false},
	}
	for _, test := range tests {
		if got := fs.Host(test.path); got != test.want {
			t.Errorf("Host(%s) is %s, want %s", test.path, got, test.want)
		}
		if got := fs.Persistent(test.path); got != test.persistent {
			t.Errorf("Persistent(%s) is %v", test.path, got)
		}
	}
}

func TestFilesystemRefuses(t *testing.T) {
	tests := map[string]struct{ mount, volume, want string }{
		"a missing Secret":    {`{"name":"v","mountPath":"/p"}`, `{"name":"v","secret":{"secretName":"none"}}`, `FailedMount: volume v at /p: secret "none" not found`},
		"a missing key":       {`{"name":"v","mountPath":"/p"}`, `{"name":"v","secret":{"secretName":"gcp","items":[{"key":"k","path":"k"}]}}`, `secret gcp has no key "k"`},
		"a missing volume":    {`{"name":"w","mountPath":"/p"}`, gcpVolume, "mounts volume w, which the pod does not have"},
		"a path to elsewhere": {`{"name":"v","mountPath":"/p"}`, `{"name":"v","secret":{"secretName":"gcp","items":[{"key":"dir","path":"../../x"}]}}`, "is outside the volume"},
		"subPathExpr":         {`{"name":"v","mountPath":"/p","subPathExpr":"$(A)"}`, gcpVolumeNamed("v"), "does not support subPathExpr"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			pod, c := fromJSON(t, `{"volumeMounts":[`+test.mount+`]}`, test.volume)
			_, err := NewFilesystem(t.Context(), t.TempDir(), "", pod, c, source)
			if err == nil || !strings.Contains(err.Error(), test.want) {
				t.Errorf("got %v, want %q", err, test.want)
			}
		})
	}
}
