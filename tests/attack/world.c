/* The server's process, the requests to it, and the two hosts. */
#include "tests/attack/attack.h"

#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <openssl/hmac.h>

#include "cairn/eventlog.h"
#include "cairn/launchlog.h"

static const struct cairn_pcr_numbers numbers = CAIRN_PCR_NUMBERS_DEFAULT;

/* ---- the server -----------------------------------------------------------------------------------------
 */

/* Runs cairn-verifier with its output in DIR/out and DIR/err. */
static pid_t run(const struct world *w, const char *const argv[])
{
	char out[96], err[96];
	pid_t parent = getpid(), pid = fork();

	MUST(pid >= 0);
	if (pid != 0)
		return pid;
	snprintf(out, sizeof(out), "%s/out", w->dir);
	snprintf(err, sizeof(err), "%s/err", w->dir);
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	int o = open(out, O_WRONLY | O_CREAT | O_TRUNC, 0600),
	    e = open(err, O_WRONLY | O_CREAT | O_APPEND, 0600);
	if (getppid() == parent && o >= 0 && e >= 0 && dup2(o, 1) >= 0 && dup2(e, 2) >= 0)
		execv(argv[0], (char *const *)(uintptr_t)argv);
	_exit(127);
}

static void read_out(const struct world *w, struct cairn_buf *b)
{
	char path[96];

	snprintf(path, sizeof(path), "%s/out", w->dir);
	MUST(cairn_file_read(b, path, 4096) == CAIRN_OK && cairn_buf_str(b));
}

static const char *program(char path[256])
{
	const char *build = getenv("BUILD");

	snprintf(path, 256, "%s/bin/cairn-verifier", build ? build : "build");
	return path;
}

static void put(const struct world *w, const char *name, struct cairn_span content)
{
	char path[160];

	snprintf(path, sizeof(path), "%s/server/%s", w->dir, name);
	MUST_OK(cairn_file_write(path, content, 0644));
}

static struct cairn_client *client(const struct world *w, unsigned port, const char *token)
{
	char url[64], ca[128];
	struct cairn_client *h = NULL;
	cairn_auto_buf struct cairn_buf why = {0};

	snprintf(url, sizeof(url), "https://127.0.0.1:%u", port);
	snprintf(ca, sizeof(ca), "%s/server/tls-cert.pem", w->dir);
	const struct cairn_client_options o = {
	    .server = url, .ca_file = ca, .token = token, .timeout_ms = 20000};
	MUST_OK(cairn_client_new(&h, &o, &why));
	return h;
}

/* Waits at most 10 s for the line that names the port. */
static unsigned wait_port(const struct world *w)
{
	unsigned port = 0;

	for (int i = 0; i < 500 && port == 0; i++) {
		cairn_auto_buf struct cairn_buf b = {0};
		nanosleep(&(struct timespec){.tv_nsec = 20000000}, NULL);
		read_out(w, &b);
		if (sscanf(cairn_buf_str(&b), "listening on 127.0.0.1:%u\n", &port) != 1)
			port = 0;
	}
	MUST(port != 0);
	return port;
}

static void server_start(struct world *w)
{
	char path[256], conf[128], file[128];
	cairn_auto_buf struct cairn_buf token = {0};

	snprintf(conf, sizeof(conf), "%s/server/verifier.conf", w->dir);
	const char *const argv[] = {program(path), "serve", "--config", conf, NULL};
	snprintf(file, sizeof(file), "%s/token", w->dir);
	MUST_OK(cairn_file_read(&token, file, 256));
	w->server = run(w, argv);
	unsigned port = wait_port(w);
	w->http = client(w, port, NULL);
	w->token_http = client(w, port, cairn_buf_str(&token));
}

static void server_stop(struct world *w)
{
	cairn_client_free(w->http);
	cairn_client_free(w->token_http);
	w->http = w->token_http = NULL;
	if (w->server > 0) {
		kill(w->server, SIGKILL); /* what it has answered must have been written */
		waitpid(w->server, NULL, 0);
	}
	w->server = -1;
}

void server_restart(struct world *w)
{
	server_stop(w);
	server_start(w);
}

static void trust_maker(const struct world *w, const struct host *h)
{
	static const char *const names[] = {"issuercert.pem", "swtpm-localca-rootca-cert.pem"};

	for (size_t i = 0; i < 2; i++) {
		char from[160], to[64];
		cairn_auto_buf struct cairn_buf b = {0};
		snprintf(from, sizeof(from), "%s/ca/%s", h->tpm.dir, names[i]);
		snprintf(to, sizeof(to), "ek-roots/%s-%zu.pem", h->label, i);
		MUST_OK(cairn_file_read(&b, from, 65536));
		put(w, to, cairn_buf_span(&b));
	}
}

static void server_make(struct world *w)
{
	char path[256], dir[96], token[96];
	int status = 0;
	json_t *set = NULL;
	cairn_auto_buf struct cairn_buf text = {0}, out = {0};

	snprintf(dir, sizeof(dir), "%s/server", w->dir);
	snprintf(token, sizeof(token), "%s/token", w->dir);
	const char *const argv[] = {program(path), "init", dir, NULL};
	MUST(waitpid(run(w, argv), &status, 0) > 0 && status == 0);
	read_out(w, &out);
	out.len -= out.len > 0; /* the newline */
	MUST_OK(cairn_file_write(token, cairn_buf_span(&out), 0600));
	put(w, "verifier.conf", cairn_span_str("listen = 127.0.0.1:0\nstale_after_s = 86400\n"));
	MUST(cairn_jwks_json(&set, w->sim.authorities) == CAIRN_OK &&
	     cairn_json_dump(&text, set) == CAIRN_OK);
	json_decref(set);
	put(w, "authorities.jwks", cairn_buf_span(&text));
	trust_maker(w, &w->alpha);
	trust_maker(w, &w->beta);
	trust_maker(w, &w->gamma);
}

/* ---- requests -------------------------------------------------------------------------------------------
 */

void post(struct world *w, const char *path, json_t *body)
{
	json_t *answer = NULL;

	MUST(body);
	json_decref(w->body);
	w->body = NULL;
	MUST_OK(cairn_client_json(&answer, &w->code, w->http, "POST", path, body, NULL));
	w->body = answer;
	json_decref(body);
}

const char *error_code(const struct world *w)
{
	const char *code = json_string_value(json_object_get(json_object_get(w->body, "error"), "code"));

	return code ? code : "";
}

json_t *told(struct world *w)
{
	static const char *const paths[] = {"/v1/hosts", "/v1/hosts/alpha", "/v1/hosts/beta",
					    "/v1/release-set"};
	json_t *all = json_array();

	for (size_t i = 0; i < sizeof(paths) / sizeof(*paths); i++) {
		json_t *one = NULL;
		long code = 0;
		MUST_OK(cairn_client_json(&one, &code, w->token_http, "GET", paths[i], NULL, NULL));
		MUST((code == 200 || code == 404) && json_array_append_new(all, one) == 0);
	}
	return all;
}

static void push(struct world *w, const char *route, const struct cairn_buf *jws)
{
	cairn_auto_buf struct cairn_buf out = {0};
	long code = 0;

	MUST_OK(cairn_client_call(&out, &code, w->token_http, "POST", route, "application/jose",
				  cairn_buf_span(jws), NULL));
	MUST(code == 200);
}

enum cairn_status release_set(struct cairn_buf *jws, unsigned serial, const struct cairn_key *key)
{
	static unsigned made;
	cairn_auto_json json_t *v = json_pack("{s:i,s:{s:i},s:[],s:[]}", "serial", (int)serial, "floors",
					      "none", (int)++made, "revoked_keys", "revoked_manifests");

	return cairn_release_set_sign(jws, v, key);
}

static const char *text_of(const struct world *w, const char *member)
{
	const char *t = json_string_value(json_object_get(w->body, member));

	MUST(t);
	return t;
}

/* ---- evidence -------------------------------------------------------------------------------------------
 */

void quote_genuine(struct cairn_tpm *t, struct cairn_span extra, struct cairn_buf *attest,
		   struct cairn_buf *signature)
{
	MUST_OK(cairn_tpm_quote(t, CAIRN_APPRAISAL_PCRS, extra, attest, signature));
}

void fresh_nonce(struct world *w, const struct host *h, char nonce[256])
{
	post(w, "/v1/challenge",
	     json_pack("{s:o}", "host_id", cairn_json_hex(cairn_digest_span(&h->id.host_id))));
	MUST(w->code == 200);
	snprintf(nonce, 256, "%s", text_of(w, "nonce"));
	snprintf(w->kid, sizeof(w->kid), "%s", text_of(w, "verifier_kid"));
}

struct plan plan_genuine(struct world *w, const struct host *h)
{
	struct plan p = {.of = h, .signer = h, .quote = quote_genuine};

	fresh_nonce(w, h, p.nonce);
	cairn_buf_add(&p.boot_log, cairn_buf_span(&w->sim.boot_log));
	cairn_buf_add(&p.launch_log, cairn_buf_span(&h->launch_log));
	memcpy(p.boot_id, w->sim.boot_id, sizeof(p.boot_id));
	return p;
}

json_t *plan_evidence(struct world *w, struct plan *p)
{
	cairn_auto_buf struct cairn_buf quote = {0}, signature = {0};
	struct cairn_quote_binding b = {.verifier_kid = w->kid,
					.nonce = cairn_span_str(p->nonce),
					.boot_log = cairn_buf_span(&p->boot_log),
					.launch_log = cairn_buf_span(&p->launch_log)};
	struct cairn_digest extra;

	memcpy(b.host_id, p->of->id.host_id.bytes, sizeof(b.host_id));
	memcpy(b.boot_id, p->boot_id, sizeof(b.boot_id));
	MUST_OK(cairn_quote_binding(&extra, &b));
	struct cairn_tpm *t = tpmuse_open(&p->signer->tpm);
	p->quote(t, cairn_digest_span(&extra), &quote, &signature);
	cairn_tpm_close(t);
	json_t *doc = json_pack("{s:s,s:i,s:o,s:o,s:s,s:s,s:o,s:o,s:o,s:s%,s:s}", "format", "cairn-evidence",
				"version", 1, "host_id", cairn_json_hex(cairn_span(b.host_id, 32)), "boot_id",
				cairn_json_hex(cairn_span(b.boot_id, 32)), "nonce", p->nonce, "verifier_kid",
				w->kid, "quote", cairn_json_b64(cairn_buf_span(&quote)), "signature",
				cairn_json_b64(cairn_buf_span(&signature)), "boot_log",
				cairn_json_b64(cairn_buf_span(&p->boot_log)), "launch_log",
				p->launch_log.len ? (const char *)p->launch_log.ptr : "", p->launch_log.len,
				"agent_version", "attack");
	cairn_buf_fini(&p->boot_log);
	cairn_buf_fini(&p->launch_log);
	MUST(doc);
	return doc;
}

void plan_send(struct world *w, struct plan *p)
{
	post(w, "/v1/evidence", plan_evidence(w, p));
}

/* ---- hosts ----------------------------------------------------------------------------------------------
 */

void host_record(struct host *h, struct cairn_span record)
{
	static const enum cairn_alg banks[] = {CAIRN_ALG_SHA256, CAIRN_ALG_SHA384};
	cairn_auto_log_entry struct cairn_log_entry e = {0};
	size_t start = h->launch_log.len;

	MUST_OK(cairn_log_line_build(&h->launch_log, h->recnum++, &numbers, record, banks, 2));
	MUST_OK(cairn_log_line_parse(&e, cairn_span(h->launch_log.ptr + start, h->launch_log.len - start - 1),
				     &numbers));
	struct cairn_tpm *t = tpmuse_open(&h->tpm);
	MUST_OK(cairn_tpm_pcr_extend(t, e.pcr, e.digest, e.digest_count));
	cairn_tpm_close(t);
}

static void boot_firmware(const struct world *w, const struct host *h)
{
	struct cairn_tpm *t = tpmuse_open(&h->tpm);
	struct cairn_eventlog log;
	struct cairn_event ev;

	MUST_OK(cairn_eventlog_open(&log, cairn_buf_span(&w->sim.boot_log)));
	struct cairn_eventlog_iter it = cairn_eventlog_iter(&log);
	while (cairn_eventlog_next(&it, &ev)) {
		struct cairn_digest d[2];
		if (ev.type == CAIRN_EV_NO_ACTION)
			continue;
		MUST_OK(cairn_event_digest_get(&d[0], &ev, CAIRN_ALG_SHA256));
		MUST_OK(cairn_event_digest_get(&d[1], &ev, CAIRN_ALG_SHA384));
		MUST_OK(cairn_tpm_pcr_extend(t, ev.pcr, d, 2));
	}
	cairn_tpm_close(t);
}

/* Host and boot record, then what an ordinary boot has: a launch, its end, and the launch again. */
static void boot_records(const struct world *w, struct host *h)
{
	cairn_auto_buf struct cairn_buf host = {0}, boot = {0}, first = {0}, end = {0}, again = {0};
	struct cairn_launch l = sim_launch(&w->sim);
	const struct cairn_exit_record x = {.launch = 2, .name = "netdrv", .reason = "crashed"};

	MUST_OK(cairn_record_host(&host, &w->sim.host));
	MUST_OK(cairn_record_boot(&boot, w->sim.boot_id));
	MUST_OK(cairn_record_launch(&first, &l));
	MUST_OK(cairn_record_exit(&end, &x));
	l.restart = 1;
	MUST_OK(cairn_record_launch(&again, &l));
	host_record(h, cairn_buf_span(&host));
	host_record(h, cairn_buf_span(&boot));
	host_record(h, cairn_buf_span(&first));
	host_record(h, cairn_buf_span(&end));
	host_record(h, cairn_buf_span(&again));
}

static void host_init(const struct world *w, struct host *h, const char *label)
{
	h->label = label;
	MUST(swtpm_start(&h->tpm, "sha256,sha384") == 0);
	struct cairn_tpm *t = tpmuse_open(&h->tpm);
	MUST_OK(cairn_tpm_identity(t, &h->id));
	cairn_tpm_close(t);
	boot_firmware(w, h);
	boot_records(w, h);
}

/* ---- enrolment ------------------------------------------------------------------------------------------
 */

json_t *enrolment(const char *label, struct cairn_span ek_public, struct cairn_span ek_cert,
		  struct cairn_span ak_public)
{
	return json_pack("{s:s,s:o,s:[o],s:o}", "label", label, "ek_public", cairn_json_b64(ek_public),
			 "ek_certs", cairn_json_b64(ek_cert), "ak_public", cairn_json_b64(ak_public));
}

void claim(struct world *w, const char *label, const struct cairn_tpm_identity *ek,
	   const struct cairn_tpm_identity *ak)
{
	post(w, "/v1/enroll",
	     enrolment(label, cairn_buf_span(&ek->ek_public), cairn_buf_span(&ek->ek_cert),
		       cairn_buf_span(&ak->ak_public)));
}

json_t *host_proof(const struct world *w, const struct host *h, const char *label)
{
	cairn_auto_buf struct cairn_buf blob = {0}, secret = {0}, t = {0};
	cairn_auto_secret struct cairn_buf credential = {0};
	uint8_t proof[32];
	unsigned len = sizeof(proof);
	const char *kid = text_of(w, "verifier_kid");

	MUST_OK(cairn_json_get_b64(&blob, w->body, "credential"));
	MUST_OK(cairn_json_get_b64(&secret, w->body, "secret"));
	struct cairn_tpm *tpm = tpmuse_open(&h->tpm);
	MUST_OK(cairn_tpm_activate(tpm, cairn_buf_span(&blob), cairn_buf_span(&secret), &credential));
	cairn_tpm_close(tpm);
	cairn_buf_add(&t, cairn_span("cairn-enroll-v1", 16));
	cairn_buf_add(&t, cairn_span(kid, strlen(kid) + 1));
	cairn_buf_add(&t, cairn_span(label, strlen(label) + 1));
	cairn_buf_add(&t, cairn_digest_span(&h->id.host_id));
	cairn_buf_add(&t, cairn_span(h->id.ak_name.bytes + 2, 32));
	MUST(HMAC(EVP_sha256(), credential.ptr, (int)credential.len, t.ptr, t.len, proof, &len));
	return json_pack("{s:s,s:o}", "session", text_of(w, "session"), "proof",
			 cairn_json_hex(cairn_span(proof, sizeof(proof))));
}

static void enrol(struct world *w, const struct host *h)
{
	claim(w, h->label, &h->id, &h->id);
	MUST(w->code == 200);
	post(w, "/v1/enroll/proof", host_proof(w, h, h->label));
	MUST(w->code == 200);
}

/* ---- the whole ------------------------------------------------------------------------------------------
 */

void world_init(struct world *w)
{
	*w = (struct world){.dir = "/tmp/cairn-attack-XXXXXX", .server = -1};
	MUST(mkdtemp(w->dir));
	sim_init_until(&w->sim, (uint64_t)1 << 40);
	host_init(w, &w->alpha, "alpha");
	host_init(w, &w->beta, "beta");
	host_init(w, &w->gamma, "gamma");
	server_make(w);
	server_start(w);
	push(w, "/v1/manifests", &w->sim.platform);
	push(w, "/v1/manifests", &w->sim.service);
	cairn_auto_buf struct cairn_buf set = {0};

	MUST_OK(release_set(&set, 5, w->sim.authority));
	push(w, "/v1/release-set", &set);
	enrol(w, &w->alpha);
	enrol(w, &w->beta);
}

static void host_fini(struct host *h)
{
	cairn_tpm_identity_fini(&h->id);
	cairn_buf_fini(&h->launch_log);
	swtpm_stop(&h->tpm);
}

void world_fini(struct world *w)
{
	const char *const rm[] = {"rm", "-rf", "--", w->dir, NULL};

	server_stop(w);
	MUST(swtpm_run(&w->alpha.tpm, rm) == 0);
	host_fini(&w->alpha);
	host_fini(&w->beta);
	host_fini(&w->gamma);
	sim_fini(&w->sim);
	json_decref(w->accepted);
	json_decref(w->body);
}
