/* Dynamic launches: the log of Intel TXT (a genuine one), and PCRs 17 and 18. */
#include "tests/attack/make/make.h"

#define B(x)	 BYTES(x)
#define DRTM_IDS "Qubes#2569"
#define LOG_IDS	 "event-log-disclosure,safeboot#139"
#define PCR_IDS	 "GHSA-qp88-8f4j-wv7q"
#define LAUNCHED (1u << 17 | 1u << 18)
#define MEASURED 0x3ffu
#define BASE	 "drtm"

static struct cairn_pcrs launched(const struct makers *m, bool booted)
{
	struct cairn_pcrs p = zero_values();

	log_values(&p, cairn_buf_span(&m->drtm_log));
	if (booted)
		log_values(&p, cairn_buf_span(&m->boot_log));
	return p;
}

static void add_control(struct corpus *c, struct makers *m)
{
	const struct selection s = SHA256_OF(LAUNCHED), both = SHA256_OF(LAUNCHED | MEASURED);
	struct cairn_pcrs p = launched(m, true);
	auto_evidence struct evidence e = soft_evidence(&m->soft, &s, &p);

	evidence_put(&e, DRTM_LOG, cairn_buf_span(&m->drtm_log));
	corpus_add(
	    c,
	    &(const struct about){BASE, "soft", "accept", "both", "-",
				  "dynamic launch by Intel TXT and its log, quote over PCRs 17 and 18"},
	    &e);
	auto_evidence struct evidence f = soft_evidence(&m->soft, &both, &p);
	evidence_put(&f, DRTM_LOG, cairn_buf_span(&m->drtm_log));
	evidence_put(&f, BOOT_LOG, cairn_buf_span(&m->boot_log));
	corpus_add(c,
		   &(const struct about){"drtm-boot", BASE, "accept", "both", "-",
					 "the same with the boot before it: two logs"},
		   &f);
	evidence_drop(&f, DRTM_LOG);
	corpus_add(c,
		   &(const struct about){
		       "drtm-log-absent", "drtm-boot", "undecided", "both", DRTM_IDS,
		       "the log of the dynamic launch is left out: nothing explains PCRs 17 and 18"},
		   &f);
}

/* The TPM has seen no dynamic launch: it holds FF. */
static void add_not_launched(struct corpus *c, struct makers *m)
{
	const struct selection s = SHA256_OF(LAUNCHED);
	struct cairn_pcrs zero = zero_values();
	auto_evidence struct evidence ones = rig_evidence(&m->alpha, &m->ak, &s);
	auto_evidence struct evidence zeros = soft_evidence(&m->soft, &s, &zero);

	evidence_put(&ones, DRTM_LOG, cairn_buf_span(&m->drtm_log));
	corpus_add(c,
		   &(const struct about){
		       "drtm-all-ones", BASE, "reject", "both", DRTM_IDS,
		       "PCRs 17 and 18 hold FF: no dynamic launch has happened, whatever the log says"},
		   &ones);
	evidence_put(&zeros, DRTM_LOG, cairn_buf_span(&m->drtm_log));
	corpus_add(c,
		   &(const struct about){"drtm-all-zeros", BASE, "reject", "both", DRTM_IDS,
					 "PCRs 17 and 18 hold 00: launched, and nothing was measured"},
		   &zeros);
}

/* PCR 23 can be reset and extended by anybody: it was given what PCR 17 gets. */
static void add_masquerade(struct corpus *c, struct makers *m)
{
	const struct selection asked = SHA256_OF(1u << 17), used = SHA256_OF(1u << 23);
	struct cairn_pcrs p = launched(m, false);
	auto_evidence struct evidence good = soft_evidence(&m->soft, &asked, &p);

	corpus_add(c,
		   &(const struct about){"drtm-17", BASE, "accept", "quote", "-",
					 "quote over PCR 17 alone after a dynamic launch"},
		   &good);
	struct cairn_bank *b = cairn_pcrs_bank(&p, CAIRN_ALG_SHA256);
	b->pcr[23] = b->pcr[17];
	auto_evidence struct evidence e = soft_evidence(&m->soft, &used, &p);
	evidence_ask(&e, &asked);
	evidence_values(&e, &asked, &p);
	corpus_add(c,
		   &(const struct about){
		       "pcr23-as-pcr17", "drtm-17", "reject", "quote", "CVE-2024-29039",
		       "quote over PCR 23, which anybody can extend to the value of PCR 17 after a "
		       "launch; the value is sent as that of PCR 17"},
		   &e);
}

static const struct edit edits[] = {
    {"drtm-event-dropped", BASE, LOG_IDS, "an event of PCR 17 left out", 17, 2, EVENT, 0, WHOLE, {0}},
    {"drtm-first-dropped",
     BASE,
     LOG_IDS,
     "HASH_START left out: what was launched",
     17,
     0,
     EVENT,
     0,
     WHOLE,
     {0}},
    {"drtm-pcr-18-dropped", BASE, LOG_IDS, "first event of PCR 18 left out", 18, 0, EVENT, 0, WHOLE, {0}},
    {"drtm-digest-changed", BASE, LOG_IDS, "SHA-256 digest of what was launched changed", 17, 7, EVENT, 36, 4,
     B("\0\0\0\0")},
    {"drtm-other-pcr", BASE, LOG_IDS, "an event of PCR 17 given to PCR 18", 17, 3, EVENT, 0, 1, B("\x12")},
    {"drtm-hidden", BASE, LOG_IDS, "an event of PCR 18 retyped as EV_NO_ACTION", 18, 1, EVENT, 4, 4,
     B("\3\0\0\0")},
    {"drtm-pcr-24", BASE, PCR_IDS, "event of PCR 24 in the log of a launch", 17, 3, EVENT, 0, 1, B("\x18")},
    {"drtm-pcr-max", BASE, PCR_IDS, "event of PCR 2^32-1 in the log of a launch", 17, 3, EVENT, 0, 4,
     B("\xff\xff\xff\xff")},
    {"drtm-as-separator", BASE, LOG_IDS, "an event of PCR 17 retyped as EV_SEPARATOR", 17, 7, EVENT, 4, 4,
     B("\4\0\0\0")},
    {"drtm-cut",
     BASE,
     "tpm2-tss-2026-07",
     "the log of the launch ends within an event",
     18,
     2,
     EVENT,
     20,
     THE_REST,
     {0}},
    {"drtm-count-max", BASE, "tpm2-tss-2026-07", "event of a launch that counts 2^32-1 digests", 17, 1, EVENT,
     8, 4, B("\xff\xff\xff\xff")},
    {"drtm-size-max", BASE, "tpm2-tss-2026-07", "event of a launch of 2^32-1 bytes", 17, 1, EVENT_SIZE, 0, 4,
     B("\xff\xff\xff\xff")},
};

void add_drtm_logs(struct corpus *c, struct makers *m)
{
	add_control(c, m);
	add_not_launched(c, m);
	add_masquerade(c, m);
	add_edits(c, edits, LENGTH(edits), DRTM_LOG);
}
