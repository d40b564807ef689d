/* The launch log against a software TPM: every way a crash, a full disk or a hand can leave it. */
#define _GNU_SOURCE
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <cmocka.h>

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <signal.h>
#include <unistd.h>

#include "agent/log.h"
#include "tests/unit/swtpm_fixture.h"

static const struct cairn_pcr_numbers pcrs = CAIRN_PCR_NUMBERS_DEFAULT;
static struct swtpm swtpm;
static struct cairn_tpm *tpm;
static char dir[] = "/tmp/cairn-agentlog.XXXXXX";
static char path[64], torn[80];
static char notice[512];

static void open_tpm(void)
{
	struct cairn_tpm_why why;

	assert_int_equal(cairn_tpm_open(&tpm, swtpm.tcti, &why), CAIRN_OK);
}

static int group_setup(void **state)
{
	(void)state;
	if (!mkdtemp(dir) || swtpm_start_bare(&swtpm) != 0)
		return -1;
	snprintf(path, sizeof(path), "%s/launch.log", dir);
	snprintf(torn, sizeof(torn), "%s/launch.log.torn-1", dir);
	return 0;
}

static int group_teardown(void **state)
{
	(void)state;
	swtpm_stop(&swtpm);
	return rmdir(dir);
}

/* Each test begins with a boot and no log. */
static int setup(void **state)
{
	(void)state;
	unlink(path);
	unlink(torn);
	if (swtpm_reboot(&swtpm) != 0)
		return -1;
	open_tpm();
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	cairn_tpm_close(tpm);
	unlink(path);
	unlink(torn);
	return 0;
}

static enum cairn_status seen(void *self, const struct cairn_log_entry *e)
{
	unsigned *count = self;

	assert_int_equal(e->recnum, *count);
	(*count)++;
	return CAIRN_OK;
}

static unsigned open_log(struct cairn_agent_log *l)
{
	cairn_auto_buf struct cairn_buf b = {0};
	unsigned count = 0;

	assert_int_equal(cairn_agent_log_open(l, path, tpm, &pcrs, seen, &count, &b), CAIRN_OK);
	const char *text = cairn_buf_str(&b);

	snprintf(notice, sizeof(notice), "%s", text ? text : "");
	return count;
}

static void host_record(struct cairn_buf *out)
{
	const struct cairn_tpm_banks *banks = cairn_tpm_banks(tpm);
	struct cairn_host h = {.build_id = "00",
			       .xen_cmdline = "",
			       .dom0_cmdline = "",
			       .mode_service = "enforce",
			       .mode_guest = "record",
			       .pcrs = pcrs,
			       .bank_count = banks->count};

	memcpy(h.bank, banks->alg, sizeof(h.bank[0]) * banks->count);
	assert_int_equal(cairn_record_host(out, &h), CAIRN_OK);
}

static enum cairn_status append_text(struct cairn_agent_log *l, const char *phase)
{
	cairn_auto_buf struct cairn_buf b = {0};

	assert_int_equal(cairn_record_phase(&b, phase), CAIRN_OK);
	return cairn_agent_log_append(l, cairn_buf_span(&b), NULL);
}

/* host, boot and two phases: four records. */
static void fill(struct cairn_agent_log *l)
{
	static const uint8_t boot_id[32] = {1, 2, 3};
	cairn_auto_buf struct cairn_buf h = {0};
	cairn_auto_buf struct cairn_buf b = {0};
	uint64_t recnum = 99;

	assert_int_equal(open_log(l), 0);
	assert_int_equal(l->state, CAIRN_LOG_EMPTY);
	host_record(&h);
	assert_int_equal(cairn_record_boot(&b, boot_id), CAIRN_OK);
	assert_int_equal(cairn_agent_log_append(l, cairn_buf_span(&h), &recnum), CAIRN_OK);
	assert_int_equal(recnum, 0);
	assert_int_equal(cairn_agent_log_append(l, cairn_buf_span(&b), &recnum), CAIRN_OK);
	assert_int_equal(recnum, 1);
	assert_int_equal(append_text(l, "none"), CAIRN_OK);
	assert_int_equal(append_text(l, "failed"), CAIRN_OK);
}

static struct cairn_digest pcr_now(unsigned i)
{
	struct cairn_bank b;

	assert_int_equal(cairn_tpm_pcr_read(tpm, CAIRN_ALG_SHA256, 1u << i, &b), CAIRN_OK);
	return b.pcr[i];
}

/* The TPM is where a replay of the file says it should be, in every bank. */
static void assert_replays(void)
{
	cairn_auto_buf struct cairn_buf text = {0};
	struct cairn_log_summary sum;
	struct cairn_pcrs now;

	assert_int_equal(cairn_file_read(&text, path, 1 << 20), CAIRN_OK);
	assert_int_equal(cairn_log_replay(&sum, cairn_buf_span(&text), &pcrs), CAIRN_OK);
	assert_int_equal(cairn_tpm_pcrs_read(tpm, 7u << 11, &now), CAIRN_OK);
	assert_int_equal(now.count, sum.replay.count);
	for (size_t b = 0; b < now.count; b++)
		for (unsigned i = 11; i <= 13; i++)
			assert_true(cairn_digest_equal(
			    &now.bank[b].pcr[i], &cairn_pcrs_bank(&sum.replay, now.bank[b].alg)->pcr[i]));
}

static void test_continues(void **state)
{
	struct cairn_agent_log l, second;
	cairn_auto_buf struct cairn_buf b = {0};

	(void)state;
	fill(&l);
	assert_replays();
	assert_int_equal(cairn_agent_log_open(&second, path, tpm, &pcrs, NULL, NULL, &b), CAIRN_E_EXISTS);
	cairn_agent_log_close(&l);
	assert_int_equal(open_log(&l), 4);
	assert_string_equal(notice, "");
	assert_int_equal(l.state, CAIRN_LOG_GOOD);
	assert_int_equal(l.boot_id[2], 3);
	assert_int_equal(append_text(&l, "00"), CAIRN_OK);
	assert_int_equal(l.records, 5);
	assert_replays();
	cairn_agent_log_close(&l);
}

/* Killed between write and extend: the record is on file, the PCR does not have it. */
static void test_completes_extend(void **state)
{
	struct cairn_agent_log l;
	cairn_auto_buf struct cairn_buf record = {0};
	cairn_auto_buf struct cairn_buf line = {0};
	const struct cairn_tpm_banks *banks = cairn_tpm_banks(tpm);

	(void)state;
	fill(&l);
	assert_int_equal(cairn_record_phase(&record, "0123"), CAIRN_OK);
	assert_int_equal(
	    cairn_log_line_build(&line, 4, &pcrs, cairn_buf_span(&record), banks->alg, banks->count),
	    CAIRN_OK);
	assert_int_equal(write(l.fd, line.ptr, line.len), line.len);
	cairn_agent_log_close(&l);
	assert_int_equal(open_log(&l), 5);
	assert_non_null(strstr(notice, "record 4"));
	assert_int_equal(l.state, CAIRN_LOG_GOOD);
	assert_replays();
	cairn_agent_log_close(&l);
}

static void test_torn_tail(void **state)
{
	struct cairn_agent_log l;
	struct stat st;

	(void)state;
	fill(&l);
	uint64_t size = l.size;

	assert_int_equal(write(l.fd, "{\"content\":{\"rec", 16), 16);
	cairn_agent_log_close(&l);
	assert_int_equal(open_log(&l), 4);
	assert_non_null(strstr(notice, "torn"));
	assert_int_equal(l.state, CAIRN_LOG_GOOD);
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_size, size);
	assert_int_equal(stat(torn, &st), 0);
	assert_int_equal(st.st_size, 16);
	assert_int_equal(append_text(&l, "00"), CAIRN_OK);
	assert_replays();
	cairn_agent_log_close(&l);
}

static void assert_diverged(void)
{
	struct cairn_agent_log l;
	struct cairn_digest before = pcr_now(12);

	open_log(&l);
	assert_int_equal(l.state, CAIRN_LOG_DIVERGED);
	assert_int_equal(append_text(&l, "none"), CAIRN_E_DIVERGED);
	struct cairn_digest host = pcr_now(11), after = pcr_now(12);

	assert_true(cairn_digest_equal(&before, &after));
	assert_int_equal(cairn_agent_log_condemn(&l, "a test"), CAIRN_OK);
	after = pcr_now(11);
	assert_false(cairn_digest_equal(&host, &after));
	cairn_agent_log_close(&l);
}

/* Truncated in the middle of an extended line: no crash of cairnd does that. */
static void test_truncated(void **state)
{
	struct cairn_agent_log l;

	(void)state;
	fill(&l);
	assert_int_equal(ftruncate(l.fd, (off_t)l.size - 7), 0);
	cairn_agent_log_close(&l);
	assert_diverged();
}

static void test_last_line_removed(void **state)
{
	struct cairn_agent_log l;
	uint64_t before;

	(void)state;
	fill(&l);
	before = l.size;
	assert_int_equal(append_text(&l, "00"), CAIRN_OK);
	assert_int_equal(ftruncate(l.fd, (off_t)before), 0);
	cairn_agent_log_close(&l);
	assert_diverged();
}

/* Every digit of the log in turn would take long; each of these lies in another part of a line. */
static void test_digit_changed(void **state)
{
	static const char *const where[] = {"\"digest\":\"", "boot_id", "\"recnum\":", "\"pcr\":1",
					    "enforce"};

	(void)state;
	for (size_t i = 0; i < sizeof(where) / sizeof(where[0]); i++) {
		struct cairn_agent_log l;
		cairn_auto_buf struct cairn_buf text = {0};

		cairn_tpm_close(tpm);
		assert_int_equal(swtpm_reboot(&swtpm), 0);
		open_tpm();
		unlink(path);
		fill(&l);
		cairn_agent_log_close(&l);
		assert_int_equal(cairn_file_read(&text, path, 1 << 20), CAIRN_OK);
		char *at = strstr(cairn_buf_str(&text), where[i]);

		assert_non_null(at);
		at += strlen(where[i]) + (i == 1 ? 6 : 0);
		*at = *at == '5' ? '6' : '5';
		assert_int_equal(cairn_file_write(path, cairn_buf_span(&text), 0600), CAIRN_OK);
		assert_diverged();
	}
}

static void test_foreign(void **state)
{
	struct cairn_agent_log l;
	const struct cairn_tpm_banks *banks = cairn_tpm_banks(tpm);
	struct cairn_digest d[CAIRN_BANK_MAX];

	(void)state;
	for (size_t i = 0; i < banks->count; i++)
		assert_int_equal(cairn_hash(&d[i], banks->alg[i], cairn_span_str("x")), CAIRN_OK);
	assert_int_equal(cairn_tpm_pcr_extend(tpm, 13, d, banks->count), CAIRN_OK);
	assert_int_equal(open_log(&l), 0);
	assert_int_equal(l.state, CAIRN_LOG_FOREIGN);
	cairn_agent_log_close(&l);
}

static void test_log_removed(void **state)
{
	struct cairn_agent_log l;

	(void)state;
	fill(&l);
	cairn_agent_log_close(&l);
	unlink(path);
	assert_int_equal(open_log(&l), 0);
	assert_int_equal(l.state, CAIRN_LOG_FOREIGN);
	cairn_agent_log_close(&l);
}

static void limit_files(rlim_t bytes)
{
	struct rlimit r;

	assert_int_equal(getrlimit(RLIMIT_FSIZE, &r), 0);
	r.rlim_cur = bytes;
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &r), 0);
}

/* No room for a whole line: the log stays as it was, nothing is extended, and it goes on when there is room.
 */
static void test_no_room(void **state)
{
	struct cairn_agent_log l;
	struct stat st;

	(void)state;
	signal(SIGXFSZ, SIG_IGN);
	fill(&l);
	struct cairn_digest before = pcr_now(13);

	limit_files(l.size + 20);
	assert_int_equal(append_text(&l, "00"), CAIRN_E_NOSPACE);
	limit_files(RLIM_INFINITY);
	struct cairn_digest after = pcr_now(13);

	assert_true(cairn_digest_equal(&before, &after));
	assert_int_equal(fstat(l.fd, &st), 0);
	assert_int_equal(st.st_size, l.size);
	assert_int_equal(l.records, 4);
	assert_int_equal(append_text(&l, "00"), CAIRN_OK);
	assert_replays();
	cairn_agent_log_close(&l);
}

/* A device is no log: nothing that is written there is kept. */
static void test_device(void **state)
{
	struct cairn_agent_log l;
	cairn_auto_buf struct cairn_buf b = {0};

	(void)state;
	assert_int_equal(cairn_agent_log_open(&l, "/dev/full", tpm, &pcrs, NULL, NULL, &b),
			 CAIRN_E_UNSUPPORTED);
	assert_int_equal(cairn_agent_log_open(&l, "/nowhere/launch.log", tpm, &pcrs, NULL, NULL, &b),
			 CAIRN_E_IO);
}

#define T(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
	    T(test_continues),	       T(test_completes_extend), T(test_torn_tail), T(test_truncated),
	    T(test_last_line_removed), T(test_digit_changed),	 T(test_foreign),   T(test_log_removed),
	    T(test_no_room),	       T(test_device),
	};

	return cmocka_run_group_tests(tests, group_setup, group_teardown);
}
