/* Attacks on the logs, by a host that has the say over what is bound: the quote is made anew, by the right
 * TPM, over the changed logs. What stands against it is the replay. */
#define _GNU_SOURCE /* memmem */
#include "tests/attack/attack.h"

#include <string.h>

#include "cairn/eventlog.h"
#include "cairn/launchlog.h"

static const struct cairn_pcr_numbers numbers = CAIRN_PCR_NUMBERS_DEFAULT;

/* ---- the launch log -------------------------------------------------------------------------------------
 */

#define LINES_MAX 16

struct lines {
	struct cairn_span line[LINES_MAX]; /* each with its newline */
	size_t count;
};

static struct lines split(const struct cairn_buf *log)
{
	struct lines l = {0};

	for (size_t at = 0; at < log->len; l.count++) {
		const uint8_t *end = memchr(log->ptr + at, '\n', log->len - at);
		MUST(end && l.count < LINES_MAX);
		l.line[l.count] = cairn_span(log->ptr + at, (size_t)(end + 1 - (log->ptr + at)));
		at += l.line[l.count].len;
	}
	return l;
}

static void send_lines(struct world *w, const struct lines *l)
{
	struct plan p = plan_genuine(w, &w->alpha);

	p.launch_log.len = 0;
	for (size_t i = 0; i < l->count; i++)
		cairn_buf_add(&p.launch_log, l->line[i]);
	plan_send(w, &p);
}

static void drop(struct lines *l, size_t at)
{
	for (l->count--; at < l->count; at++)
		l->line[at] = l->line[at + 1];
}

/* Sends a log built anew of the records of these lines: record numbers and digests are right again. */
static void send_renumbered(struct world *w, const struct lines *l)
{
	static const enum cairn_alg banks[] = {CAIRN_ALG_SHA256, CAIRN_ALG_SHA384};
	struct plan p = plan_genuine(w, &w->alpha);

	p.launch_log.len = 0;
	for (size_t i = 0; i < l->count; i++) {
		cairn_auto_log_entry struct cairn_log_entry e = {0};
		MUST_OK(cairn_log_line_parse(&e, cairn_span(l->line[i].ptr, l->line[i].len - 1), &numbers));
		MUST_OK(cairn_log_line_build(&p.launch_log, i, &numbers, e.record, banks, 2));
	}
	plan_send(w, &p);
}

static void line_dropped(struct world *w)
{
	struct lines l = split(&w->alpha.launch_log);

	drop(&l, 2);
	send_lines(w, &l);
}

static void record_dropped(struct world *w)
{
	struct lines l = split(&w->alpha.launch_log);

	drop(&l, 2);
	send_renumbered(w, &l);
}

static void last_record_dropped(struct world *w)
{
	struct lines l = split(&w->alpha.launch_log);

	drop(&l, l.count - 1);
	send_lines(w, &l);
}

static void swap(struct lines *l)
{
	struct cairn_span one = l->line[2];

	l->line[2] = l->line[3];
	l->line[3] = one;
}

static void lines_swapped(struct world *w)
{
	struct lines l = split(&w->alpha.launch_log);

	swap(&l);
	send_lines(w, &l);
}

static void records_swapped(struct world *w)
{
	struct lines l = split(&w->alpha.launch_log);

	swap(&l);
	send_renumbered(w, &l);
}

static void record_repeated(struct world *w)
{
	struct lines l = split(&w->alpha.launch_log);

	l.line[l.count] = l.line[l.count - 1];
	l.count++;
	send_renumbered(w, &l);
}

static void only_host_and_boot(struct world *w)
{
	struct lines l = split(&w->alpha.launch_log);

	l.count = 2;
	send_lines(w, &l);
}

static void log_empty(struct world *w)
{
	const struct lines l = {0};

	send_lines(w, &l);
}

/* Replaces one text in the log by another of the same length, wherever it stands. */
static void send_changed(struct world *w, const char *from, const char *to)
{
	struct plan p = plan_genuine(w, &w->alpha);
	size_t len = strlen(from), found = 0;

	MUST(strlen(to) == len);
	for (size_t i = 0; i + len <= p.launch_log.len; i++) {
		if (memcmp(p.launch_log.ptr + i, from, len) == 0) {
			memcpy(p.launch_log.ptr + i, to, len);
			found++;
		}
	}
	MUST(found > 0);
	plan_send(w, &p);
}

static void record_changed(struct world *w)
{
	send_changed(w, "crashed", "Crashed");
}

static void line_number_changed(struct world *w)
{
	send_changed(w, "\"recnum\":4", "\"recnum\":5");
}

static void pcr_changed(struct world *w)
{
	send_changed(w, "\"pcr\":12", "\"pcr\":13");
}

static void cut_in_a_line(struct world *w)
{
	struct plan p = plan_genuine(w, &w->alpha);

	p.launch_log.len -= 20;
	plan_send(w, &p);
}

static void bytes_behind(struct world *w)
{
	struct plan p = plan_genuine(w, &w->alpha);

	cairn_buf_add_str(&p.launch_log, "{}\n");
	plan_send(w, &p);
}

static void another_boot(struct world *w)
{
	struct plan p = plan_genuine(w, &w->alpha);

	p.boot_id[0] ^= 1;
	plan_send(w, &p);
}

/* The log without the bodies of records of that type, as if the server had given a receipt for it. */
static void without_bodies(struct world *w, const char *type)
{
	static const char head[] = "{\"content\":{";
	struct plan p = plan_genuine(w, &w->alpha);
	struct lines l = split(&w->alpha.launch_log);
	char tail[64];
	unsigned cut = 0;

	snprintf(tail, sizeof(tail), "\"type\":\"%s\"},\"content_type\"", type);
	p.launch_log.len = 0;
	for (size_t i = 0; i < l.count; i++) {
		const uint8_t *at = memmem(l.line[i].ptr, l.line[i].len, tail, strlen(tail));
		size_t from = at ? (size_t)(at - l.line[i].ptr) : 0;

		cut += at != NULL;
		if (at)
			cairn_buf_add_str(&p.launch_log, head);
		cairn_buf_add(&p.launch_log, cairn_span(l.line[i].ptr + from, l.line[i].len - from));
	}
	MUST(cut > 0);
	plan_send(w, &p);
}

static void launch_without_body(struct world *w)
{
	without_bodies(w, "launch");
}

static void host_without_body(struct world *w)
{
	without_bodies(w, "host");
}

/* A host record that says what it likes, and is right in itself. */
static void send_host_record(struct world *w, const struct cairn_host *host)
{
	static const enum cairn_alg banks[] = {CAIRN_ALG_SHA256, CAIRN_ALG_SHA384};
	struct plan p = plan_genuine(w, &w->alpha);
	struct lines l = split(&w->alpha.launch_log);
	cairn_auto_buf struct cairn_buf record = {0};

	MUST_OK(cairn_record_host(&record, host));
	p.launch_log.len = 0;
	MUST_OK(cairn_log_line_build(&p.launch_log, 0, &numbers, cairn_buf_span(&record), banks, 2));
	for (size_t i = 1; i < l.count; i++)
		cairn_buf_add(&p.launch_log, l.line[i]);
	plan_send(w, &p);
}

static void host_record_changed(struct world *w)
{
	struct cairn_host host = w->sim.host;

	host.xen_cmdline = "placeholder debug";
	send_host_record(w, &host);
}

static void host_record_unvouched(struct world *w)
{
	struct cairn_host host = w->sim.host;

	host.xen = (struct cairn_digest){0};
	send_host_record(w, &host);
}

static void other_pcr_numbers(struct world *w)
{
	struct cairn_host host = w->sim.host;

	host.pcrs.host = 13;
	host.pcrs.phase = 11;
	send_host_record(w, &host);
}

/* ---- the boot log ---------------------------------------------------------------------------------------
 */

/* The nth event of a PCR, counted from 0, in the plan's log. */
static struct cairn_event event_of(const struct plan *p, unsigned pcr, unsigned nth)
{
	struct cairn_eventlog log;
	struct cairn_event ev;

	MUST_OK(cairn_eventlog_open(&log, cairn_buf_span(&p->boot_log)));
	struct cairn_eventlog_iter it = cairn_eventlog_iter(&log);
	while (cairn_eventlog_next(&it, &ev))
		if (ev.pcr == pcr && ev.type != CAIRN_EV_NO_ACTION && nth-- == 0)
			return ev;
	MUST(!"no such event");
	return ev;
}

static size_t end_of(const struct plan *p, const struct cairn_event *ev)
{
	return (size_t)(ev->data.ptr - p->boot_log.ptr) + ev->data.len;
}

/* Removes the event; a copy of it is appended where `again`. */
static void cut(struct plan *p, const struct cairn_event *ev, bool again)
{
	size_t end = end_of(p, ev), len = end - ev->offset;
	cairn_auto_buf struct cairn_buf copy = {0};

	cairn_buf_add(&copy, cairn_span(p->boot_log.ptr + ev->offset, len));
	memmove(p->boot_log.ptr + ev->offset, p->boot_log.ptr + end, p->boot_log.len - end);
	p->boot_log.len -= len;
	if (again)
		cairn_buf_add(&p->boot_log, cairn_buf_span(&copy));
}

static void event_dropped(struct world *w)
{
	struct plan p = plan_genuine(w, &w->alpha);
	struct cairn_event ev = event_of(&p, 9, 1);

	cut(&p, &ev, false);
	plan_send(w, &p);
}

static void event_moved(struct world *w)
{
	struct plan p = plan_genuine(w, &w->alpha);
	struct cairn_event ev = event_of(&p, 8, 0);

	cut(&p, &ev, true);
	plan_send(w, &p);
}

static void event_appended(struct world *w)
{
	struct plan p = plan_genuine(w, &w->alpha);
	struct cairn_event ev = event_of(&p, 9, 0);
	cairn_auto_buf struct cairn_buf copy = {0};

	cairn_buf_add(&copy, cairn_span(p.boot_log.ptr + ev.offset, end_of(&p, &ev) - ev.offset));
	cairn_buf_add(&p.boot_log, cairn_buf_span(&copy));
	plan_send(w, &p);
}

/* Writes four bytes, little-endian, at an offset in the nth event of PCR 9. */
static void send_event_word(struct world *w, size_t at, uint32_t value)
{
	struct plan p = plan_genuine(w, &w->alpha);
	struct cairn_event ev = event_of(&p, 9, 1);

	for (size_t i = 0; i < 4; i++)
		p.boot_log.ptr[ev.offset + at + i] = (uint8_t)(value >> 8 * i);
	plan_send(w, &p);
}

static void event_without_extend(struct world *w)
{
	send_event_word(w, 4, CAIRN_EV_NO_ACTION);
}

static void event_of_another_pcr(struct world *w)
{
	send_event_word(w, 0, 10);
}

static void event_of_pcr_24(struct world *w)
{
	send_event_word(w, 0, 24);
}

static void event_of_no_pcr(struct world *w)
{
	send_event_word(w, 0, 0xffffffff);
}

static void too_many_digests(struct world *w)
{
	send_event_word(w, 8, 0xffffffff);
}

static void digest_changed(struct world *w)
{
	struct plan p = plan_genuine(w, &w->alpha);
	struct cairn_event ev = event_of(&p, 9, 1);
	const struct cairn_event_digest *d = cairn_event_digest_of(&ev, CAIRN_ALG_SHA256);

	p.boot_log.ptr[d->value.ptr - p.boot_log.ptr] ^= 1;
	plan_send(w, &p);
}

/* Types are not hashed: on the way the change is seen by the quote all the same. */
static void retyped_on_the_way(struct world *w)
{
	struct plan p = plan_genuine(w, &w->alpha);
	struct cairn_event ev = event_of(&p, 8, 0);
	cairn_auto_buf struct cairn_buf log = {0};

	cairn_buf_add(&log, cairn_buf_span(&p.boot_log));
	log.ptr[ev.offset + 4] = CAIRN_EV_EVENT_TAG;
	json_t *doc = plan_evidence(w, &p);
	MUST(json_object_set_new(doc, "boot_log", cairn_json_b64(cairn_buf_span(&log))) == 0);
	post(w, "/v1/evidence", doc);
}

static void no_boot_log(struct world *w)
{
	struct plan p = plan_genuine(w, &w->alpha);

	p.boot_log.len = 0;
	plan_send(w, &p);
}

static void cut_boot_log(struct world *w)
{
	struct plan p = plan_genuine(w, &w->alpha);

	p.boot_log.len -= 3;
	plan_send(w, &p);
}

/* ---- what a host would rather hide: these spoil beta ------------------------------------------------------
 */

/* Beta records something, and sends its log without it. */
static void hide(struct world *w, struct cairn_span record)
{
	size_t before = w->beta.launch_log.len;

	host_record(&w->beta, record);
	struct plan p = plan_genuine(w, &w->beta);
	p.launch_log.len = before;
	plan_send(w, &p);
}

static void refusal_hidden(struct world *w)
{
	cairn_auto_buf struct cairn_buf record = {0};
	cairn_auto_reasons struct cairn_reasons r = {0};

	cairn_reasons_add(&r, CAIRN_R_DIGEST_MISMATCH, "ramdisk", "/images/net.img", "aa", "bb",
			  "other bytes");
	MUST_OK(cairn_record_refusal(&record, "netdrv", &r));
	hide(w, cairn_buf_span(&record));
}

/* The log after a refusal, with the refusal taken out and what followed it left in. */
static void refusal_cut_out(struct world *w)
{
	cairn_auto_buf struct cairn_buf record = {0};
	struct cairn_launch l = sim_launch(&w->sim);

	MUST_OK(cairn_record_launch(&record, &l));
	host_record(&w->beta, cairn_buf_span(&record));
	struct lines lines = split(&w->beta.launch_log);
	drop(&lines, lines.count - 2);
	struct plan p = plan_genuine(w, &w->beta);
	p.launch_log.len = 0;
	for (size_t i = 0; i < lines.count; i++)
		cairn_buf_add(&p.launch_log, lines.line[i]);
	plan_send(w, &p);
}

static void violation_hidden(struct world *w)
{
	cairn_auto_buf struct cairn_buf record = {0};

	MUST_OK(cairn_record_violation(&record, "log diverged"));
	hide(w, cairn_buf_span(&record));
}

const struct attack attacks_log[] = {
    {"launch log: line dropped", line_dropped, 403, "bad-log"},
    {"launch log: record dropped and numbers mended", record_dropped, 403, "logs-diverged"},
    {"launch log: last record dropped", last_record_dropped, 403, "logs-diverged"},
    {"launch log: lines swapped", lines_swapped, 403, "bad-log"},
    {"launch log: records swapped and numbers mended", records_swapped, 403, "logs-diverged"},
    {"launch log: record repeated", record_repeated, 403, "logs-diverged"},
    {"launch log: nothing but host and boot", only_host_and_boot, 403, "logs-diverged"},
    {"launch log: empty", log_empty, 403, "bad-log"},
    {"launch log: a record's word changed", record_changed, 403, "bad-log"},
    {"launch log: a line's number changed", line_number_changed, 403, "bad-log"},
    {"launch log: a line's PCR changed", pcr_changed, 403, "bad-log"},
    {"launch log: cut within a line", cut_in_a_line, 403, "bad-log"},
    {"launch log: bytes behind it", bytes_behind, 403, "bad-log"},
    {"launch log: a launch's body dropped, and no receipt for it", launch_without_body, 403,
     "bodies-missing"},
    {"launch log: the host record's body dropped", host_without_body, 403, "bad-log"},
    {"boot id of another boot", another_boot, 403, "bad-log"},
    {"host record altered", host_record_changed, 403, "logs-diverged"},
    {"host record that vouches for less", host_record_unvouched, 403, "logs-diverged"},
    {"host record with other PCR numbers", other_pcr_numbers, 403, "bad-log"},
    {"boot log: event dropped", event_dropped, 403, "logs-diverged"},
    {"boot log: event moved", event_moved, 403, "logs-diverged"},
    {"boot log: event appended", event_appended, 403, "logs-diverged"},
    {"boot log: event retyped as one that is not extended", event_without_extend, 403, "logs-diverged"},
    {"boot log: event given to another PCR", event_of_another_pcr, 403, "logs-diverged"},
    {"boot log: event of PCR 24", event_of_pcr_24, 403, "bad-log"},
    {"boot log: event of no PCR", event_of_no_pcr, 403, "bad-log"},
    {"boot log: event with 2^32 digests", too_many_digests, 403, "bad-log"},
    {"boot log: digest changed", digest_changed, 403, "logs-diverged"},
    {"boot log: event retyped on the way", retyped_on_the_way, 403, "bad-quote: extraData"},
    {"boot log: left out", no_boot_log, 403, "logs-diverged"},
    {"boot log: cut", cut_boot_log, 403, "bad-log"},
    {"refusal hidden", refusal_hidden, 403, "logs-diverged"},
    {"refusal cut out of the log", refusal_cut_out, 403, "bad-log"},
    {"violation hidden", violation_hidden, 403, "logs-diverged"},
    {NULL, NULL, 0, NULL},
};
