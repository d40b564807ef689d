/* Copying a file once into sealed memory while hashing it: what was hashed is what the toolstack is given. */
#ifndef CAIRN_AGENT_MEASURE_H
#define CAIRN_AGENT_MEASURE_H

#include "cairn/digest.h"

/* A file's bytes in a memfd that nobody can write, shrink or grow any more. */
struct cairn_staged {
	int fd;	     /* -1: none. Closed by cairn_staged_fini. */
	bool public; /* everybody may read the file that it came from */
	struct cairn_component is;
};

void cairn_staged_init(struct cairn_staged *s);
void cairn_staged_fini(struct cairn_staged *s);

/* Stages the regular file (symbolic links are followed: the content is what counts) at path, of at most max
 * bytes. Both hashes and the copying go on side by side on every core that this process may use; only the calling
 * thread touches the file and the memfd.
 *   CAIRN_E_NOTFOUND     there is no such file
 *   CAIRN_E_IO           it cannot be opened or read (errno)
 *   CAIRN_E_UNSUPPORTED  it is not a regular file
 *   CAIRN_E_TRUNCATED    it is empty
 *   CAIRN_E_LIMIT        it is larger than max
 *   CAIRN_E_CHANGED      it changed while it was read
 *   CAIRN_E_NOMEM, CAIRN_E_CRYPTO */
enum cairn_status cairn_stage_file(struct cairn_staged *out, const char *path, uint64_t max) CAIRN_MUST_CHECK;

/* Called by the calling thread about every so often while files are read and hashed. fn may be NULL. */
struct cairn_stage_tick {
	void (*fn)(void *context);
	void *context;
	unsigned every_ms;
};

/* One of several files that are staged side by side, as cairn_stage_file would each by itself. */
struct cairn_stage {
	const char *path;
	uint64_t max;
	struct cairn_stage_tick tick; /* of the first of the files: for all */
	struct cairn_staged staged;   /* the caller's to end; none where status is not CAIRN_OK */
	enum cairn_status status;
	int error; /* the errno of CAIRN_E_IO */
};
void cairn_stage_files(struct cairn_stage *files, size_t count);

/* Appends the bytes of a file that was read with the same care. The same errors. */
enum cairn_status cairn_stage_read(struct cairn_buf *out, const char *path, uint64_t max) CAIRN_MUST_CHECK;

#endif
