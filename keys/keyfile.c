/* Key files. A private key is never readable by anybody else, not even for the moment between creating its
 * file and changing its mode, and one that was is refused: it may have been copied. */
#include "keys/key.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define say(why, ...)                                                                                        \
	do {                                                                                                 \
		if ((why) != NULL)                                                                           \
			cairn_buf_add_fmt((why), __VA_ARGS__);                                               \
	} while (0)

/* ---- writing
 * ----------------------------------------------------------------------------------------------------- */

static enum cairn_status write_all(int fd, struct cairn_span in)
{
	while (in.len > 0) {
		ssize_t n = write(fd, in.ptr, in.len);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return CAIRN_E_IO;
		in = cairn_span(in.ptr + n, in.len - (size_t)n);
	}
	return fsync(fd) == 0 ? CAIRN_OK : CAIRN_E_IO;
}

static enum cairn_status key_text(struct cairn_buf *out, const struct cairn_key *k, bool with_private)
{
	cairn_auto_json json_t *v = NULL;
	enum cairn_status st = cairn_key_jwk(&v, k, with_private);

	if (st == CAIRN_OK)
		st = cairn_json_dump(out, v);
	cairn_buf_add_u8(out, '\n');
	return st == CAIRN_OK ? cairn_buf_status(out) : st;
}

enum cairn_status cairn_key_save_private(const char *path, const struct cairn_key *k, struct cairn_buf *why)
{
	cairn_auto_secret struct cairn_buf text = {0};
	enum cairn_status st = key_text(&text, k, true);
	int fd;

	if (st != CAIRN_OK)
		return st;
	fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
	if (fd < 0) {
		st = errno == EEXIST ? CAIRN_E_EXISTS : CAIRN_E_IO;
		say(why, "%s: %s", path,
		    st == CAIRN_E_EXISTS ? "exists already; a key is never overwritten" : strerror(errno));
		return st;
	}
	st = write_all(fd, cairn_buf_span(&text));
	(void)close(fd); /* it has been synced */
	if (st != CAIRN_OK) {
		say(why, "%s: %s", path, strerror(errno));
		(void)unlink(path);
	}
	return st;
}

enum cairn_status cairn_key_save_public(const char *path, const struct cairn_key *k)
{
	cairn_auto_buf struct cairn_buf text = {0};
	enum cairn_status st = key_text(&text, k, false);

	return st == CAIRN_OK ? cairn_file_write(path, cairn_buf_span(&text), 0644) : st;
}

/* ---- reading
 * ----------------------------------------------------------------------------------------------------- */

static enum cairn_status check_file(const struct stat *sb, const char *path, struct cairn_buf *why)
{
	if ((sb->st_mode & 077) != 0) {
		say(why,
		    "%s holds a private key and has mode %04o: others may have read it. Make a new key, or "
		    "if nobody "
		    "could, chmod 0600 it",
		    path, (unsigned)(sb->st_mode & 07777));
		return CAIRN_E_DENIED;
	}
	if (sb->st_uid != geteuid() && sb->st_uid != 0) {
		say(why, "%s holds a private key and belongs to user %u: chown it", path,
		    (unsigned)sb->st_uid);
		return CAIRN_E_DENIED;
	}
	return CAIRN_OK;
}

static enum cairn_status read_fd(struct cairn_buf *out, int fd)
{
	uint8_t block[4096];
	enum cairn_status st = CAIRN_OK;
	ssize_t n = 1;

	while (st == CAIRN_OK && n > 0) {
		n = read(fd, block, sizeof(block));
		if (n < 0 && errno == EINTR)
			n = 1;
		else if (n < 0)
			st = CAIRN_E_IO;
		else if (out->len + (size_t)n > CAIRN_KEY_FILE_MAX)
			st = CAIRN_E_LIMIT;
		else
			cairn_buf_add(out, cairn_span(block, (size_t)n));
	}
	OPENSSL_cleanse(block, sizeof(block));
	return st == CAIRN_OK ? cairn_buf_status(out) : st;
}

/* The file's state and content by one descriptor, so that both are of the same file. */
static enum cairn_status read_file(struct cairn_buf *out, struct stat *sb, const char *path,
				   struct cairn_buf *why)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	enum cairn_status st = CAIRN_OK;

	if (fd < 0) {
		say(why, "%s: %s", path, strerror(errno));
		return errno == ENOENT ? CAIRN_E_NOTFOUND : CAIRN_E_IO;
	}
	if (fstat(fd, sb) != 0)
		st = CAIRN_E_IO;
	else if (!S_ISREG(sb->st_mode))
		st = CAIRN_E_DENIED;
	if (st == CAIRN_OK)
		st = read_fd(out, fd);
	if (st != CAIRN_OK)
		say(why, "%s: %s", path, st == CAIRN_E_DENIED ? "not a regular file" : cairn_status_text(st));
	(void)close(fd);
	return st;
}

static enum cairn_status load_json(json_t **out, struct stat *sb, const char *path, struct cairn_buf *why)
{
	cairn_auto_secret struct cairn_buf text = {0};
	enum cairn_status st = read_file(&text, sb, path, why);

	if (st != CAIRN_OK)
		return st;
	st = cairn_json_parse(out, cairn_buf_span(&text));
	if (st != CAIRN_OK)
		say(why, "%s: not JSON: %s", path, cairn_status_text(st));
	return st;
}

static enum cairn_status load(struct cairn_key **out, const char *path, struct cairn_buf *why)
{
	cairn_auto_json json_t *v = NULL;
	struct stat sb;
	enum cairn_status st = load_json(&v, &sb, path, why);

	if (st == CAIRN_OK && json_object_get(v, "d") != NULL)
		st = check_file(&sb, path, why);
	if (st != CAIRN_OK)
		return st;
	st = cairn_key_from_jwk(out, v);
	if (st != CAIRN_OK)
		say(why, "%s: not a JSON Web Key for ES256, ES384 or EdDSA: %s", path, cairn_status_text(st));
	return st;
}

enum cairn_status cairn_key_load_private(struct cairn_key **out, const char *path, struct cairn_buf *why)
{
	cairn_auto_key struct cairn_key *k = NULL;
	enum cairn_status st = load(&k, path, why);

	if (st == CAIRN_OK && !k->is_private) {
		say(why, "%s: a public key, and a private one is needed here", path);
		st = CAIRN_E_USAGE;
	}
	if (st != CAIRN_OK)
		return st;
	*out = k;
	k = NULL;
	return CAIRN_OK;
}

enum cairn_status cairn_key_load_public(struct cairn_key **out, const char *path, struct cairn_buf *why)
{
	cairn_auto_key struct cairn_key *k = NULL;
	enum cairn_status st = load(&k, path, why);

	return st == CAIRN_OK ? key_from_raw(out, k->alg, k->x, k->y, NULL) : st;
}

enum cairn_status cairn_jwks_load(struct cairn_jwks **out, const char *path, struct cairn_buf *why)
{
	cairn_auto_json json_t *v = NULL;
	struct stat sb;
	enum cairn_status st = load_json(&v, &sb, path, why);

	if (st != CAIRN_OK)
		return st;
	st = cairn_jwks_from_json(out, v);
	if (st == CAIRN_E_DENIED)
		say(why, "%s: a private key among public ones: take it out, and treat it as known to others",
		    path);
	else if (st != CAIRN_OK)
		say(why, "%s: not a set of JSON Web Keys: %s", path, cairn_status_text(st));
	return st;
}
