/* Release sets in cairnd: see release.h. */
#include "agent/agent.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "agent/measure.h"

#define COMPONENT     "release-set"
#define REFUSED_AGAIN 60000 /* ms: files that change all the time fill no log */

void cairn_release_fini(struct cairn_agent_release *r)
{
	cairn_release_set_fini(&r->set);
}

/* ---- what goes on record ------------------------------------------------------------------------------ */

/* Where the log takes no record now, the next look tries again. */
static void record_set(struct cairn_agent *a)
{
	struct cairn_agent_release *r = &a->release;
	struct cairn_release_set_ref ref = {.serial = r->set.serial, .sha256 = r->set.sha256};
	cairn_auto_buf struct cairn_buf record = {0};
	uint64_t recnum = CAIRN_NO_RECORD;

	memcpy(ref.kid, r->set.kid, sizeof(ref.kid));
	r->recorded = r->logged.serial == ref.serial && cairn_digest_equal(&r->logged.sha256, &ref.sha256);
	if (r->recorded)
		return;
	enum cairn_status st = cairn_record_release_set(&record, &ref);

	if (st == CAIRN_OK)
		st = cairn_agent_record(a, cairn_buf_span(&record), &recnum);
	if (recnum == CAIRN_NO_RECORD) {
		cairn_agent_say("release set %llu cannot be recorded now: %s", (unsigned long long)ref.serial,
				cairn_status_text(st));
		return;
	}
	r->recorded = true;
	r->logged = ref;
}

/* One refusal a minute is on record; each is said. */
static void refuse(struct cairn_agent *a, const struct cairn_reasons *reasons)
{
	const struct cairn_reason *first = &reasons->item[0];
	cairn_auto_buf struct cairn_buf record = {0};
	int64_t now = cairn_boot_ms();

	cairn_agent_say("%s is not used: %s: %s", first->file, first->code, first->text);
	if (a->release.refused_ms && now - a->release.refused_ms < REFUSED_AGAIN)
		return;
	enum cairn_status st = cairn_record_refusal(&record, "", reasons);

	if (st == CAIRN_OK)
		st = cairn_agent_record(a, cairn_buf_span(&record), NULL);
	if (st == CAIRN_OK)
		a->release.refused_ms = now;
	else
		cairn_agent_say("that could not be recorded: %s", cairn_status_text(st));
}

static void refuse_for(struct cairn_agent *a, const char *code, const char *path, const char *text)
{
	cairn_auto_reasons struct cairn_reasons reasons = {0};

	cairn_reasons_add(&reasons, code, COMPONENT, path, "", "", text);
	refuse(a, &reasons);
}

static void refuse_serial(struct cairn_agent *a, const char *path, const struct cairn_release_set *s)
{
	cairn_auto_reasons struct cairn_reasons reasons = {0};
	char expected[48], found[32];

	a->release.older = s->serial;
	snprintf(expected, sizeof(expected), "at least %llu", (unsigned long long)a->release.seen);
	snprintf(found, sizeof(found), "%llu", (unsigned long long)s->serial);
	cairn_reasons_add(&reasons, CAIRN_R_RELEASE_SET_OLD, COMPONENT, path, expected, found,
			  "this TPM has seen a newer release set");
	refuse(a, &reasons);
}

/* ---- a set that was read ------------------------------------------------------------------------------ */

static void put_in_force(struct cairn_agent *a, struct cairn_release_set *s)
{
	struct cairn_agent_release *r = &a->release;

	cairn_release_set_fini(&r->set);
	r->set = *s;
	*s = (struct cairn_release_set){0};
	r->seen = r->set.serial;
	r->older = 0;
	cairn_agent_say("release set %llu is in force", (unsigned long long)r->set.serial);
	record_set(a);
}

/* The TPM has to know of it first: from then on an older one is refused, whatever happens to this host. True if there
 * is nothing to be tried again. */
static bool raise_to(struct cairn_agent *a, struct cairn_release_set *s, const char *path)
{
	uint64_t now = a->release.seen;
	enum cairn_status st = s->serial > now ? cairn_tpm_serial_raise(a->tpm, s->serial, &now) : CAIRN_OK;

	if (st == CAIRN_OK) {
		put_in_force(a, s);
	} else if (st == CAIRN_E_STALE) {
		a->release.seen = now;
		refuse_serial(a, path, s);
	} else if (st == CAIRN_E_LIMIT) {
		refuse_for(
		    a, CAIRN_R_CONFIG_UNSUPPORTED, path,
		    "its serial number is too far ahead of what the TPM has seen: number sets 1, 2, 3");
	} else {
		if (!a->release.told)
			cairn_agent_say(
			    "release set %llu is not in force yet, since the TPM does not take its "
			    "number: %s; %s",
			    (unsigned long long)s->serial, cairn_status_text(st), cairn_tpm_error(a->tpm));
		a->release.told = true;
		return false;
	}
	return true;
}

static bool judge(struct cairn_agent *a, struct cairn_release_set *s, const char *path)
{
	const struct cairn_agent_release *r = &a->release;
	bool has = r->set.serial > 0;

	if (s->serial < r->seen) {
		refuse_serial(a, path, s);
	} else if (has && s->serial == r->set.serial) {
		if (!cairn_digest_equal(&s->sha256, &r->set.sha256))
			refuse_for(a, CAIRN_R_RELEASE_SET_OLD, path,
				   "it has the serial number of the one in force, and is another one");
	} else if (has && cairn_release_set_revokes(&r->set, s->kid)) {
		refuse_for(a, CAIRN_R_REVOKED, path, "the set in force revokes the key that signed it");
	} else {
		return raise_to(a, s, path);
	}
	return true;
}

/* ---- the file ----------------------------------------------------------------------------------------- */

static const char *code_of(enum cairn_status st)
{
	switch (st) {
	case CAIRN_E_UNTRUSTED:
		return CAIRN_R_UNTRUSTED_SIGNER;
	case CAIRN_E_LIMIT:
	case CAIRN_E_VERSION:
		return CAIRN_R_CONFIG_UNSUPPORTED;
	case CAIRN_E_NOTFOUND:
	case CAIRN_E_IO:
	case CAIRN_E_CHANGED:
		return CAIRN_R_FILE_UNREADABLE;
	default:
		return CAIRN_R_BAD_SIGNATURE;
	}
}

/* True if there is nothing to be tried again while the file stays as it is. */
static bool take(struct cairn_agent *a, const char *path)
{
	cairn_auto_buf struct cairn_buf jws = {0};
	cairn_auto_release_set struct cairn_release_set s = {0};
	cairn_auto_jwks struct cairn_jwks *signers = NULL;
	enum cairn_status st = cairn_stage_read(&jws, path, CAIRN_JWS_MAX);

	a->release.older = 0;
	if (st == CAIRN_OK)
		st = cairn_release_set_load(&s, cairn_buf_span(&jws), a->authorities);
	if (st == CAIRN_OK) /* as each launch will */
		st = cairn_release_set_signers(&signers, &s, a->authorities);
	if (st == CAIRN_OK)
		return judge(a, &s, path);
	if (st == CAIRN_E_NOMEM)
		return false;
	refuse_for(a, code_of(st), path, cairn_status_text(st));
	return true;
}

static bool same(const struct cairn_file_mark *a, const struct cairn_file_mark *b)
{
	return a->dev == b->dev && a->ino == b->ino && a->size == b->size &&
	       a->mtime.tv_sec == b->mtime.tv_sec && a->mtime.tv_nsec == b->mtime.tv_nsec &&
	       a->ctime.tv_sec == b->ctime.tv_sec && a->ctime.tv_nsec == b->ctime.tv_nsec;
}

/* All zero where there is no file. */
static struct cairn_file_mark mark_of(const char *path)
{
	struct stat s;

	if (stat(path, &s) != 0)
		return (struct cairn_file_mark){0};
	return (struct cairn_file_mark){s.st_dev, s.st_ino, s.st_size, s.st_mtim, s.st_ctim};
}

static const char *path_of(const struct cairn_agent *a, struct cairn_buf *out)
{
	cairn_buf_add_fmt(out, "%s/release-set.jws", a->conf->data);
	return cairn_buf_str(out);
}

void cairn_release_look(struct cairn_agent *a)
{
	static const struct cairn_file_mark none = {0};
	struct cairn_agent_release *r = &a->release;
	cairn_auto_buf struct cairn_buf name = {0};
	const char *path = path_of(a, &name);

	if (!path || a->state == CAIRN_AGENT_DIVERGED)
		return;
	if (r->set.serial > 0 && !r->recorded)
		record_set(a);
	struct cairn_file_mark now = mark_of(path);

	if (r->looked && same(&now, &r->mark))
		return;
	r->told = r->told && same(&now, &r->mark);
	r->looked = same(&now, &none) || take(a, path);
	r->mark = now;
}

enum cairn_status cairn_release_start(struct cairn_agent *a)
{
	enum cairn_status st = cairn_tpm_serial(a->tpm, &a->release.seen);

	a->release.blind = st == CAIRN_E_UNSUPPORTED;
	if (a->release.blind)
		cairn_agent_say(
		    "NV index 0x%08x of the TPM is not cairn's counter of release sets: no service "
		    "domain is launched until it is gone (tpm2_nvundefine 0x%08x)",
		    CAIRN_TPM_SERIAL_INDEX, CAIRN_TPM_SERIAL_INDEX);
	else if (st == CAIRN_OK)
		cairn_release_look(a);
	return a->release.blind ? CAIRN_OK : st;
}

/* ---- launches ----------------------------------------------------------------------------------------- */

static void no_set(struct cairn_reasons *out, const struct cairn_agent *a)
{
	const struct cairn_agent_release *r = &a->release;
	cairn_auto_buf struct cairn_buf name = {0};
	const char *path = path_of(a, &name);
	char expected[48], found[32] = "none";

	snprintf(expected, sizeof(expected), "at least %llu", (unsigned long long)(r->seen ? r->seen : 1));
	if (r->older)
		snprintf(found, sizeof(found), "%llu", (unsigned long long)r->older);
	if (r->blind)
		cairn_reasons_add(out, CAIRN_R_RELEASE_SET_MISSING, COMPONENT, path, "", "",
				  "the TPM cannot say which release sets it has seen: its NV index for that "
				  "is something else");
	else if (r->seen)
		cairn_reasons_add(out, r->older ? CAIRN_R_RELEASE_SET_OLD : CAIRN_R_RELEASE_SET_MISSING,
				  COMPONENT, path, expected, found,
				  "this TPM has seen a newer release set: put that one there, or one that is "
				  "newer still");
	else
		cairn_reasons_add(out, CAIRN_R_RELEASE_SET_MISSING, COMPONENT, path, expected, found,
				  "this host launches no service domain without a release set "
				  "(release_set = required): put one there");
}

/* The reasons, if any, why a manifest does not count on this host now. */
static void withdraws(struct cairn_reasons *out, const struct cairn_agent *a, const struct cairn_manifest *m)
{
	if (a->release.set.serial > 0)
		cairn_release_set_judge(out, &a->release.set, m);
	else if (a->release.seen > 0 || a->release.blind || a->conf->release_set_required)
		no_set(out, a);
}

static bool counts(const struct cairn_agent *a, const struct cairn_manifest *m)
{
	cairn_auto_reasons struct cairn_reasons why = {0};

	withdraws(&why, a, m);
	return why.count == 0;
}

const struct cairn_manifest *cairn_release_select(struct cairn_reasons *out, const struct cairn_agent *a,
						  const struct cairn_launch *l,
						  const struct cairn_manifest_set *all)
{
	const struct cairn_manifest *good[CAIRN_MANIFESTS_MAX];
	cairn_auto_reasons struct cairn_reasons none = {0};
	size_t n = 0;

	for (size_t i = 0; i < all->count; i++)
		if (counts(a, all->list[i]))
			good[n++] = all->list[i];
	const struct cairn_manifest *m = cairn_manifest_select(out, l, good, n);
	const struct cairn_manifest *old = m ? NULL : cairn_manifest_select(&none, l, all->list, all->count);

	if (old) {
		cairn_reasons_fini(out);
		withdraws(out, a, old);
	}
	return m;
}

json_t *cairn_release_json(const struct cairn_agent *a)
{
	const struct cairn_agent_release *r = &a->release;

	if (r->set.serial == 0 && r->seen == 0 && !r->blind)
		return json_null();
	return json_pack("{s:I,s:s,s:o,s:I}", "serial", (json_int_t)r->set.serial, "kid", r->set.kid,
			 "sha256", cairn_json_hex(cairn_digest_span(&r->set.sha256)), "seen",
			 (json_int_t)r->seen);
}
