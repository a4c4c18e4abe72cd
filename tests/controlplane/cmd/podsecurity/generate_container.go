package main

import "fmt"

// containers fills the three lists of containers and returns their names.
func (g *generator) containers(m moods, spec object) []string {
	var names []string
	list := func(field, prefix string, count int) {
		containers := make([]object, 0, count)
		for i := range count {
			name := fmt.Sprintf("%s%d", prefix, i)
			names = append(names, name)
			container := g.container(m, name)
			if field == "initContainers" && g.chance(30) {
				container["restartPolicy"] = "Always" // a sidecar
			}
			if field == "ephemeralContainers" && g.chance(50) {
				container["targetContainerName"] = "main0"
			}
			containers = append(containers, container)
		}
		spec[field] = containers
	}
	list("containers", "main", pick(g, 1, 1, 1, 2, 2, 3, 0))
	if g.chance(50) {
		list("initContainers", "init", pick(g, 1, 1, 2, 0))
	}
	if g.chance(25) {
		list("ephemeralContainers", "debug", pick(g, 1, 1, 2, 0))
	}
	return names
}

func (g *generator) container(m moods, name string) object {
	container := object{"name": name, "image": "registry.example/" + name + ":1"}
	if securityContext := g.securityContext(m); len(securityContext) > 0 || g.chance(20) {
		container["securityContext"] = securityContext
	}
	g.maybe(50, container, "ports", func() any { return g.ports(m) })
	for _, probe := range []string{"livenessProbe", "readinessProbe", "startupProbe"} {
		g.maybe(20, container, probe, func() any { return g.handler(m, true) })
	}
	g.maybe(25, container, "lifecycle", func() any {
		lifecycle := object{}
		g.maybe(60, lifecycle, "postStart", func() any { return g.handler(m, false) })
		g.maybe(60, lifecycle, "preStop", func() any { return g.handler(m, false) })
		return lifecycle
	})
	g.nullify(container, "securityContext", "ports", "livenessProbe", "lifecycle")
	return container
}

func (g *generator) ports(m moods) []object {
	ports := []object{}
	for range g.IntN(4) {
		port := object{"containerPort": 8080 + g.IntN(4)}
		g.maybe(50, port, "hostPort", func() any {
			if g.good(m.ports) {
				return 0
			}
			return pick(g, 80, 8080, 65535)
		})
		g.maybe(30, port, "protocol", func() any { return pick(g, "TCP", "UDP", "SCTP") })
		g.maybe(10, port, "hostIP", func() any { return "127.0.0.1" }) // no check looks at it
		ports = append(ports, port)
	}
	return ports
}

// handler is what a probe or a lifecycle event does.
func (g *generator) handler(m moods, probe bool) object {
	handler := object{}
	withHost := func(o object) object {
		g.maybe(50, o, "host", func() any {
			if g.good(m.hosts) {
				return ""
			}
			return pick(g, "127.0.0.1", "localhost", "::1", "10.0.0.1", "example.com", "169.254.169.254", " ")
		})
		return o
	}
	kind := pick(g, "httpGet", "httpGet", "tcpSocket", "tcpSocket", "exec", "other", "two", "none")
	if kind == "httpGet" || kind == "two" {
		http := object{"path": "/", "port": pick[any](g, 8080, "web")}
		g.maybe(20, http, "httpHeaders", func() any { return []object{{"name": "Host", "value": "example.com"}} })
		handler["httpGet"] = withHost(http)
	}
	if kind == "tcpSocket" || kind == "two" {
		handler["tcpSocket"] = withHost(object{"port": 8080})
	}
	if kind == "exec" {
		handler["exec"] = object{"command": []string{"true"}}
	}
	if kind == "other" && probe {
		handler["grpc"] = object{"port": 8080}
	}
	if kind == "other" && !probe {
		handler["sleep"] = object{"seconds": 1}
	}
	if probe {
		g.maybe(20, handler, "periodSeconds", func() any { return 10 })
	}
	return handler
}
