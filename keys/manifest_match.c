/* Whether a manifest allows a launch. This is policy: both sides have been read and checked before they get
 * here. */
#include <stdio.h>
#include <string.h>

#include "keys/manifest_match.h"

bool cairn_match_among(const char *s, const char *const *list, size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (strcmp(s, list[i]) == 0)
			return true;
	return false;
}

void cairn_match_digest(struct cairn_reasons *out, const char *component, const char *file,
			const struct cairn_digest *expected, const struct cairn_digest *found)
{
	struct cairn_hex want = cairn_digest_hex(expected), got = cairn_digest_hex(found);

	cairn_reasons_addf(out, CAIRN_R_DIGEST_MISMATCH, component, file, want.text, got.text,
			   "the %s is not the one that was signed (%s)", component,
			   cairn_alg_name(expected->alg));
}

static void match_both(struct cairn_reasons *out, const char *name, const char *file,
		       const struct cairn_component *want, const struct cairn_component *got)
{
	char expected[32], found[32];

	if (!cairn_digest_equal(&want->sha256, &got->sha256)) {
		cairn_match_digest(out, name, file, &want->sha256, &got->sha256);
	} else if (!cairn_digest_equal(&want->sha384, &got->sha384)) {
		cairn_match_digest(out, name, file, &want->sha384, &got->sha384);
	} else if (want->size != got->size) {
		snprintf(expected, sizeof(expected), "%llu bytes", (unsigned long long)want->size);
		snprintf(found, sizeof(found), "%llu bytes", (unsigned long long)got->size);
		cairn_reasons_addf(out, CAIRN_R_DIGEST_MISMATCH, name, file, expected, found,
				   "the %s has another size than the one that was signed", name);
	}
}

void cairn_match_component(struct cairn_reasons *out, const char *name, const char *file,
			   const struct cairn_component *want, const struct cairn_component *got)
{
	struct cairn_hex hex;

	if (want != NULL && got != NULL) {
		match_both(out, name, file, want, got);
	} else if (want != NULL) {
		hex = cairn_digest_hex(&want->sha256);
		cairn_reasons_addf(out, CAIRN_R_DIGEST_MISMATCH, name, NULL, hex.text, "none",
				   "the manifest has a %s, and the domain has none", name);
	} else if (got != NULL) {
		hex = cairn_digest_hex(&got->sha256);
		cairn_reasons_addf(out, CAIRN_R_DIGEST_MISMATCH, name, file, "none", hex.text,
				   "the domain has a %s, and the manifest has none", name);
	}
}

/* The kernel's place may be empty. */
static const struct cairn_component *kernel_of(const struct cairn_component *c)
{
	return c->sha256.alg != CAIRN_ALG_NONE ? c : NULL;
}

static void match_limit(struct cairn_reasons *out, const char *code, const char *component, uint64_t max,
			uint64_t got)
{
	char expected[32], found[32];

	if (got <= max)
		return;
	snprintf(expected, sizeof(expected), "at most %llu", (unsigned long long)max);
	snprintf(found, sizeof(found), "%llu", (unsigned long long)got);
	cairn_reasons_addf(out, code, component, NULL, expected, found, "more %s than the manifest allows",
			   component);
}

static void match_roles(struct cairn_reasons *out, const struct cairn_launch *l,
			const struct cairn_manifest *m)
{
	for (size_t i = 0; i < l->role_count; i++)
		if (!cairn_match_among(l->role[i], m->role, m->role_count))
			cairn_reasons_addf(out, CAIRN_R_ROLE_NOT_ALLOWED, "roles", NULL, "", l->role[i],
					   "the manifest does not give the role %s", l->role[i]);
}

static void match_backends(struct cairn_reasons *out, const struct cairn_launch *l,
			   const struct cairn_manifest *m)
{
	for (size_t i = 0; i < l->backend_count; i++)
		if (!cairn_match_among(l->backend[i].backend, m->backend, m->backend_count))
			cairn_reasons_addf(out, CAIRN_R_BACKEND_NOT_ALLOWED, l->backend[i].class, NULL, "",
					   l->backend[i].backend,
					   "the manifest does not let it use backends of %s",
					   l->backend[i].backend);
}

/* Everything but the name. */
static void match_content(struct cairn_reasons *out, const struct cairn_launch *l,
			  const struct cairn_manifest *m)
{
	if (strcmp(l->type, m->type) != 0)
		cairn_reasons_add(out, CAIRN_R_WRONG_TYPE, "type", NULL, m->type, l->type,
				  "the manifest is for another type of domain");
	cairn_match_component(out, "kernel", l->kernel_file, kernel_of(&m->kernel), kernel_of(&l->kernel));
	cairn_match_component(out, "ramdisk", l->ramdisk_file, m->has_ramdisk ? &m->ramdisk : NULL,
			      l->has_ramdisk ? &l->ramdisk : NULL);
	if (strcmp(l->cmdline, m->cmdline) != 0)
		cairn_reasons_add(out, CAIRN_R_CMDLINE_MISMATCH, "cmdline", NULL, m->cmdline, l->cmdline,
				  "the kernel command line is not the one that was signed");
	match_limit(out, CAIRN_R_MEMORY_EXCEEDED, "memory_mib", m->memory_max_mib, l->memory_mib);
	match_limit(out, CAIRN_R_VCPUS_EXCEEDED, "vcpus", m->vcpus_max, l->vcpus);
	match_roles(out, l, m);
	match_backends(out, l, m);
	cairn_match_setup(out, &l->setup, &m->setup);
	cairn_match_claims(out, l, m);
}

void cairn_manifest_match(struct cairn_reasons *out, const struct cairn_launch *l,
			  const struct cairn_manifest *m)
{
	if (m->kind != CAIRN_MANIFEST_SERVICE) {
		cairn_reasons_add(out, CAIRN_R_NO_MANIFEST, "manifest", NULL, "service", "platform",
				  "a platform manifest allows no domain");
		return;
	}
	if (strcmp(l->name, m->name) != 0)
		cairn_reasons_add(out, CAIRN_R_WRONG_NAME, "name", NULL, m->name, l->name,
				  "the manifest is for another domain");
	match_content(out, l, m);
}

static bool allows(const struct cairn_launch *l, const struct cairn_manifest *m)
{
	cairn_auto_reasons struct cairn_reasons r = {0};

	cairn_manifest_match(&r, l, m);
	return r.count == 0;
}

/* No manifest has this name: say so, or under which other name the same domain would be allowed. */
static void no_such_name(struct cairn_reasons *out, const struct cairn_launch *l,
			 const struct cairn_manifest *const *list, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		struct cairn_launch renamed = *l;

		renamed.name = list[i]->name;
		if (!allows(&renamed, list[i]))
			continue;
		cairn_reasons_add(out, CAIRN_R_WRONG_NAME, "name", NULL, list[i]->name, l->name,
				  "this domain is signed for under another name");
		return;
	}
	cairn_reasons_addf(out, CAIRN_R_NO_MANIFEST, "manifest", NULL, l->name, "",
			   "no manifest for the domain %s", l->name);
}

const struct cairn_manifest *cairn_manifest_select(struct cairn_reasons *out, const struct cairn_launch *l,
						   const struct cairn_manifest *const *list, size_t count)
{
	const struct cairn_manifest *best = NULL, *newest = NULL;

	for (size_t i = 0; i < count; i++) {
		const struct cairn_manifest *m = list[i];

		if (m->kind != CAIRN_MANIFEST_SERVICE || strcmp(m->name, l->name) != 0)
			continue;
		if (newest == NULL || m->release > newest->release)
			newest = m;
		if ((best == NULL || m->release > best->release) && allows(l, m))
			best = m;
	}
	if (best != NULL)
		return best;
	if (newest != NULL)
		cairn_manifest_match(out, l, newest);
	else
		no_such_name(out, l, list, count);
	return NULL;
}
