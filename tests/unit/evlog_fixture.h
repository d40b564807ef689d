/* Event logs made byte by byte. Unlike the reader this knows nothing of what is right. */
#ifndef CAIRN_TEST_EVLOG_FIXTURE_H
#define CAIRN_TEST_EVLOG_FIXTURE_H

#include "cairn/eventlog.h"

/* An algorithm of the log: "size" bytes a digest. */
struct evlog_alg {
	uint16_t alg, size;
};

struct evlog {
	struct cairn_buf bytes;
	size_t banks; /* 0: a SHA-1 log */
	struct evlog_alg bank[32];
};

void evlog_fini(struct evlog *e);
#define auto_evlog __attribute__((cleanup(evlog_fini)))

void evlog_u16(struct evlog *e, uint16_t v);
void evlog_u32(struct evlog *e, uint32_t v);
/* Overwrites four bytes. */
void evlog_set_u32(struct evlog *e, size_t at, uint32_t v);

/* A Spec ID event: signature as "Spec ID Event03", of PCR pcr, with the algorithms (none: without such a list), and with
 * vendor information. Starts the log anew. */
void evlog_spec_id(struct evlog *e, const char *signature, uint32_t pcr, const struct evlog_alg *banks,
		   size_t count, struct cairn_span vendor);
/* A crypto-agile log of SHA-256 only; of SHA-1 and SHA-256. */
void evlog_begin256(struct evlog *e);
void evlog_begin2(struct evlog *e);

/* An event whose digests, one for each bank, are those of data; of unknown algorithms they are 5a 5a... */
void evlog_event(struct evlog *e, uint32_t pcr, uint32_t type, struct cairn_span data);
void evlog_text(struct evlog *e, uint32_t pcr, uint32_t type, const char *data);
/* An event with all its digests zero, as EV_NO_ACTION has them. */
void evlog_blank(struct evlog *e, uint32_t pcr, uint32_t type, struct cairn_span data);
/* StartupLocality: PFP 1.05 r23, section 10.4.5.3. */
void evlog_locality(struct evlog *e, uint8_t locality);

/* Both must succeed, or the test fails. */
void evlog_open(struct cairn_eventlog *log, const struct evlog *e);
void evlog_replay(struct cairn_replay *r, const struct evlog *e);
enum cairn_status evlog_try(const struct evlog *e);

/* PCR of bank alg: start (every byte) with last byte `last`, extended with the digest of each text up to NULL. */
void evlog_expect(const struct cairn_replay *r, enum cairn_alg alg, unsigned pcr, uint8_t last,
		  const char *const *texts);
/* Every cut of the log is refused but those between two events, or that leave bytes which look like padding. */
void evlog_assert_cuts_refused(const struct evlog *e);
#define TEXTS (const char *const[])

#endif
