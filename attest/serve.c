/* `serve`: the event loop, and the timer that turns silent hosts stale. */
#include <event2/event.h>
#include <signal.h>
#include <stdio.h>

#include "attest/commands.h"
#include "attest/log.h"
#include "attest/verifier.h"

#define SWEEP_SECONDS 1

static void on_sweep(evutil_socket_t fd, short what, void *arg)
{
	(void)fd;
	(void)what;
	struct cairn_verifier *v = arg;
	size_t changed = 0;
	if (cairn_store_host_sweep(v->store, cairn_now_ms(), &changed))
		return; /* the store has logged it; what is asked for is judged by its deadline all the same
			 */
	if (changed && cairn_audit(v, "stale", "hosts", "%zu turned stale", changed))
		cairn_log("the audit log could not be written");
}

static void on_signal(evutil_socket_t fd, short what, void *arg)
{
	(void)fd;
	(void)what;
	event_base_loopbreak(arg);
}

static enum cairn_status run(struct cairn_verifier *v, struct event_base *base)
{
	struct event *term = evsignal_new(base, SIGTERM, on_signal, base);
	struct event *intr = evsignal_new(base, SIGINT, on_signal, base);
	struct event *sweep = event_new(base, -1, EV_PERSIST, on_sweep, v);
	struct timeval tv = {.tv_sec = SWEEP_SECONDS};
	bool ok = term && intr && sweep && event_add(term, NULL) == 0 && event_add(intr, NULL) == 0 &&
		  event_add(sweep, &tv) == 0 && event_base_dispatch(base) >= 0;
	if (term)
		event_free(term);
	if (intr)
		event_free(intr);
	if (sweep)
		event_free(sweep);
	return ok ? CAIRN_OK : CAIRN_E_IO;
}

static enum cairn_status serve(struct cairn_verifier *v, struct event_base *base)
{
	struct cairn_http *http = NULL;
	struct cairn_http_options opt = {.host = v->set.host,
					 .port = v->set.port,
					 .cert = v->set.tls_cert,
					 .key = v->set.tls_key,
					 .idle_s = v->set.idle_timeout_s,
					 .connections_max = v->set.connections_max};
	enum cairn_status st = cairn_http_new(&http, base, &opt, cairn_route_serve, v);
	if (st) {
		cairn_log("cannot serve on %s:%u: %s", opt.host, opt.port, cairn_status_text(st));
		return st;
	}
	cairn_log("%s kid %s, %zu EK roots, %zu manifest signers, %zu manifests",
		  "cairn-verifier " CAIRN_VERSION, cairn_verifier_kid(v), (size_t)sk_X509_num(v->ek_roots),
		  cairn_jwks_count(v->authorities), v->manifest_count);
	printf("listening on %s:%u\n", opt.host, cairn_http_port(http));
	fflush(stdout);
	st = run(v, base);
	cairn_http_free(http);
	return st;
}

int cairn_command_serve(const char *config)
{
	cairn_auto_buf struct cairn_buf why = {0};
	struct cairn_verifier *v = NULL;
	signal(SIGPIPE, SIG_IGN);
	enum cairn_status st = cairn_verifier_new(&v, config, &why);
	if (st) {
		cairn_log("%s", why.len ? cairn_buf_str(&why) : cairn_status_text(st));
		return st == CAIRN_E_DENIED ? CAIRN_EXIT_USAGE : cairn_status_exit(st);
	}
	struct event_base *base = event_base_new();
	st = base ? serve(v, base) : CAIRN_E_NOMEM;
	if (base)
		event_base_free(base);
	cairn_verifier_free(v);
	return cairn_status_exit(st);
}
