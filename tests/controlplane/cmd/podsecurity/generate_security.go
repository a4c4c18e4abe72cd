package main

// setting draws a field that restricted wants set: a strict pod always has a
// good value, a decent one a good value or none, a wild one anything.
func (g *generator) setting(m mood, into object, field string, good, bad func() any) {
	switch {
	case m == strict:
		into[field] = good()
	case g.chance(40):
		// absent
	case g.good(m):
		into[field] = good()
	default:
		into[field] = bad()
	}
}

// option is setting for a field that may also be absent in a strict pod.
func (g *generator) option(m mood, into object, field string, good, bad func() any) {
	if m != wild && g.chance(50) {
		return
	}
	g.setting(m, into, field, good, bad)
}

func oneOf(g *generator, values ...any) func() any {
	return func() any { return pick(g, values...) }
}

func (g *generator) podSecurityContext(m moods) object {
	securityContext := object{}
	g.shared(m, securityContext)
	g.option(m.sysctls, securityContext, "sysctls", func() any { return g.sysctls(true) }, func() any { return g.sysctls(false) })
	g.maybe(20, securityContext, "fsGroup", func() any { return pick(g, 0, 2000) })
	g.maybe(10, securityContext, "supplementalGroups", func() any { return some(g, 2, []int{0, 3000}) })
	return securityContext
}

func (g *generator) securityContext(m moods) object {
	if m.escalation != strict && m.capabilities != strict && g.chance(15) {
		return nil
	}
	securityContext := object{}
	g.shared(m, securityContext)
	g.option(m.privileged, securityContext, "privileged", oneOf(g, false), oneOf(g, true))
	g.setting(m.escalation, securityContext, "allowPrivilegeEscalation", oneOf(g, false), oneOf(g, true))
	g.option(m.procMount, securityContext, "procMount", oneOf(g, "Default"), oneOf(g, "Unmasked", "unmasked", ""))
	g.capabilities(m.capabilities, securityContext)
	g.maybe(20, securityContext, "readOnlyRootFilesystem", func() any { return g.chance(50) })
	return securityContext
}

// shared are the fields that a pod and a container both have.
func (g *generator) shared(m moods, securityContext object) {
	g.setting(m.nonRoot, securityContext, "runAsNonRoot", oneOf(g, true), oneOf(g, false))
	g.option(m.user, securityContext, "runAsUser", oneOf(g, 1, 1000, 4294967294), oneOf(g, 0))
	g.maybe(15, securityContext, "runAsGroup", func() any { return pick(g, 0, 1000) })
	g.setting(m.seccomp, securityContext, "seccompProfile",
		oneOf(g,
			object{"type": "RuntimeDefault"},
			object{"type": "Localhost", "localhostProfile": "profiles/a.json"}),
		oneOf(g,
			object{"type": "Unconfined"},
			object{"type": "runtime/default"},
			object{"type": ""},
			object{"localhostProfile": "profiles/a.json"},
			object{}))
	g.option(m.appArmor, securityContext, "appArmorProfile",
		oneOf(g,
			object{"type": "RuntimeDefault"},
			object{"type": "Localhost", "localhostProfile": "a"}),
		oneOf(g,
			object{"type": "Unconfined"},
			object{"type": "runtime/default"},
			object{"type": ""},
			object{}))
	g.option(m.seLinux, securityContext, "seLinuxOptions",
		func() any { return g.seLinuxOptions(true) },
		func() any { return g.seLinuxOptions(false) })
	g.option(m.windows, securityContext, "windowsOptions",
		oneOf(g,
			object{"hostProcess": false},
			object{"hostProcess": nil},
			object{"runAsUserName": "ContainerUser"},
			object{}),
		oneOf(g, object{"hostProcess": true}))
}

func (g *generator) seLinuxOptions(good bool) object {
	options := object{}
	g.maybe(60, options, "type", oneOf(g, "container_t", "container_init_t", "container_kvm_t", "container_engine_t", ""))
	g.maybe(30, options, "level", oneOf(g, "s0:c1,c2", "")) // any level is fine
	g.maybe(30, options, "user", oneOf(g, ""))
	g.maybe(30, options, "role", oneOf(g, ""))
	if good {
		return options
	}
	if g.chance(50) {
		options["type"] = pick(g, "spc_t", "unconfined_t", "Container_t", "container_t ")
	}
	if g.chance(40) {
		options["user"] = pick(g, "system_u", "root")
	}
	if g.chance(40) {
		options["role"] = pick(g, "system_r", "object_r")
	}
	return options
}

var (
	safeSysctls = []string{
		"kernel.shm_rmid_forced",
		"net.ipv4.ip_local_port_range",
		"net.ipv4.tcp_syncookies",
		"net.ipv4.ping_group_range",
		"net.ipv4.ip_unprivileged_port_start",
		"net.ipv4.ip_local_reserved_ports",
		"net.ipv4.tcp_keepalive_time",
		"net.ipv4.tcp_fin_timeout",
		"net.ipv4.tcp_keepalive_intvl",
		"net.ipv4.tcp_keepalive_probes",
		"net.ipv4.tcp_rmem",
		"net.ipv4.tcp_wmem",
		"net.ipv4.tcp_slow_start_after_idle",
		"net.ipv4.tcp_notsent_lowat",
	}
	unsafeSysctls = []string{
		"kernel.msgmax",
		"net.core.somaxconn",
		"net.ipv4.ip_forward",
		"net/ipv4/tcp_rmem", // the other spelling that sysctl(8) knows
		"net.ipv4.*",
		"Kernel.shm_rmid_forced",
		"",
	}
)

func (g *generator) sysctls(good bool) []object {
	names := some(g, 3, safeSysctls)
	if !good {
		names = append(names, pick(g, unsafeSysctls...))
	}
	sysctls := []object{}
	for _, name := range names {
		sysctls = append(sysctls, object{"name": name, "value": "1"})
	}
	return sysctls
}

var (
	// Docker's default set: what baseline lets a container add.
	defaultCapabilities = []string{
		"AUDIT_WRITE", "CHOWN", "DAC_OVERRIDE", "FOWNER", "FSETID", "KILL", "MKNOD",
		"NET_BIND_SERVICE", "SETFCAP", "SETGID", "SETPCAP", "SETUID", "SYS_CHROOT",
	}
	// The check compares letter by letter: other spellings are other capabilities.
	otherCapabilities = []string{
		"NET_RAW", "SYS_ADMIN", "NET_ADMIN", "SYS_PTRACE", "BPF", "ALL", "all",
		"CAP_CHOWN", "chown", "CAP_NET_BIND_SERVICE", "net_bind_service", "NOT_A_CAPABILITY", "",
	}
	almostAll = []string{"all", "All", "CAP_ALL", "NET_RAW", "ANY", ""}
)

func (g *generator) capabilities(m mood, securityContext object) {
	capabilities := object{}
	switch m {
	case strict:
		drop := append(some(g, 1, defaultCapabilities), "ALL")
		g.Shuffle(len(drop), func(i, j int) { drop[i], drop[j] = drop[j], drop[i] })
		capabilities["drop"] = drop
		g.maybe(40, capabilities, "add", func() any { return some(g, 2, []string{"NET_BIND_SERVICE"}) })
	case decent:
		g.maybe(60, capabilities, "drop", func() any { return some(g, 2, append([]string{"ALL", "ALL"}, almostAll...)) })
		g.maybe(60, capabilities, "add", func() any { return some(g, 3, defaultCapabilities) })
	case wild:
		g.maybe(70, capabilities, "drop", func() any { return some(g, 3, append([]string{"ALL", "ALL", "ALL"}, almostAll...)) })
		g.maybe(70, capabilities, "add", func() any { return some(g, 3, append(otherCapabilities, defaultCapabilities...)) })
	}
	if m == strict || g.chance(75) {
		g.nullify(capabilities, "add", "drop")
		securityContext["capabilities"] = capabilities
	}
}
