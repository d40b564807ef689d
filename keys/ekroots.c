/* The anchors: certificates of TPM makers, in the operator's files. */
#include "cairn/ekcert.h"

#include <dirent.h>
#include <string.h>
#include <sys/stat.h>

#define DEPTH_MAX 2 /* the directory, and those in it */

static bool has_suffix(const char *name, const char *suffix)
{
	const char *dot = strrchr(name, '.');
	return dot && strcmp(dot, suffix) == 0;
}

/* Named like a certificate: what is in it must be readable. */
static bool must_be(const char *name)
{
	static const char *const suffixes[] = {".pem", ".crt", ".cer", ".der"};
	for (size_t i = 0; i < sizeof suffixes / sizeof *suffixes; i++)
		if (has_suffix(name, suffixes[i]))
			return true;
	return false;
}

static enum cairn_status add_file(STACK_OF(X509) * out, const char *path, bool must, struct cairn_buf *why)
{
	cairn_auto_buf struct cairn_buf bytes = {0};
	cairn_auto_buf struct cairn_buf text = {0};
	enum cairn_status st = cairn_file_read(&bytes, path, CAIRN_CERTS_SIZE_MAX);
	if (!st)
		st = cairn_certs_read(out, NULL, cairn_buf_span(&bytes), &text);
	if (!st || !must || st == CAIRN_E_NOTFOUND)
		return CAIRN_OK;
	const char *said = cairn_buf_str(&text);
	cairn_buf_add_fmt(why, "%s: %s", path, said && *said ? said : cairn_status_text(st));
	return st;
}

struct walk {
	STACK_OF(X509) * out;
	struct cairn_buf *why;
	unsigned depth;
};

static enum cairn_status add_dir(const struct walk *w, const char *dir);

static enum cairn_status add_entry(const struct walk *w, const char *dir, const char *name)
{
	cairn_auto_buf struct cairn_buf b = {0};
	struct stat s;
	cairn_buf_add_fmt(&b, "%s/%s", dir, name);
	const char *path = cairn_buf_str(&b);
	if (!path)
		return CAIRN_E_NOMEM;
	if (name[0] == '.' || has_suffix(name, ".md"))
		return CAIRN_OK;
	if (stat(path, &s) != 0) {
		cairn_buf_add_fmt(w->why, "%s: cannot be read", path);
		return CAIRN_E_IO;
	}
	if (S_ISREG(s.st_mode))
		return add_file(w->out, path, must_be(name), w->why);
	struct walk below = {w->out, w->why, w->depth + 1};
	return S_ISDIR(s.st_mode) && below.depth < DEPTH_MAX ? add_dir(&below, path) : CAIRN_OK;
}

static enum cairn_status add_dir(const struct walk *w, const char *dir)
{
	DIR *d = opendir(dir);
	if (!d) {
		cairn_buf_add_fmt(w->why, "cannot open the directory of EK roots %s", dir);
		return CAIRN_E_IO;
	}
	enum cairn_status st = CAIRN_OK;
	for (const struct dirent *e; !st && (e = readdir(d));)
		st = add_entry(w, dir, e->d_name);
	closedir(d);
	return st;
}

enum cairn_status cairn_ekroots_load(STACK_OF(X509) * out, const char *path, struct cairn_buf *why)
{
	struct walk w = {out, why, 0};
	struct stat s;
	if (stat(path, &s) == 0 && S_ISREG(s.st_mode))
		return add_file(out, path, true, why);
	return add_dir(&w, path);
}
