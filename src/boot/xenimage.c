/* Xen's build id out of its image, and the command lines that run. The image is reference material that an
 * operator vouches for, but it is parsed as hostile bytes all the same: unpacking is bounded, lengths go
 * through the cursor. */
#include <string.h>

#define ZLIB_CONST
#include <zlib.h>

#include "boot/elf.h"
#include "boot/pe.h"
#include "cairn/xenimage.h"

#define NT_GNU_BUILD_ID 3	   /* Linux elf.h */
#define CV_RSDS		0x53445352 /* "RSDS": CV_INFO_PDB70 */
#define DEBUG_DIRECTORY 28	   /* IMAGE_DEBUG_DIRECTORY, in front of the CodeView record */
#define CV_SIGNATURE	16
#define GZIP_BUFFER	65536
#define GZIP_WINDOW	(16 + MAX_WBITS) /* zlib: expect a gzip header */

/* id: CAIRN_BUILD_ID_MAX bytes at most. */
static void take_id(struct cairn_build_id *out, struct cairn_span id)
{
	struct cairn_build_id v = {.len = id.len};
	memcpy(v.bytes, id.ptr, id.len);
	*out = v;
}

/* One note after the other: namesz, descsz, type, then name and descriptor padded to 4 bytes each. */
static enum cairn_status find_note(struct cairn_build_id *out, struct cairn_span notes)
{
	static const char gnu[] = "GNU"; /* with its NUL */
	struct cairn_cur c = cairn_cur(notes);
	while (cairn_cur_ok(&c) && cairn_cur_left(&c) > 0) {
		uint32_t name_size = cairn_cur_u32le(&c), size = cairn_cur_u32le(&c),
			 type = cairn_cur_u32le(&c);
		struct cairn_span name = cairn_cur_bytes(&c, name_size);
		cairn_cur_bytes(&c, -name_size & 3);
		struct cairn_span id = cairn_cur_bytes(&c, size);
		if (!cairn_cur_ok(&c))
			return c.status;
		if (type == NT_GNU_BUILD_ID && cairn_span_equal(name, cairn_span(gnu, sizeof(gnu)))) {
			if (id.len == 0 || id.len > CAIRN_BUILD_ID_MAX)
				return CAIRN_E_LIMIT;
			take_id(out, id);
			return CAIRN_OK;
		}
		size_t pad = -size & 3;
		cairn_cur_bytes(&c, pad < cairn_cur_left(&c) ? pad : cairn_cur_left(&c));
	}
	return cairn_cur_ok(&c) ? CAIRN_E_NOTFOUND : c.status;
}

static enum cairn_status from_elf(struct cairn_build_id *out, struct cairn_span image)
{
	struct cairn_elf elf;
	enum cairn_status s = cairn_elf_parse(&elf, image);
	for (size_t i = 0; s == CAIRN_OK; i++) {
		struct cairn_span body = {0};
		uint32_t type = 0;
		s = cairn_elf_segment(&body, &type, &elf, i);
		if (type != CAIRN_ELF_PT_NOTE) /* nor is it after the last one */
			continue;
		enum cairn_status found = find_note(out, body);
		if (found != CAIRN_E_NOTFOUND)
			return found;
	}
	return s;
}

static enum cairn_status from_pe(struct cairn_build_id *out, struct cairn_span image)
{
	struct cairn_pe pe;
	struct cairn_span body;
	enum cairn_status s = cairn_pe_parse(&pe, image);
	if (s == CAIRN_OK)
		s = cairn_pe_section(&body, &pe, ".buildid");
	if (s != CAIRN_OK)
		return s;
	struct cairn_cur c = cairn_cur(body);
	cairn_cur_bytes(&c, DEBUG_DIRECTORY);
	if (cairn_cur_u32le(&c) != CV_RSDS)
		cairn_cur_fail(&c, CAIRN_E_MALFORMED);
	struct cairn_span id = cairn_cur_bytes(&c, CV_SIGNATURE);
	if (cairn_cur_ok(&c))
		take_id(out, id);
	return c.status;
}

static enum cairn_status inflate_step(struct cairn_buf *out, z_stream *z, int *state)
{
	uint8_t chunk[GZIP_BUFFER];
	z->next_out = chunk;
	z->avail_out = sizeof(chunk);
	*state = inflate(z, Z_NO_FLUSH);
	if (*state == Z_MEM_ERROR)
		return CAIRN_E_NOMEM;
	if (*state == Z_BUF_ERROR)
		return CAIRN_E_TRUNCATED;
	if (*state != Z_OK && *state != Z_STREAM_END)
		return CAIRN_E_MALFORMED;
	size_t got = sizeof(chunk) - z->avail_out;
	if (out->len + got > CAIRN_XEN_IMAGE_MAX)
		return CAIRN_E_LIMIT;
	cairn_buf_add(out, cairn_span(chunk, got));
	return cairn_buf_status(out);
}

static enum cairn_status gunzip(struct cairn_buf *out, struct cairn_span in)
{
	z_stream z = {.next_in = in.ptr, .avail_in = (uInt)in.len};
	if (in.len > CAIRN_XEN_IMAGE_MAX)
		return CAIRN_E_LIMIT;
	if (inflateInit2(&z, GZIP_WINDOW) != Z_OK)
		return CAIRN_E_NOMEM;
	enum cairn_status s = CAIRN_OK;
	int state = Z_OK;
	while (s == CAIRN_OK && state != Z_STREAM_END)
		s = inflate_step(out, &z, &state);
	if (s == CAIRN_OK && z.avail_in != 0)
		s = CAIRN_E_TRAILING;
	inflateEnd(&z);
	return s;
}

static bool begins(struct cairn_span s, const char *magic, size_t len)
{
	return s.len >= len && memcmp(s.ptr, magic, len) == 0;
}

enum cairn_status cairn_xen_build_id(struct cairn_build_id *out, struct cairn_span image)
{
	cairn_auto_buf struct cairn_buf plain = {0};
	if (begins(image, "\x1f\x8b", 2)) {
		enum cairn_status s = gunzip(&plain, image);
		if (s != CAIRN_OK)
			return s;
		image = cairn_buf_span(&plain);
	}
	return begins(image, "MZ", 2) ? from_pe(out, image) : from_elf(out, image);
}

static enum cairn_status cooked(struct cairn_buf *out, const char *passed)
{
	passed += strspn(passed, " ");
	if (strlen(passed) >= CAIRN_XEN_CMDLINE_MAX)
		return CAIRN_E_LIMIT;
	cairn_buf_add_str(out, passed);
	return cairn_buf_status(out);
}

/* Whether a word of the line is w, or begins with it where w ends in '='. */
static bool has_word(const char *line, const char *w)
{
	size_t len = strlen(w);
	for (line += strspn(line, " "); *line; line += strspn(line, " ")) {
		size_t n = strcspn(line, " ");
		if ((n == len || w[len - 1] == '=') && strncmp(line, w, len) == 0)
			return true;
		line += n;
	}
	return false;
}

static bool adds_to_dom0(const char *xen)
{
	return has_word(xen, "--") || has_word(xen, "acpi=") || has_word(xen, "noapic");
}

enum cairn_status cairn_xen_running_cmdline(struct cairn_buf *out, const char *passed)
{
	return has_word(passed, "--") ? CAIRN_E_UNSUPPORTED : cooked(out, passed);
}

enum cairn_status cairn_xen_dom0_cmdline(struct cairn_buf *out, const char *xen_passed,
					 const char *dom0_passed)
{
	return adds_to_dom0(xen_passed) ? CAIRN_E_UNSUPPORTED : cooked(out, dom0_passed);
}
