/* A host without hardware; see sim_fixture.h. Whatever fails here aborts the test program. */
#define _GNU_SOURCE /* memmem */
#include "tests/unit/sim_fixture.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cairn/bootfacts.h"
#include "cairn/launchlog.h"
#include "tests/unit/records.h"

#define MUST(x)                                                                                              \
	do {                                                                                                 \
		enum cairn_status st_ = (x);                                                                 \
		if (st_) {                                                                                   \
			fprintf(stderr, "%s:%d: %s: %s\n", __FILE__, __LINE__, #x, cairn_status_text(st_));  \
			abort();                                                                             \
		}                                                                                            \
	} while (0)

static const struct cairn_pcr_numbers numbers = CAIRN_PCR_NUMBERS_DEFAULT;
static const enum cairn_alg banks[] = {CAIRN_ALG_SHA256, CAIRN_ALG_SHA384};

/* ---- logs
 * -----------------------------------------------------------------------------------------------------------
 */

static void zero_cairn_pcrs(struct sim *s)
{
	for (unsigned i = 11; i <= 13; i++)
		memset(s->bank.pcr[i].bytes, 0, sizeof s->bank.pcr[i].bytes);
}

static void extend(struct sim *s, unsigned pcr, const struct cairn_digest *d)
{
	struct cairn_pcrs one = {.count = 1, .bank = {s->bank}};
	MUST(cairn_pcrs_extend(&one, pcr, d));
	s->bank = one.bank[0];
}

void sim_record(struct sim *s, struct cairn_span record)
{
	struct cairn_log_entry e = {0};
	size_t start = s->launch_log.len;
	MUST(cairn_log_line_build(&s->launch_log, s->recnum++, &numbers, record, banks, 2));
	MUST(cairn_log_line_parse(&e, cairn_span(s->launch_log.ptr + start, s->launch_log.len - start - 1),
				  &numbers));
	for (size_t i = 0; i < e.digest_count; i++)
		if (e.digest[i].alg == CAIRN_ALG_SHA256)
			extend(s, e.pcr, &e.digest[i]);
	cairn_log_entry_fini(&e);
}

void sim_restart(struct sim *s)
{
	cairn_auto_buf struct cairn_buf host = {0};
	cairn_auto_buf struct cairn_buf boot = {0};
	zero_cairn_pcrs(s);
	s->launch_log.len = 0;
	s->recnum = 0;
	MUST(cairn_record_host(&host, &s->host));
	MUST(cairn_record_boot(&boot, s->boot_id));
	sim_record(s, cairn_buf_span(&host));
	sim_record(s, cairn_buf_span(&boot));
}

void sim_replay(struct sim *s)
{
	struct cairn_eventlog log;
	struct cairn_replay r;
	MUST(cairn_eventlog_open(&log, cairn_buf_span(&s->boot_log)));
	MUST(cairn_eventlog_replay(&r, &log));
	const struct cairn_bank *b = cairn_pcrs_bank_const(&r.pcrs, CAIRN_ALG_SHA256);
	for (unsigned i = 0; i < 10; i++)
		s->bank.pcr[i] = b->pcr[i];
}

static bool holds(struct cairn_span text, const char *part)
{
	return memmem(text.ptr, text.len, part, strlen(part)) != NULL;
}

void sim_swap_file(struct sim *s, const char *path)
{
	struct cairn_eventlog log;
	struct cairn_event ev;
	struct cairn_span text;
	MUST(cairn_eventlog_open(&log, cairn_buf_span(&s->boot_log)));
	struct cairn_eventlog_iter it = cairn_eventlog_iter(&log);
	while (cairn_eventlog_next(&it, &ev)) {
		const struct cairn_event_digest *d = cairn_event_digest_of(&ev, CAIRN_ALG_SHA256);
		if (cairn_event_grub_text(&text, &ev) == CAIRN_GRUB_FILE && holds(text, path))
			s->boot_log.ptr[d->value.ptr - s->boot_log.ptr] ^= 1;
	}
	sim_replay(s);
}

/* ---- manifests
 * -------------------------------------------------------------------------------------------------------- */

static const char *component(const struct cairn_event *ev, struct cairn_span text)
{
	switch (cairn_event_grub_text(&text, ev)) {
	case CAIRN_GRUB_COMMAND:
		return "grub-cmd";
	case CAIRN_GRUB_KERNEL:
		return "xen-cmdline";
	case CAIRN_GRUB_MODULE:
		return "dom0-cmdline";
	case CAIRN_GRUB_FILE:
		if (holds(text, "/xen"))
			return "xen";
		if (holds(text, "/vmlinuz"))
			return "dom0-kernel";
		return holds(text, "/dom0.img") ? "dom0-initrd" : "grub-file";
	case CAIRN_GRUB_NONE:
		break;
	}
	return "efi-cairn";
}

static void platform_events(struct cairn_manifest *m, const struct cairn_eventlog *log)
{
	struct cairn_eventlog_iter it = cairn_eventlog_iter(log);
	struct cairn_event ev;
	while (cairn_eventlog_next(&it, &ev)) {
		struct cairn_span text = {0};
		if (ev.type == CAIRN_EV_NO_ACTION || (ev.pcr != 4 && ev.pcr != 8 && ev.pcr != 9))
			continue;
		struct cairn_manifest_event e = {.pcr = ev.pcr, .text = ""};
		cairn_event_grub_text(&text, &ev);
		e.component = component(&ev, text);
		MUST(cairn_event_digest_get(&e.sha256, &ev, CAIRN_ALG_SHA256));
		MUST(cairn_event_digest_get(&e.sha384, &ev, CAIRN_ALG_SHA384));
		MUST(cairn_manifest_add_event(m, &e));
	}
}

static void sign(struct sim *s, struct cairn_manifest *m, struct cairn_buf *jws,
		 struct cairn_manifest *loaded)
{
	MUST(cairn_manifest_sign(jws, m, s->authority));
	MUST(cairn_manifest_load(loaded, cairn_buf_span(jws), s->authorities));
}

static void make_platform(struct sim *s, const struct cairn_eventlog *log)
{
	struct cairn_manifest m = {.kind = CAIRN_MANIFEST_PLATFORM,
				   .name = "platform",
				   .release = 7,
				   .not_before = 1000,
				   .not_after = s->until};
	cairn_auto_buf struct cairn_buf record = {0};
	platform_events(&m, log);
	MUST(cairn_record_host(&record, &s->host));
	MUST(cairn_manifest_set_host_record(&m, cairn_buf_span(&record)));
	sign(s, &m, &s->platform, &s->loaded[0]);
	cairn_manifest_fini(&m);
}

static void make_service(struct sim *s)
{
	struct cairn_manifest m = {
	    .kind = CAIRN_MANIFEST_SERVICE,
	    .name = "netdrv",
	    .release = 3,
	    .not_before = 1000,
	    .not_after = s->until,
	    .type = CAIRN_TYPE_PVH,
	    .cmdline = "console=hvc0",
	    .kernel = sample_component("kernel"),
	    .ramdisk = sample_component("ramdisk"),
	    .has_ramdisk = true,
	    .role_count = 1,
	    .role = {"driver.network"},
	    .memory_max_mib = 128,
	    .vcpus_max = 1,
	};
	sign(s, &m, &s->service, &s->loaded[1]);
	cairn_manifest_fini(&m);
}

struct cairn_launch sim_launch(const struct sim *s)
{
	struct cairn_launch l = sample_launch();
	l.cmdline = "console=hvc0";
	l.kernel_file = l.ramdisk_file = NULL;
	l.role_count = 1;
	l.role[0] = "driver.network";
	l.config_count = l.backend_count = 0;
	l.manifest = cairn_manifest_ref(&s->loaded[1]);
	l.restart = 0;
	return l;
}

void sim_record_launch(struct sim *s, const struct cairn_launch *l)
{
	cairn_auto_buf struct cairn_buf b = {0};
	MUST(cairn_record_launch(&b, l));
	sim_record(s, cairn_buf_span(&b));
}

/* ---- the whole
 * ------------------------------------------------------------------------------------------------------------
 */

static void make_host(struct sim *s, const struct cairn_eventlog *log)
{
	struct cairn_boot_facts f;
	MUST(cairn_boot_facts(&f, log, CAIRN_ALG_SHA256));
	if (f.problem != CAIRN_BOOT_OK)
		abort();
	s->host = sample_host();
	s->host.xen = f.xen.digest;
	s->host.kernel = f.kernel.digest;
	s->host.initrd = f.initrd.digest;
	s->host.build_id = "00ff";
	s->host.xen_cmdline = "placeholder";
	s->host.dom0_cmdline = "console=hvc0";
	memcpy(s->host.bank, banks, sizeof banks);
	s->host.authority_count = 1;
	s->host.authority[0] = s->kid;
}

void sim_init(struct sim *s)
{
	sim_init_until(s, SIM_UNTIL);
}

void sim_init_until(struct sim *s, uint64_t until)
{
	struct cairn_pcrs p;
	struct cairn_eventlog log;
	memset(s, 0, sizeof *s);
	s->until = until;
	MUST(cairn_pcrs_init(&p, banks, 1));
	s->bank = p.bank[0];
	memset(s->boot_id, 0x5b, sizeof s->boot_id);
	software_ak_init(&s->ak, "P-256", AK_ECDSA, CAIRN_ALG_SHA256);
	MUST(cairn_key_generate(&s->authority, CAIRN_SIG_ES384));
	MUST(cairn_jwks_new(&s->authorities));
	MUST(cairn_jwks_add(s->authorities, s->authority));
	snprintf(s->kid, sizeof s->kid, "%s", cairn_key_kid(s->authority));
	MUST(
	    cairn_file_read(&s->boot_log, "tests/data/eventlog/xen-grub-swtpm.bin", CAIRN_EVENTLOG_SIZE_MAX));
	MUST(cairn_eventlog_open(&log, cairn_buf_span(&s->boot_log)));
	make_host(s, &log);
	make_platform(s, &log);
	make_service(s);
	sim_replay(s);
	sim_restart(s);
}

void sim_fini(struct sim *s)
{
	cairn_key_free(s->authority);
	cairn_jwks_free(s->authorities);
	cairn_buf_fini(&s->boot_log);
	cairn_buf_fini(&s->launch_log);
	cairn_buf_fini(&s->platform);
	cairn_buf_fini(&s->service);
	cairn_manifest_fini(&s->loaded[0]);
	cairn_manifest_fini(&s->loaded[1]);
	software_ak_fini(&s->ak);
}

struct cairn_quote *sim_quote(struct sim *s)
{
	static const uint8_t extra[32] = {1};
	struct cairn_digest digest;
	cairn_auto_buf struct cairn_buf attest = {0};
	cairn_auto_buf struct cairn_buf signature = {0};
	struct cairn_quote *out = NULL;
	struct cairn_span nonce = cairn_span(extra, sizeof extra);
	struct software_quote q = software_quote(&s->ak, nonce, CAIRN_APPRAISAL_PCRS, &s->bank, &digest);
	software_quote_marshal(&attest, &q);
	software_ak_sign(&signature, &s->ak, cairn_buf_span(&attest));
	struct cairn_quote_expected want = {
	    .ak = &s->ak.ak,
	    .qualified_signer = cairn_span(s->ak.signer.bytes, s->ak.signer.len),
	    .extra_data = nonce,
	    .selection = cairn_selection_of(CAIRN_ALG_SHA256, CAIRN_APPRAISAL_PCRS)};
	MUST(cairn_quote_check(&out, &want, cairn_buf_span(&attest), cairn_buf_span(&signature), NULL));
	return out;
}

enum cairn_status sim_appraise(struct cairn_verdict *out, struct sim *s, uint64_t now)
{
	const struct cairn_manifest *list[] = {&s->loaded[0], &s->loaded[1]};
	struct cairn_quote *q = sim_quote(s);
	struct cairn_appraisal a = {.quote = q,
				    .boot_log = cairn_buf_span(&s->boot_log),
				    .launch_log = cairn_buf_span(&s->launch_log),
				    .manifest = list,
				    .manifest_count = 2,
				    .release_set = s->release_set,
				    .now = now};
	memcpy(a.boot_id, s->boot_id, sizeof a.boot_id);
	enum cairn_status st = cairn_appraise(out, &a);
	cairn_quote_free(q);
	return st;
}
