package main

import (
	"fmt"
	"maps"
	"slices"
)

var (
	// Sources that restricted allows.
	allowedSources = map[string]object{
		"configMap":             {"name": "c"},
		"csi":                   {"driver": "csi.example"},
		"downwardAPI":           {"items": []object{{"path": "p", "fieldRef": object{"fieldPath": "metadata.name"}}}},
		"emptyDir":              {},
		"ephemeral":             {"volumeClaimTemplate": object{"spec": object{"accessModes": []string{"ReadWriteOnce"}, "resources": object{"requests": object{"storage": "1Gi"}}}}},
		"image":                 {"reference": "registry.example/data:1", "pullPolicy": "IfNotPresent"},
		"persistentVolumeClaim": {"claimName": "c"},
		"projected":             {"sources": []object{{"secret": object{"name": "s"}}}},
		"secret":                {"secretName": "s"},
	}
	// Sources that only restricted refuses.
	otherSources = map[string]object{
		"awsElasticBlockStore": {"volumeID": "v"},
		"azureDisk":            {"diskName": "d", "diskURI": "u"},
		"azureFile":            {"secretName": "s", "shareName": "s"},
		"cephfs":               {"monitors": []string{"m"}},
		"cinder":               {"volumeID": "v"},
		"fc":                   {"targetWWNs": []string{"w"}, "lun": 0},
		"flexVolume":           {"driver": "d"},
		"flocker":              {"datasetName": "d"},
		"gcePersistentDisk":    {"pdName": "d"},
		"gitRepo":              {"repository": "https://git.example/r"},
		"glusterfs":            {"endpoints": "e", "path": "p"},
		"iscsi":                {"targetPortal": "10.0.0.1", "iqn": "iqn.2001-04.example:a", "lun": 0},
		"nfs":                  {"server": "s", "path": "/"},
		"photonPersistentDisk": {"pdID": "p"},
		"portworxVolume":       {"volumeID": "v"},
		"quobyte":              {"registry": "r", "volume": "v"},
		"rbd":                  {"monitors": []string{"m"}, "image": "i"},
		"scaleIO":              {"gateway": "g", "system": "s", "secretRef": object{"name": "s"}, "volumeName": "v"},
		"storageos":            {"volumeName": "v"},
		"vsphereVolume":        {"volumePath": "p"},
	}
	hostPaths = []object{{"path": "/"}, {"path": "/var/log", "type": "Directory"}, {"path": ""}}
)

func (g *generator) volumes(m moods) []object {
	volumes := []object{}
	for i := range g.IntN(4) {
		volume := object{"name": fmt.Sprintf("v%d", i)}
		g.source(m.volumes, volume)
		// The API refuses two sources; a check still has to decide.
		if g.chance(8) {
			g.source(m.volumes, volume)
		}
		volumes = append(volumes, volume)
	}
	return volumes
}

func (g *generator) source(m mood, volume object) {
	if m == strict || g.chance(40) {
		g.sourceFrom(allowedSources, volume)
		return
	}
	switch {
	case m == wild && g.chance(60):
		volume["hostPath"] = pick(g, hostPaths...)
	case g.chance(25):
		// none: the API server makes it an emptyDir, the check doesn't
		g.nullify(volume, "hostPath", "emptyDir")
	default:
		g.sourceFrom(otherSources, volume)
	}
}

func (g *generator) sourceFrom(sources map[string]object, volume object) {
	// Sorted: a map's order is another one in every run.
	name := pick(g, slices.Sorted(maps.Keys(sources))...)
	volume[name] = sources[name]
}
