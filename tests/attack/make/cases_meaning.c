/* Logs that lead to what was quoted and lie all the same: types and data are not covered by what was extended unless
 * the digest is that of the data. And data that was hashed, but is made to break its reader. */
#include "tests/attack/make/make.h"

#define B(x)	BYTES(x)
#define BASE	"p256-log"
#define LOG_IDS "event-log-disclosure,safeboot#139"

#define SEPARATOR   B("\4\0\0\0")
#define ACTION	    B("\7\0\0\x80")
#define VARIABLE    B("\1\0\0\x80")
#define BOOT_OPTION B("\2\0\0\x80")
#define GPT	    B("\6\0\0\x80")
#define VERSION	    B("\x08\0\0\0")
#define RETYPE(name, pcr, nth, type, text)                                                                   \
	{                                                                                                    \
		name, BASE, LOG_IDS, text, pcr, nth, EVENT, 4, 4, type                                       \
	}

static const struct edit retyped[] = {
    RETYPE("type-app-as-separator", 4, 2, SEPARATOR, "a boot application retyped as EV_SEPARATOR"),
    RETYPE("type-app-as-action", 4, 2, ACTION, "a boot application retyped as EV_EFI_ACTION"),
    RETYPE("type-app-as-variable", 4, 3, VARIABLE, "a boot application retyped as a variable"),
    RETYPE("type-app-as-gpt", 4, 3, GPT, "a boot application retyped as EV_EFI_GPT_EVENT"),
    RETYPE("type-blob-as-version", 0, 1, VERSION, "firmware retyped as EV_S_CRTM_VERSION"),
    RETYPE("type-variable-as-separator", 7, 0, SEPARATOR, "SecureBoot retyped as EV_SEPARATOR"),
    RETYPE("type-variable-as-action", 7, 0, ACTION, "SecureBoot retyped as EV_EFI_ACTION"),
    RETYPE("type-separator-as-action", 7, 5, ACTION, "EV_SEPARATOR of PCR 7 retyped as EV_EFI_ACTION"),
    RETYPE("type-separator-as-variable", 7, 5, BOOT_OPTION, "EV_SEPARATOR of PCR 7 retyped as a variable"),
    RETYPE("type-action-as-separator", 5, 1, SEPARATOR, "EV_EFI_ACTION retyped as EV_SEPARATOR"),
    RETYPE("type-command-as-separator", 8, 0, SEPARATOR, "GRUB command retyped as EV_SEPARATOR"),
    RETYPE("type-command-as-action", 8, 0, ACTION, "GRUB command retyped as EV_EFI_ACTION"),
    RETYPE("type-file-as-action", 9, 1, ACTION, "file that GRUB read retyped as EV_EFI_ACTION"),
    RETYPE("type-version-as-separator", 0, 0, SEPARATOR, "EV_S_CRTM_VERSION retyped as EV_SEPARATOR"),
};

static const struct edit rewritten[] = {
    {"data-secure-boot", BASE, LOG_IDS, "SecureBoot is told otherwise; its digest is kept", 7, 0, EVENT_DATA,
     52, 1, B("\1")},
    {"data-variable-name", BASE, LOG_IDS, "name of a variable changed; its digest is kept", 7, 1, EVENT_DATA,
     32, 1, B("X")},
    {"data-separator", BASE, LOG_IDS, "EV_SEPARATOR says that an error happened; its digest is kept", 2, 0,
     EVENT_DATA, 0, 1, B("\1")},
    {"data-action", BASE, LOG_IDS, "text of EV_EFI_ACTION changed; its digest is kept", 5, 1, EVENT_DATA, 0,
     4, B("Fail")},
    {"data-version", BASE, LOG_IDS, "version of the firmware changed; its digest is kept", 0, 0, EVENT_DATA,
     0, 1, B("\x39")},
    {"data-boot-option", BASE, LOG_IDS, "boot option changed; its digest is kept", 1, 1, EVENT_DATA, 140, 1,
     B("\x5a")},
    {"data-command", BASE, LOG_IDS, "command of GRUB changed; its digest is kept", 8, 0, EVENT_DATA, 14, 1,
     B("X")},
    {"data-command-line", BASE, LOG_IDS, "command line of Xen changed; its digest is kept", 8, 1, EVENT_DATA,
     30, 1, B("X")},
};

/* ---- where PCR 0 starts ---- */

/* TCG_PCR_EVENT2 of EV_NO_ACTION with two digests of zeros, and `data`. */
static void put_no_action(struct evidence *e, uint32_t pcr, size_t at, struct cairn_span data)
{
	cairn_auto_buf struct cairn_buf ev = {0};

	log_add(&ev, pcr, CAIRN_EV_NO_ACTION, data);
	evidence_splice(e, BOOT_LOG, (long)at, 0, cairn_buf_span(&ev));
}

#define LOCALITY "StartupLocality\0"
static void put_locality(struct evidence *e, uint32_t pcr, size_t at, uint8_t locality)
{
	uint8_t data[] = LOCALITY;

	data[16] = locality; /* where the literal has its NUL */
	put_no_action(e, pcr, at, cairn_span(data, 17));
}

static void add_locality_control(struct corpus *c, struct makers *m)
{
	const struct selection s = SHA256_OF(0x3ff);
	struct cairn_pcrs p = zero_values();

	for (size_t i = 0; i < p.count; i++)
		p.bank[i].pcr[0].bytes[cairn_alg_size(p.bank[i].alg) - 1] = 3;
	log_values(&p, cairn_buf_span(&m->boot_log));
	auto_evidence struct evidence e = soft_evidence(&m->soft, &s, &p);
	evidence_put(&e, BOOT_LOG, cairn_buf_span(&m->boot_log));
	put_locality(&e, 0, log_event(cairn_buf_span(&m->boot_log), ANY_PCR, 0).start, 3);
	corpus_add(c,
		   &(const struct about){"locality", "soft-log", "accept", "both", "-",
					 "boot with StartupLocality 3: PCR 0 starts from 3"},
		   &e);
}

static const struct {
	const char *name, *text;
	uint32_t pcr;
	unsigned before; /* which event it is put before; the genuine one is the first */
	uint8_t value;
	bool keep; /* the genuine one too */
} localities[] = {
    {"locality-other", "StartupLocality 4, where the TPM started from 3", 0, 1, 4, false},
    {"locality-unknown", "StartupLocality 255", 0, 1, 255, false},
    {"locality-twice", "a second StartupLocality, which says 0", 0, 1, 0, true},
    {"locality-late", "StartupLocality behind the first event of PCR 0", 0, 2, 3, false},
    {"locality-of-pcr-1", "StartupLocality that says PCR 1", 1, 1, 3, false},
};

static void add_localities(struct corpus *c, struct makers *m)
{
	add_locality_control(c, m);
	for (size_t i = 0; i < LENGTH(localities); i++) {
		auto_evidence struct evidence e = evidence_copy(corpus_get(c, "locality"));
		struct cairn_span log = cairn_buf_span(&e.file[BOOT_LOG]);
		struct spot own = log_event(log, ANY_PCR, 0);

		put_locality(&e, localities[i].pcr, log_event(log, ANY_PCR, localities[i].before).start,
			     localities[i].value);
		if (!localities[i].keep)
			evidence_splice(&e, BOOT_LOG, (long)own.start, own.end - own.start,
					(struct cairn_span){0});
		corpus_add(c,
			   &(const struct about){localities[i].name, "locality", "reject", "both", LOG_IDS,
						 localities[i].text},
			   &e);
	}
	static const struct edit sizes[] = {
	    {"locality-dropped",
	     "locality",
	     LOG_IDS,
	     "StartupLocality left out",
	     ANY_PCR,
	     0,
	     EVENT,
	     0,
	     WHOLE,
	     {0}},
	    {"locality-long", "locality", LOG_IDS, "StartupLocality with a byte too many", ANY_PCR, 0,
	     EVENT_SIZE, 0, 21, B("\x12\0\0\0StartupLocality\0\3\0")},
	    {"locality-short", "locality", LOG_IDS, "StartupLocality without its value", ANY_PCR, 0,
	     EVENT_SIZE, 0, 21, B("\x10\0\0\0StartupLocality\0")},
	};
	add_edits(c, sizes, LENGTH(sizes), BOOT_LOG);
	auto_evidence struct evidence e = evidence_copy(corpus_get(c, BASE));
	put_locality(&e, 0, log_event(cairn_buf_span(&e.file[BOOT_LOG]), ANY_PCR, 0).start, 3);
	corpus_add(c,
		   &(const struct about){"locality-added", BASE, "reject", "both", LOG_IDS,
					 "StartupLocality 3, where the TPM started from 0"},
		   &e);
}

/* ---- what is hashed as it should be, and is made to break its reader ---- */

/* The log of the base with an event behind it, extended and quoted. */
static void add_hashed(struct corpus *c, struct makers *m, const struct about *a, uint32_t pcr, uint32_t type,
		       struct cairn_span data)
{
	const struct selection s = SHA256_OF(0x3ff | UINT32_C(1) << pcr);
	struct cairn_pcrs p = zero_values();
	cairn_auto_buf struct cairn_buf log = {0};
	struct cairn_digest d;

	cairn_buf_add(&log, cairn_buf_span(&m->boot_log));
	log_add(&log, pcr, type, data);
	log_values(&p, cairn_buf_span(&m->boot_log));
	MUST_OK(cairn_hash(&d, CAIRN_ALG_SHA256, data));
	MUST_OK(cairn_pcrs_extend(&p, pcr, &d));
	auto_evidence struct evidence e = soft_evidence(&m->soft, &s, &p);
	evidence_put(&e, BOOT_LOG, cairn_buf_span(&log));
	corpus_add(c, a, &e);
}

/* The variable "db" (EFI_IMAGE_SECURITY_DATABASE_GUID) up to the length of its content: UEFI_VARIABLE_DATA. */
#define DB_HEAD                                                                                              \
	"\xcb\xb2\x19\xd7\x3a\x3d\x96\x45\xa3\xbc\xda\xd0\x0e\x67\x65\x6f"                                   \
	"\2\0\0\0\0\0\0\0"
#define DB_NAME	  "d\0b\0"
#define LENGTH_76 "\x4c\0\0\0\0\0\0\0" /* a list of one SHA-256 */
#define LENGTH_92 "\x5c\0\0\0\0\0\0\0" /* with 16 bytes more */
#define SHA256_LIST                                                                                          \
	"\x26\x16\xc4\xc1\x4c\x50\x92\x40\xac\xa9\x41\xf9\x36\x93\x43\x28" /* EFI_CERT_SHA256_GUID */
#define OWNER			 "ownerownerownero"
#define HASH			 "hashhashhashhashhashhashhashhash"
#define SIXTEEN			 "injectedinjected"
#define LIST(size, header, each) SHA256_LIST size header each
#define N76			 "\x4c\0\0\0"
#define N92			 "\x5c\0\0\0"
#define N48			 "\x30\0\0\0"
#define N0			 "\0\0\0\0"
#define MAX			 "\xff\xff\xff\xff"

/* The rest of a GPT header up to its partition table. */
#define GPT_REST                                                                                             \
	"\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0" \
	"\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0"
#define LIST_IDS	 "CVE-2026-12681"
#define NEST_IDS	 "CVE-2026-19201"
#define DB(length, list) B(DB_HEAD length DB_NAME list)
static const struct hashed {
	const char *name, *expected, *ids, *text;
	uint32_t pcr, type;
	struct cairn_span data;
} hashed[] = {
    {"siglist", "accept", "-", "event of db with a signature list of one SHA-256", 7,
     CAIRN_EV_EFI_VARIABLE_DRIVER_CONFIG, DB(LENGTH_76, LIST(N76, N0, N48) OWNER HASH)},
    {"siglist-header", "any", LIST_IDS, "SignatureHeaderSize 16: what looks like an owner is the header", 7,
     CAIRN_EV_EFI_VARIABLE_DRIVER_CONFIG, DB(LENGTH_92, LIST(N92, "\x10\0\0\0", N48) SIXTEEN OWNER HASH)},
    {"siglist-header-max", "any", LIST_IDS, "SignatureHeaderSize 2^32-1", 7,
     CAIRN_EV_EFI_VARIABLE_DRIVER_CONFIG, DB(LENGTH_76, LIST(N76, MAX, N48) OWNER HASH)},
    {"siglist-header-wraps", "any", LIST_IDS, "SignatureHeaderSize that makes the sum of sizes wrap to 0", 7,
     CAIRN_EV_EFI_VARIABLE_DRIVER_CONFIG, DB(LENGTH_76, LIST(N76, "\xe4\xff\xff\xff", N48) OWNER HASH)},
    {"siglist-size-zero", "any", LIST_IDS, "SignatureListSize 0: a reader that does not move on never ends",
     7, CAIRN_EV_EFI_VARIABLE_DRIVER_CONFIG, DB(LENGTH_76, LIST(N0, N0, N48) OWNER HASH)},
    {"siglist-size-short", "any", LIST_IDS, "SignatureListSize less than its own header", 7,
     CAIRN_EV_EFI_VARIABLE_DRIVER_CONFIG, DB(LENGTH_76, LIST("\x1b\0\0\0", N0, N48) OWNER HASH)},
    {"siglist-size-max", "any", LIST_IDS, "SignatureListSize 2^32-1", 7, CAIRN_EV_EFI_VARIABLE_DRIVER_CONFIG,
     DB(LENGTH_76, LIST(MAX, N0, N48) OWNER HASH)},
    {"siglist-each-zero", "any", LIST_IDS, "SignatureSize 0", 7, CAIRN_EV_EFI_VARIABLE_DRIVER_CONFIG,
     DB(LENGTH_76, LIST(N76, N0, N0) OWNER HASH)},
    {"siglist-each-short", "any", LIST_IDS, "SignatureSize less than an owner", 7,
     CAIRN_EV_EFI_VARIABLE_DRIVER_CONFIG, DB(LENGTH_76, LIST(N76, N0, "\x0f\0\0\0") OWNER HASH)},
    {"siglist-each-max", "any", LIST_IDS, "SignatureSize 2^32-1", 7, CAIRN_EV_EFI_VARIABLE_DRIVER_CONFIG,
     DB(LENGTH_76, LIST(N76, N0, MAX) OWNER HASH)},
    {"variable-name-max", "any", NEST_IDS, "variable with a name of 2^64-1 characters", 7,
     CAIRN_EV_EFI_VARIABLE_DRIVER_CONFIG,
     B("GUIDGUIDGUIDGUID\xff\xff\xff\xff\xff\xff\xff\xff" LENGTH_76 "d\0b\0")},
    {"variable-name-wraps", "any", NEST_IDS, "variable with a name of 2^63 characters: twice that is 0", 7,
     CAIRN_EV_EFI_VARIABLE_DRIVER_CONFIG, B("GUIDGUIDGUIDGUID\0\0\0\0\0\0\0\x80" LENGTH_76 "d\0b\0")},
    {"path-node-zero", "any", NEST_IDS, "device path with a node of length 0", 4,
     CAIRN_EV_EFI_BOOT_SERVICES_APPLICATION,
     B("AAAAAAAABBBBBBBBCCCCCCCC\x08\0\0\0\0\0\0\0\4\4\0\0\x7f\xff\4\0")},
    {"path-node-short", "any", NEST_IDS, "device path with a node of length 3", 4,
     CAIRN_EV_EFI_BOOT_SERVICES_APPLICATION,
     B("AAAAAAAABBBBBBBBCCCCCCCC\x08\0\0\0\0\0\0\0\4\4\3\0\x7f\xff\4\0")},
    {"path-node-long", "any", NEST_IDS, "device path with a node that ends behind the event", 4,
     CAIRN_EV_EFI_BOOT_SERVICES_APPLICATION,
     B("AAAAAAAABBBBBBBBCCCCCCCC\x08\0\0\0\0\0\0\0\4\4\xff\xff\x7f\xff\4\0")},
    {"path-length-max", "any", NEST_IDS, "device path of 2^64-1 bytes", 4,
     CAIRN_EV_EFI_BOOT_SERVICES_APPLICATION,
     B("AAAAAAAABBBBBBBBCCCCCCCC\xff\xff\xff\xff\xff\xff\xff\xff\x7f\xff\4\0")},
    {"gpt-partitions-max", "any", NEST_IDS, "partition table of 2^64-1 partitions", 5, CAIRN_EV_EFI_GPT_EVENT,
     B("EFI PART\0\0\1\0\x5c\0\0\0" GPT_REST "\xff\xff\xff\xff\xff\xff\xff\xff")},
    {"sipa-size-max", "any", NEST_IDS, "tagged event of Windows (SIPA) that says it has 2^32-1 bytes", 12,
     CAIRN_EV_EVENT_TAG, B("\1\0\1\x40\xff\xff\xff\xff\1\0\1\0\4\0\0\0AAAA")},
    {"sipa-child-long", "any", NEST_IDS, "SIPA event that ends behind its container", 12, CAIRN_EV_EVENT_TAG,
     B("\1\0\1\x40\x0c\0\0\0\1\0\1\0\xff\0\0\0AAAA")},
    {"tag-empty", "any", NEST_IDS, "tagged event without a tag", 12, CAIRN_EV_EVENT_TAG, B("\0")},
};

/* Containers of SIPA (TRUSTBOUNDARY), each in the one before. */
static void add_nested(struct corpus *c, struct makers *m, const char *name, unsigned depth, const char *text)
{
	cairn_auto_buf struct cairn_buf data = {0};

	for (unsigned i = 0; i < depth; i++) {
		unsigned size = 8 * (depth - 1 - i);

		cairn_buf_add(&data, cairn_span("\1\0\1\x40", 4));
		for (int k = 0; k < 4; k++)
			cairn_buf_add_u8(&data, (uint8_t)(size >> 8 * k));
	}
	add_hashed(c, m, &(const struct about){name, "soft-log", "any", "both", NEST_IDS, text}, 12,
		   CAIRN_EV_EVENT_TAG, cairn_buf_span(&data));
}

/* PFP 1.05 r23, section 10.4.5.4: the firmware says whose it is. */
static void add_no_action_control(struct corpus *c)
{
	auto_evidence struct evidence e = evidence_copy(corpus_get(c, BASE));
	struct spot first = log_event(cairn_buf_span(&e.file[BOOT_LOG]), ANY_PCR, 0);

	put_no_action(&e, 0, first.start, cairn_span("SP800-155 Event\0\x57\1\0\0GUIDGUIDGUIDGUID", 36));
	corpus_add(c,
		   &(const struct about){"log-no-action", BASE, "accept", "both", "-",
					 "an SP800-155 event: EV_NO_ACTION, which is not extended"},
		   &e);
}

void add_log_meaning(struct corpus *c, struct makers *m)
{
	add_no_action_control(c);
	add_edits(c, retyped, LENGTH(retyped), BOOT_LOG);
	add_edits(c, rewritten, LENGTH(rewritten), BOOT_LOG);
	add_localities(c, m);
	for (size_t i = 0; i < LENGTH(hashed); i++)
		add_hashed(c, m,
			   &(const struct about){hashed[i].name, "soft-log", hashed[i].expected, "both",
						 hashed[i].ids, hashed[i].text},
			   hashed[i].pcr, hashed[i].type, hashed[i].data);
	add_nested(c, m, "sipa-nested", 1000, "1000 containers of SIPA, each in the one before");
}
