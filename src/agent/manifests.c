/* The manifests that an authority signed, read anew for each launch. The directory is on a public volume:
 * anything may lie there, and only what verifies counts. What has been verified is known by its digest from then on. */
#include "agent/agent.h"

#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "agent/measure.h"

void cairn_manifests_fini(struct cairn_manifest_set *s)
{
	for (size_t i = 0; i < s->count; i++)
		cairn_manifest_fini(&s->item[i]);
	free(s->item);
	free(s->list);
	cairn_reasons_fini(&s->bad);
	*s = (struct cairn_manifest_set){0};
}

bool cairn_manifests_name(const struct cairn_manifest_set *s, const char *name)
{
	for (size_t i = 0; i < s->count; i++)
		if (s->item[i].kind == CAIRN_MANIFEST_SERVICE && strcmp(s->item[i].name, name) == 0)
			return true;
	return false;
}

static const char *code_of(enum cairn_status st)
{
	switch (st) {
	case CAIRN_E_SIGNATURE:
		return CAIRN_R_BAD_SIGNATURE;
	case CAIRN_E_UNTRUSTED:
		return CAIRN_R_UNTRUSTED_SIGNER;
	case CAIRN_E_NOTFOUND:
	case CAIRN_E_IO:
		return CAIRN_R_FILE_UNREADABLE;
	default:
		return CAIRN_R_BAD_SIGNATURE;
	}
}

/* True for NAME-SOMETHING where SOMETHING is a release number, as manifests are called. */
static bool is_for(const char *file, const char *name)
{
	size_t n = strlen(name);

	if (strncmp(file, name, n) != 0 || file[n] != '-')
		return false;
	file += n + 1;
	return strcmp(file + strspn(file, "0123456789"), ".jws") == 0;
}

/* Of these very bytes, the manifest that was made of them before; while its signer is one of those who may sign. */
static bool take_known(struct cairn_manifest *out, struct cairn_manifest_set *known, struct cairn_span jws,
		       const struct cairn_jwks *authorities)
{
	struct cairn_digest d;

	if (cairn_hash(&d, CAIRN_ALG_SHA256, jws) != CAIRN_OK)
		return false;
	for (size_t i = 0; i < known->count; i++) {
		if (!cairn_digest_equal(&known->item[i].sha256, &d))
			continue;
		if (!cairn_jwks_find(authorities, known->item[i].kid))
			return false;
		*out = known->item[i];
		memset(&known->item[i], 0, sizeof(known->item[i]));
		return true;
	}
	return false;
}

static enum cairn_status load_one(struct cairn_manifest_set *s, struct cairn_manifest_set *known,
				  const char *dir, const char *file, const char *name,
				  const struct cairn_jwks *authorities)
{
	cairn_auto_buf struct cairn_buf path = {0};
	cairn_auto_buf struct cairn_buf jws = {0};

	cairn_buf_add_fmt(&path, "%s/%s", dir, file);
	const char *p = cairn_buf_str(&path);
	enum cairn_status st = p ? cairn_stage_read(&jws, p, CAIRN_JWS_MAX) : CAIRN_E_NOMEM;

	if (st == CAIRN_OK && !take_known(&s->item[s->count], known, cairn_buf_span(&jws), authorities))
		st = cairn_manifest_load(&s->item[s->count], cairn_buf_span(&jws), authorities);
	if (st == CAIRN_E_NOMEM)
		return st;
	if (st == CAIRN_OK) {
		s->list[s->count] = &s->item[s->count];
		s->count++;
		return CAIRN_OK;
	}
	cairn_reasons_addf(&s->bad, code_of(st), "manifest", p, "signed by an authority of this host", "",
			   "this manifest is not used: %s", cairn_status_text(st));
	s->bad_name |= is_for(file, name);
	return CAIRN_OK;
}

static bool is_manifest(const struct dirent *e)
{
	const char *dot = strrchr(e->d_name, '.');

	return dot && strcmp(dot, ".jws") == 0;
}

struct names {
	size_t count;
	char *name[CAIRN_MANIFESTS_MAX];
};

static int by_name(const void *a, const void *b)
{
	char *const *x = a, *const *y = b;

	return strcmp(*x, *y);
}

static void names_fini(struct names *n)
{
	for (size_t i = 0; i < n->count; i++)
		free(n->name[i]);
}

/* The names of the manifests in a directory, in order; of no more files than there may be. */
static enum cairn_status list(struct names *n, DIR *d)
{
	struct dirent *e;

	errno = 0;
	while ((e = readdir(d))) {
		if (!is_manifest(e))
			continue;
		if (n->count == CAIRN_MANIFESTS_MAX)
			return CAIRN_E_LIMIT;
		n->name[n->count] = strdup(e->d_name);
		if (!n->name[n->count])
			return CAIRN_E_NOMEM;
		n->count++;
		errno = 0;
	}
	if (errno != 0)
		return CAIRN_E_IO;
	qsort(n->name, n->count, sizeof(n->name[0]), by_name);
	return CAIRN_OK;
}

static enum cairn_status list_directory(struct names *n, const char *dir, struct cairn_buf *why)
{
	DIR *d = opendir(dir);
	enum cairn_status st = CAIRN_E_IO;

	if (!d && errno == ENOENT)
		return CAIRN_OK;
	if (d)
		st = list(n, d);
	if (st == CAIRN_E_IO)
		cairn_buf_add_fmt(why, "cannot read the directory %s: %s", dir, strerror(errno));
	else if (st == CAIRN_E_LIMIT)
		cairn_buf_add_fmt(why, "%s: more than %d manifests; remove old ones", dir,
				  CAIRN_MANIFESTS_MAX);
	if (d)
		closedir(d);
	return st;
}

enum cairn_status cairn_manifests_load(struct cairn_manifest_set *out, struct cairn_manifest_set *known,
				       const char *dir, const char *name,
				       const struct cairn_jwks *authorities, struct cairn_buf *why)
{
	struct cairn_manifest_set s = {0};
	struct names found = {0};
	enum cairn_status st = list_directory(&found, dir, why);

	if (st == CAIRN_OK) {
		s.item = calloc(found.count + 1,
				sizeof(*s.item)); /* not for as many as there may be: they are kept */
		s.list = calloc(found.count + 1, sizeof(*s.list));
		if (!s.item || !s.list)
			st = CAIRN_E_NOMEM;
	}
	for (size_t i = 0; i < found.count && st == CAIRN_OK; i++)
		st = load_one(&s, known, dir, found.name[i], name, authorities);
	names_fini(&found);
	if (st == CAIRN_OK)
		*out = s;
	else
		cairn_manifests_fini(&s);
	return st;
}
