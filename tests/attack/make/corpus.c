/* The directory: a case holds the files that differ from those of its base, and `without` names those of the
 * base that it has not. */
#include "tests/attack/make/make.h"

#include <errno.h>
#include <sys/stat.h>

#define CASES_MAX 512

static const char *const names[FILES] = {"ak.pub", "ak.pem",   "quote",	   "signature", "nonce",  "selection",
					 "pcrs",   "pcrs.txt", "boot.log", "drtm.log",	"ima.log"};

struct corpus {
	const char *dir;
	FILE *table;
	size_t count;
	struct {
		const char *name;
		struct evidence e;
	} made[CASES_MAX];
};

struct corpus *corpus_new(const char *dir)
{
	struct corpus *c = calloc(1, sizeof *c);
	char path[512];

	MUST(c && (mkdir(dir, 0755) == 0 || errno == EEXIST));
	c->dir = dir;
	(void)snprintf(path, sizeof path, "%s/CASES.tsv", dir);
	c->table = fopen(path, "w");
	MUST(c->table);
	MUST(fputs("# name\texpected\tconcerns\tbase\tstands for\twhat is wrong\n", c->table) >= 0);
	return c;
}

void corpus_free(struct corpus *c)
{
	MUST(fclose(c->table) == 0);
	for (size_t i = 0; i < c->count; i++)
		evidence_free(&c->made[i].e);
	free(c);
}

const struct evidence *corpus_get(const struct corpus *c, const char *name)
{
	for (size_t i = 0; i < c->count; i++)
		if (strcmp(c->made[i].name, name) == 0)
			return &c->made[i].e;
	fprintf(stderr, "no case %s yet\n", name);
	abort();
}

static void write_file(const struct corpus *c, const char *name, const char *file, struct cairn_span bytes)
{
	char path[512];
	FILE *f;

	(void)snprintf(path, sizeof path, "%s/%s/%s", c->dir, name, file);
	f = fopen(path, "w");
	MUST(f && fwrite(bytes.ptr, 1, bytes.len, f) == bytes.len && fclose(f) == 0);
}

static void write_files(const struct corpus *c, const struct about *a, const struct evidence *e)
{
	const struct evidence *base = a->base ? corpus_get(c, a->base) : &(const struct evidence){0};
	cairn_auto_buf struct cairn_buf without = {0};
	unsigned written = 0;

	for (int f = 0; f < FILES; f++) {
		if (base->has[f] && !e->has[f])
			cairn_buf_add_fmt(&without, "%s\n", names[f]);
		if (!e->has[f] || (base->has[f] && cairn_span_equal(cairn_buf_span(&base->file[f]),
								    cairn_buf_span(&e->file[f]))))
			continue;
		write_file(c, a->name, names[f], cairn_buf_span(&e->file[f]));
		written++;
	}
	if (without.len > 0)
		write_file(c, a->name, "without", cairn_buf_span(&without));
	MUST(written + without.len > 0); /* it is not its base */
}

void corpus_add(struct corpus *c, const struct about *a, const struct evidence *e)
{
	char path[512];

	(void)snprintf(path, sizeof path, "%s/%s", c->dir, a->name);
	MUST(c->count < CASES_MAX && mkdir(path, 0755) == 0);
	write_files(c, a, e);
	MUST(fprintf(c->table, "%s\t%s\t%s\t%s\t%s\t%s\n", a->name, a->expected, a->concerns,
		     a->base ? a->base : "-", a->ids, a->text) > 0);
	c->made[c->count].name = a->name;
	c->made[c->count++].e = evidence_copy(e);
}
