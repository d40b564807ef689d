/* cairnd's requests and its socket: who may ask for what, what comes back, and that hostile bytes cost a
 * connection. */
#define _GNU_SOURCE
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <cmocka.h>

#include <errno.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "cairn/credential.h"
#include "cairn/quote.h"
#include "relay/agent_client.h"
#include "tests/unit/agent_fixture.h"

static struct agent_fixture f;
static const struct cairn_peer root = {.uid = 0, .root = true};
static const struct cairn_peer relay = {.uid = 990, .relay = true};
static const struct cairn_peer other = {.uid = 1000};

static int group_setup(void **state)
{
	(void)state;
	return fixture_init(&f, "sha256,sha384");
}

static int group_teardown(void **state)
{
	(void)state;
	fixture_fini(&f);
	return 0;
}

static int setup(void **state)
{
	(void)state;
	return fixture_boot(&f);
}

static int teardown(void **state)
{
	(void)state;
	fixture_stop(&f);
	return 0;
}

static json_t *ask_text(const struct cairn_peer *peer, struct cairn_span text)
{
	cairn_auto_buf struct cairn_buf out = {0};
	json_t *answer = NULL;

	assert_int_equal(cairn_agent_answer(f.agent, peer, text, &out), CAIRN_OK);
	assert_int_equal(cairn_json_parse(&answer, cairn_buf_span(&out)), CAIRN_OK);
	return answer;
}

/* Takes the request's reference. */
static json_t *ask(const struct cairn_peer *peer, json_t *request)
{
	cairn_auto_buf struct cairn_buf text = {0};

	assert_int_equal(cairn_json_dump(&text, request), CAIRN_OK);
	json_decref(request);
	return ask_text(peer, cairn_buf_span(&text));
}

static const char *str(const json_t *v, const char *member)
{
	const char *s = json_string_value(json_object_get(v, member));

	return s ? s : "(none)";
}

static void assert_status(json_t *answer, enum cairn_status want)
{
	cairn_auto_buf struct cairn_buf why = {0};
	enum cairn_status st = cairn_agent_verdict(answer, &why);

	if (st != want)
		fail_msg("expected %s, got %s: %s", cairn_status_name(want), cairn_status_name(st),
			 str(answer, "error"));
	if (st != CAIRN_OK)
		assert_int_equal(json_integer_value(json_object_get(answer, "exit")), cairn_status_exit(st));
	json_decref(answer);
}

/* ---- the table ---------------------------------------------------------------------------------------- */

static void test_permissions(void **state)
{
	static const char *const all[] = {"status", "log",  "chain", "identity", "activate", "attest",
					  "launch", "stop", "phase", "seal",	 "unseal"};

	(void)state;
	for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++) {
		bool root_only = i >= 6;
		cairn_auto_json json_t *a = ask(&relay, json_pack("{s:s}", "op", all[i]));

		assert_int_equal(strcmp(str(a, "status"), "denied") == 0, root_only);
		assert_status(ask(&other, json_pack("{s:s}", "op", all[i])), CAIRN_E_DENIED);
	}
	assert_int_equal(f.agent->log.records, 2);
}

static void test_bad_requests(void **state)
{
	(void)state;
	assert_status(ask_text(&root, cairn_span_str("")), CAIRN_E_MALFORMED);
	assert_status(ask_text(&root, cairn_span_str("{\"op\":\"status\"} x")), CAIRN_E_MALFORMED);
	assert_status(ask_text(&root, cairn_span_str("{\"op\":\"status\",\"op\":\"log\"}")),
		      CAIRN_E_MALFORMED);
	assert_status(ask_text(&root, cairn_span_str("[]")), CAIRN_E_MALFORMED);
	assert_status(ask_text(&root, cairn_span_str("{\"op\":1}")), CAIRN_E_MALFORMED);
	assert_status(ask(&root, json_pack("{s:s}", "op", "format-disk")), CAIRN_E_UNSUPPORTED);
	assert_status(ask(&root, json_pack("{s:s,s:i}", "op", "status", "x", 1)), CAIRN_E_UNSUPPORTED);
	assert_status(ask(&root, json_pack("{s:s}", "op", "launch")), CAIRN_E_MALFORMED);
	assert_status(ask(&root, json_pack("{s:s,s:s}", "op", "launch", "config", "x.cfg")), CAIRN_E_USAGE);
	assert_status(ask(&root, json_pack("{s:s,s:s,s:i}", "op", "launch", "config", "/x", "timeout_s", 0)),
		      CAIRN_E_USAGE);
	assert_status(ask(&root, json_pack("{s:s,s:s}", "op", "stop", "name", "nobody")), CAIRN_E_NOTFOUND);
	assert_status(ask(&root, json_pack("{s:s,s:s}", "op", "phase", "phase", "Some Thing")),
		      CAIRN_E_MALFORMED);
	assert_status(
	    ask(&relay, json_pack("{s:s,s:s,s:s}", "op", "attest", "nonce", "", "verifier_kid", "k")),
	    CAIRN_E_USAGE);
	assert_int_equal(f.agent->log.records, 2);
}

static void test_status(void **state)
{
	(void)state;
	cairn_auto_json json_t *a = ask(&relay, json_pack("{s:s}", "op", "status"));

	assert_string_equal(str(a, "state"), "ok");
	assert_string_equal(str(a, "version"), CAIRN_VERSION);
	assert_int_equal(strlen(str(a, "boot_id")), 64);
	assert_int_equal(json_array_size(json_object_get(json_object_get(a, "tpm"), "banks")), 2);
	assert_int_equal(json_array_size(json_object_get(a, "domains")), 0);
	assert_int_equal(json_integer_value(json_object_get(json_object_get(a, "pcrs"), "launch")), 12);
}

static void test_launch_and_stop(void **state)
{
	const char *config = fixture_config(&f, "guest1", "");

	(void)state;
	cairn_auto_json json_t *a = ask(&root, json_pack("{s:s,s:s}", "op", "launch", "config", config));

	assert_true(json_is_true(json_object_get(a, "ok")));
	assert_string_equal(str(a, "name"), "guest1");
	assert_int_equal(json_integer_value(json_object_get(a, "recnum")), 2);
	assert_int_equal(json_integer_value(json_object_get(a, "domid")), 1);
	cairn_auto_json json_t *s = ask(&relay, json_pack("{s:s}", "op", "status"));
	json_t *d = json_array_get(json_object_get(s, "domains"), 0);

	assert_string_equal(str(d, "name"), "guest1");
	assert_string_equal(str(d, "state"), "running");
	assert_status(ask(&root, json_pack("{s:s,s:s}", "op", "stop", "name", "guest1")), CAIRN_OK);
	assert_int_equal(f.fake.count, 0);
	config = fixture_config(&f, "netdrv", "driver_domain = 1\n");
	cairn_auto_json json_t *r = ask(&root, json_pack("{s:s,s:s}", "op", "launch", "config", config));

	assert_string_equal(str(r, "status"), "denied");
	assert_int_equal(json_integer_value(json_object_get(r, "exit")), 1);
	assert_int_equal(json_integer_value(json_object_get(r, "recnum")), 4);
	assert_string_equal(str(json_array_get(json_object_get(r, "reasons"), 0), "code"), "no-manifest");
	cairn_auto_json json_t *log = ask(&relay, json_pack("{s:s}", "op", "log"));
	struct cairn_log_summary sum;

	assert_int_equal(cairn_log_replay(&sum, cairn_span_str(str(log, "log")), &f.conf.pcrs), CAIRN_OK);
	assert_int_equal(sum.records, 5);
}

static void test_phase(void **state)
{
	(void)state;
	assert_status(ask(&root, json_pack("{s:s,s:s}", "op", "phase", "phase", "none")), CAIRN_OK);
	assert_status(ask(&root, json_pack("{s:s,s:s}", "op", "phase", "phase", "none")), CAIRN_E_EXISTS);
	assert_status(ask(&root, json_pack("{s:s,s:s}", "op", "phase", "phase", "00ff")), CAIRN_E_EXISTS);
	assert_status(ask(&root, json_pack("{s:s,s:s}", "op", "phase", "phase", "failed")), CAIRN_OK);
	assert_status(ask(&root, json_pack("{s:s,s:s}", "op", "phase", "phase", "failed")), CAIRN_E_EXISTS);
	fixture_assert_replays(&f);
	fixture_stop(&f);
	assert_int_equal(fixture_start(&f), 0);
	assert_string_equal(f.agent->phase, "failed");
}

/* More than a frame holds is said, not answered by hanging up. */
static void test_too_much(void **state)
{
	static char many[1 << 20];
	FILE *log = fopen(f.conf.log, "a");

	(void)state;
	memset(many, 'x', sizeof(many));
	for (unsigned i = 0; i < 9; i++)
		assert_int_equal(fwrite(many, 1, sizeof(many), log), sizeof(many));
	assert_int_equal(fclose(log), 0);
	assert_status(ask(&relay, json_pack("{s:s}", "op", "log")), CAIRN_E_LIMIT);
	assert_status(ask(&relay, json_pack("{s:s}", "op", "chain")), CAIRN_E_LIMIT);
	assert_status(ask(&relay, json_pack("{s:s}", "op", "status")), CAIRN_OK);
}

/* ---- identity and evidence ---------------------------------------------------------------------------- */

static json_t *identity(struct cairn_ekpub *ek, struct cairn_akpub *ak)
{
	cairn_auto_buf struct cairn_buf b = {0};
	json_t *id = ask(&relay, json_pack("{s:s}", "op", "identity"));

	assert_int_equal(cairn_json_get_b64(&b, id, "ek_public"), CAIRN_OK);
	assert_int_equal(cairn_ekpub_parse(ek, cairn_buf_span(&b)), CAIRN_OK);
	b.len = 0;
	assert_int_equal(cairn_json_get_b64(&b, id, "ak_public"), CAIRN_OK);
	assert_int_equal(cairn_akpub_parse(ak, cairn_buf_span(&b)), CAIRN_OK);
	assert_string_equal(str(id, "host_id"), cairn_digest_hex(&ek->host_id).text);
	assert_int_equal(json_array_size(json_object_get(id, "ek_certs")), 1);
	return id;
}

/* The verifier's side of an enrolment, by hand: the proof is an HMAC over label, key and both identities. */
static void test_activate(void **state)
{
	static const char fixed[] = "cairn-enroll-v1\0kid-1\0host one";
	struct cairn_ekpub ek;
	struct cairn_akpub ak;
	cairn_auto_json json_t *id = identity(&ek, &ak);
	cairn_auto_buf struct cairn_buf object = {0}, secret = {0}, message = {0}, mac_hex = {0};
	uint8_t mac[32];
	unsigned len = 0;

	(void)state;
	assert_int_equal(
	    cairn_credential_make(&object, &secret, &ek, &ak.name, cairn_span("0123456789abcdef", 16)),
	    CAIRN_OK);
	cairn_auto_json json_t *a =
	    ask(&relay, json_pack("{s:s,s:o,s:o,s:s,s:s}", "op", "activate", "credential",
				  cairn_json_b64(cairn_buf_span(&object)), "secret",
				  cairn_json_b64(cairn_buf_span(&secret)), "label", "host one",
				  "verifier_kid", "kid-1"));

	cairn_buf_add(&message, cairn_span(fixed, sizeof(fixed)));
	cairn_buf_add(&message, cairn_digest_span(&ek.host_id));
	cairn_buf_add(&message, cairn_span(ak.name.bytes + 2, 32));
	assert_non_null(HMAC(EVP_sha256(), "0123456789abcdef", 16, message.ptr, message.len, mac, &len));
	cairn_hex_encode(&mac_hex, cairn_span(mac, len));
	assert_string_equal(str(a, "proof"), cairn_buf_str(&mac_hex));
	/* For another AK it opens nothing. */
	struct cairn_name wrong = ak.name;

	wrong.bytes[9] ^= 1;
	object.len = secret.len = 0;
	assert_int_equal(
	    cairn_credential_make(&object, &secret, &ek, &wrong, cairn_span("0123456789abcdef", 16)),
	    CAIRN_OK);
	cairn_auto_json json_t *no =
	    ask(&relay, json_pack("{s:s,s:o,s:o,s:s,s:s}", "op", "activate", "credential",
				  cairn_json_b64(cairn_buf_span(&object)), "secret",
				  cairn_json_b64(cairn_buf_span(&secret)), "label", "host one",
				  "verifier_kid", "kid-1"));

	assert_true(json_is_false(json_object_get(no, "ok")));
	assert_null(json_object_get(no, "proof"));
}

static void check_evidence(const json_t *e, const struct cairn_akpub *akpub, const char *boot_log)
{
	struct cairn_ak ak;
	struct cairn_qualified_name signer;
	struct cairn_digest extra;
	struct cairn_quote *quote = NULL;
	const char *failed = "";
	cairn_auto_buf struct cairn_buf attest = {0}, signature = {0}, log = {0};
	struct cairn_quote_binding b = {.verifier_kid = "kid-1",
					.nonce = cairn_span_str("nonce-1"),
					.launch_log = cairn_span_str(str(e, "launch_log"))};

	assert_int_equal(cairn_json_get_b64(&attest, e, "quote"), CAIRN_OK);
	assert_int_equal(cairn_json_get_b64(&signature, e, "signature"), CAIRN_OK);
	assert_int_equal(cairn_json_get_b64(&log, e, "boot_log"), CAIRN_OK);
	assert_true(cairn_span_equal(cairn_buf_span(&log), cairn_span_str(boot_log)));
	b.boot_log = cairn_buf_span(&log);
	assert_int_equal(cairn_json_get_hex(b.host_id, 32, e, "host_id"), CAIRN_OK);
	assert_int_equal(cairn_json_get_hex(b.boot_id, 32, e, "boot_id"), CAIRN_OK);
	assert_int_equal(cairn_quote_binding(&extra, &b), CAIRN_OK);
	cairn_ak_of_akpub(&ak, akpub);
	assert_int_equal(cairn_ak_qualified_name(&signer, &ak), CAIRN_OK);
	struct cairn_log_summary sum;

	assert_int_equal(cairn_log_replay(&sum, b.launch_log, &f.conf.pcrs), CAIRN_OK);
	struct cairn_quote_expected want = {.ak = &ak,
					    .qualified_signer = cairn_span(signer.bytes, signer.len),
					    .extra_data = cairn_digest_span(&extra),
					    .selection = 0x3ff | 7u << 11,
					    .bank = cairn_pcrs_bank(&sum.replay, CAIRN_ALG_SHA256)};
	/* PCRs 0 to 9 of this TPM are zero, as in the replay. */
	cairn_pcrs_bank(&sum.replay, CAIRN_ALG_SHA256)->extended |= 0x3ff | 7u << 11;
	enum cairn_status st =
	    cairn_quote_check(&quote, &want, cairn_buf_span(&attest), cairn_buf_span(&signature), &failed);

	if (st != CAIRN_OK)
		fail_msg("%s: %s", cairn_status_name(st), failed);
	cairn_quote_free(quote);
}

static void test_attest(void **state)
{
	struct cairn_ekpub ek;
	struct cairn_akpub ak;
	cairn_auto_json json_t *id = identity(&ek, &ak);

	(void)state;
	assert_status(
	    ask(&root, json_pack("{s:s,s:s}", "op", "launch", "config", fixture_config(&f, "guest1", ""))),
	    CAIRN_OK);
	json_t *ask_for =
	    json_pack("{s:s,s:s,s:s}", "op", "attest", "nonce", "nonce-1", "verifier_kid", "kid-1");
	cairn_auto_json json_t *a = ask(&relay, json_incref(ask_for));

	check_evidence(json_object_get(a, "evidence"), &ak, "");
	fixture_file(&f, "boot.log", "anything");
	cairn_auto_json json_t *b = ask(&relay, json_incref(ask_for));

	check_evidence(json_object_get(b, "evidence"), &ak, "anything");
	/* A log that somebody made unreadable is not hidden: evidence goes out without it, and cannot replay.
	 */
	assert_int_equal(pwrite(f.agent->log.fd, "\xff", 1, 0), 1);
	cairn_auto_json json_t *c = ask(&relay, ask_for);

	assert_true(json_is_true(json_object_get(c, "ok")));
	char path[160];

	snprintf(path, sizeof(path), "%s/boot.log", f.dir);
	unlink(path);
}

static void test_chain(void **state)
{
	(void)state;
	cairn_auto_json json_t *a = ask(&relay, json_pack("{s:s}", "op", "chain"));
	json_t *banks = json_object_get(a, "pcrs");

	assert_int_equal(json_object_size(banks), 2);
	assert_int_equal(json_object_size(json_object_get(banks, "sha256")), 24);
	assert_int_equal(strlen(str(json_object_get(banks, "sha384"), "11")), 96);
	assert_non_null(strstr(str(a, "boot_log_status"), "missing"));
	assert_non_null(strstr(str(a, "launch_log"), "cairn-record"));
}

/* ---- the socket --------------------------------------------------------------------------------------- */

static volatile int running;

static void on_child(int number)
{
	(void)number;
	running = 0;
}

static int connect_raw(void)
{
	struct sockaddr_un a = {.sun_family = AF_UNIX};
	struct timeval patience = {.tv_sec = 10};
	int fd = socket(AF_UNIX, SOCK_STREAM, 0);

	snprintf(a.sun_path, sizeof(a.sun_path), "%s", f.conf.socket);
	setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience));
	return connect(fd, (const struct sockaddr *)&a, sizeof(a)) == 0 ? fd : -1;
}

/* 0: closed without an answer; else the length of what came. */
static ssize_t send_raw(const void *bytes, size_t len)
{
	uint8_t got[4096];
	int fd = connect_raw();
	ssize_t n = -1;

	if (fd >= 0 && send(fd, bytes, len, MSG_NOSIGNAL) == (ssize_t)len)
		n = recv(fd, got, sizeof(got), 0);
	if (n < 0 && errno == ECONNRESET) /* closed with bytes of ours unread */
		n = 0;
	close(fd);
	return n;
}

static bool call_ok(void)
{
	cairn_auto_json json_t *request = json_pack("{s:s}", "op", "status");
	cairn_auto_json json_t *answer = NULL;
	cairn_auto_buf struct cairn_buf why = {0};

	return cairn_agent_call(&answer, f.conf.socket, request, 10000, &why) == CAIRN_OK &&
	       cairn_agent_verdict(answer, &why) == CAIRN_OK;
}

/* A request byte by byte, and two on one connection. */
static bool slow_ok(void)
{
	static const char frame[] = "\0\0\0\x0f{\"op\":\"status\"}";
	uint8_t got[8192];
	int fd = connect_raw();

	for (unsigned round = 0; round < 2; round++) {
		for (size_t i = 0; i < sizeof(frame) - 1; i++)
			if (send(fd, frame + i, 1, MSG_NOSIGNAL) != 1)
				return false;
		if (recv(fd, got, 4, MSG_WAITALL) != 4)
			return false;
		size_t len = (size_t)got[2] << 8 | got[3];

		if (recv(fd, got, len, MSG_WAITALL) != (ssize_t)len)
			return false;
	}
	close(fd);
	return true;
}

/* Exits with the number of the first thing that was not as it should be. */
static int client(void)
{
	int held[24];

	if (!call_ok())
		return 1;
	if (send_raw("\xff\xff\xff\xff{", 5) != 0)
		return 2;
	if (send_raw("\0\x10\0\1", 4) != 0) /* one byte over the limit */
		return 3;
	if (send_raw("\0\0\0\2{}", 6) <= 4)
		return 4;
	if (send_raw("\0\0\0\0", 4) <= 4)
		return 5;
	if (!slow_ok())
		return 6;
	for (unsigned i = 0; i < 24; i++)
		held[i] = connect_raw(); /* more than there are slots, all silent */
	for (unsigned i = 0; i < 24; i++)
		close(held[i]);
	return call_ok() ? 0 : 7;
}

static void test_socket(void **state)
{
	cairn_auto_buf struct cairn_buf why = {0};
	struct sigaction end = {.sa_handler = on_child, .sa_flags = SA_NOCLDSTOP};
	int fd = -1, second = -1, status = 0;

	(void)state;
	assert_int_equal(cairn_agent_listen(&fd, f.conf.socket, 0, &why), CAIRN_OK);
	assert_int_equal(cairn_agent_listen(&second, f.conf.socket, 0, &why), CAIRN_E_EXISTS);
	running = 1;
	sigaction(SIGCHLD, &end, NULL);
	pid_t pid = fork();

	assert_true(pid >= 0);
	if (pid == 0) {
		alarm(60);
		_exit(client());
	}
	assert_int_equal(cairn_agent_serve(f.agent, fd, CAIRN_NOBODY, &running), CAIRN_OK);
	close(fd);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	signal(SIGCHLD, SIG_DFL);
	assert_true(WIFEXITED(status));
	assert_int_equal(WEXITSTATUS(status), 0);
	/* The file of a cairnd that died is replaced. */
	assert_int_equal(cairn_agent_listen(&fd, f.conf.socket, 0, &why), CAIRN_OK);
	close(fd);
	unlink(f.conf.socket);
}

static void test_not_running(void **state)
{
	cairn_auto_json json_t *request = json_pack("{s:s}", "op", "status");
	cairn_auto_buf struct cairn_buf why = {0};
	json_t *answer = NULL;
	int fd = -1;

	(void)state;
	assert_int_equal(cairn_agent_call(&answer, f.conf.socket, request, 1000, &why), CAIRN_E_NET);
	assert_non_null(strstr(cairn_buf_str(&why), "is cairnd running"));
	/* One that listens but does not answer. */
	assert_int_equal(cairn_agent_listen(&fd, f.conf.socket, 0, &why), CAIRN_OK);
	assert_int_equal(cairn_agent_call(&answer, f.conf.socket, request, 200, &why), CAIRN_E_TIMEOUT);
	close(fd);
	unlink(f.conf.socket);
	assert_null(answer);
}

#define T(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
	    T(test_permissions), T(test_bad_requests), T(test_status),	    T(test_launch_and_stop),
	    T(test_phase),	 T(test_activate),     T(test_attest),	    T(test_chain),
	    T(test_too_much),	 T(test_socket),       T(test_not_running),
	};

	return cmocka_run_group_tests(tests, group_setup, group_teardown);
}
