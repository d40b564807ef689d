/* make-corpus DIR : makes the corpus anew in a directory that is empty or is not there yet. Run it at the root of the
 * source tree. */
#include "tests/attack/make/make.h"

/* Of tests/data/ima/ima-charra-binary.bin: behind its sixth entry. */
#define IMA_ENTRIES_END 642

/* Of tests/data/ima/ima-charra-binary.bin: behind its sixth entry. */
#define IMA_ENTRIES_END 642

/* The log without the unused space of its area. */
static void load_log(struct cairn_buf *out, const char *path)
{
	struct cairn_eventlog log;

	MUST_OK(cairn_file_read(out, path, 1 << 20));
	MUST_OK(cairn_eventlog_open(&log, cairn_buf_span(out)));
	out->len = log.end;
}

/* PCR 16 gets what PCR 0 got: anybody may do that, at any time. */
static void imitate_pcr_0(struct makers *m)
{
	struct cairn_eventlog log;
	struct cairn_event ev;

	MUST_OK(cairn_eventlog_open(&log, cairn_buf_span(&m->boot_log)));
	struct cairn_eventlog_iter it = cairn_eventlog_iter(&log);
	while (cairn_eventlog_next(&it, &ev)) {
		struct cairn_digest d;

		if (ev.pcr != 0 || ev.type == CAIRN_EV_NO_ACTION)
			continue;
		MUST_OK(cairn_event_digest_get(&d, &ev, CAIRN_ALG_SHA256));
		rig_extend(&m->alpha, 16, &d, 1);
	}
}

/* The first entries of a genuine list, and a violation as the kernel writes it: the digest of the file is zeros, too. */
static void load_ima(struct cairn_buf *out)
{
	static const uint8_t violation[] = "\x0a\0\0\0"
					   "\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0"
					   "\6\0\0\0ima-ng\x3d\0\0\0\x28\0\0\0sha256:\0"
					   "\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0"
					   "\x0d\0\0\0/var/log/log";

	MUST_OK(cairn_file_read(out, "tests/data/ima/ima-charra-binary.bin", 1 << 20));
	out->len = IMA_ENTRIES_END;
	cairn_buf_add(out, cairn_span(violation, sizeof violation)); /* with the NUL of the path */
}

static void start(struct makers *m)
{
	load_log(&m->boot_log, "tests/data/eventlog/xen-grub-swtpm.bin");
	load_log(&m->drtm_log, "tests/data/eventlog/drtm-intel-txt.bin");
	load_ima(&m->ima_log);
	rig_start(&m->alpha);
	rig_start(&m->beta);
	rig_boot(&m->alpha, cairn_buf_span(&m->boot_log));
	rig_boot(&m->beta, cairn_buf_span(&m->boot_log));
	imitate_pcr_0(m);
	m->ak = rig_key(&m->alpha, "P-256", TPM2_ALG_ECDSA, TPM2_ALG_SHA256, RESTRICTED_AK);
	soft_init(&m->soft, "P-256", AK_ECDSA, CAIRN_ALG_SHA256, AK_ATTRIBUTES);
}

static void stop(struct makers *m)
{
	rig_forget(&m->alpha, &m->ak);
	rig_stop(&m->alpha);
	rig_stop(&m->beta);
	software_ak_fini(&m->soft);
	cairn_buf_fini(&m->boot_log);
	cairn_buf_fini(&m->drtm_log);
	cairn_buf_fini(&m->ima_log);
}

int main(int argc, char **argv)
{
	static add_cases *const add[] = {add_controls,	 add_other_structures, add_selections, add_nonces,
					 add_keys,	 add_signatures,       add_fields,     add_boot_logs,
					 add_log_syntax, add_log_meaning,      add_drtm_logs,  add_ima_logs};
	static struct makers m;

	if (argc != 2) {
		fprintf(stderr, "usage: make-corpus DIR\n");
		return 2;
	}
	struct corpus *c = corpus_new(argv[1]);
	start(&m);
	for (size_t i = 0; i < LENGTH(add); i++)
		add[i](c, &m);
	stop(&m);
	corpus_free(c);
	return 0;
}
