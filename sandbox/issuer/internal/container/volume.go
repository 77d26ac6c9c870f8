package container

import (
	"context"
	"fmt"
	"maps"

	"issuer/internal/kube"
)

// files maps a path inside a volume to its content.
type files map[string][]byte

// volumeFiles returns the files of a volume of Secrets and ConfigMaps; ok is false for every other kind of volume.
func volumeFiles(ctx context.Context, volume kube.Volume, source Source) (content files, ok bool, err error) {
	switch {
	case volume.Secret != nil:
		v := volume.Secret
		content, err = secretFiles(ctx, v.SecretName, v.Items, v.Optional, source)
		return content, true, err
	case volume.ConfigMap != nil:
		v := volume.ConfigMap
		content, err = configMapFiles(ctx, v.Name, v.Items, v.Optional, source)
		return content, true, err
	case volume.Projected != nil:
		content = files{}
		for _, part := range volume.Projected.Sources {
			var more files
			switch {
			case part.Secret != nil:
				more, err = secretFiles(ctx, part.Secret.Name, part.Secret.Items, part.Secret.Optional, source)
			case part.ConfigMap != nil:
				more, err = configMapFiles(ctx, part.ConfigMap.Name, part.ConfigMap.Items, part.ConfigMap.Optional, source)
			}
			if err != nil {
				return nil, true, err
			}
			maps.Copy(content, more)
		}
		return content, true, nil
	}
	return nil, false, nil
}

func secretFiles(ctx context.Context, name string, items []kube.KeyToPath, isOptional bool, source Source) (files, error) {
	read, err := source.Secret(ctx, name)
	secret, err := optional(read, err, isOptional)
	if err != nil {
		return nil, err
	}
	return pick(secret.Data, items, isOptional, "secret "+name)
}

func configMapFiles(ctx context.Context, name string, items []kube.KeyToPath, isOptional bool, source Source) (files, error) {
	read, err := source.ConfigMap(ctx, name)
	configMap, err := optional(read, err, isOptional)
	if err != nil {
		return nil, err
	}
	data := map[string][]byte{}
	for key, value := range configMap.Data {
		data[key] = []byte(value)
	}
	maps.Copy(data, configMap.BinaryData)
	return pick(data, items, isOptional, "configmap "+name)
}

// pick applies a volume's items. Without items, each key is a file with the key's name.
func pick(data map[string][]byte, items []kube.KeyToPath, isOptional bool, what string) (files, error) {
	if len(items) == 0 {
		return data, nil
	}
	content := files{}
	for _, item := range items {
		value, present := data[item.Key]
		if !present {
			if isOptional {
				continue
			}
			return nil, fmt.Errorf("%s has no key %q, which the volume's items name", what, item.Key)
		}
		content[item.Path] = value
	}
	return content, nil
}
