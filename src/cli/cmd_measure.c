/* cairn measure: what a manifest says of an image file. One pass over each file, whatever its size. */
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "cli.h"

#define CHUNK (256 * 1024)

static void hasher_release(struct cairn_component_hasher **h)
{
	cairn_component_hasher_free(*h);
}
#define AUTO_HASHER __attribute__((cleanup(hasher_release)))

static void close_fd(int *fd)
{
	if (*fd > 0)
		close(*fd);
}

static enum cairn_status measure_fd(struct cairn_component *out, int fd)
{
	static uint8_t chunk[CHUNK];
	AUTO_HASHER struct cairn_component_hasher *h = NULL;
	enum cairn_status s = cairn_component_hasher_new(&h);
	ssize_t n = 1;
	while (!s && n != 0) {
		n = read(fd, chunk, sizeof(chunk));
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return CAIRN_E_IO;
		s = cairn_component_hasher_add(h, cairn_span(chunk, (size_t)n));
	}
	return s ? s : cairn_component_hasher_take(h, out);
}

static enum cairn_status measure_file(struct cairn_component *out, const char *path)
{
	__attribute__((cleanup(close_fd))) int fd = 0;
	if (strcmp(path, "-") != 0)
		fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
	if (fd < 0)
		return CAIRN_E_IO;
	return measure_fd(out, fd);
}

static void print_text(const char *path, const struct cairn_component *c)
{
	cairn_cli_put(path);
	printf("\n  sha256 %s\n  sha384 %s\n  size   %" PRIu64 "\n", cairn_digest_hex(&c->sha256).text,
	       cairn_digest_hex(&c->sha384).text, c->size);
}

int cairn_cmd_measure(int argc, char **argv)
{
	bool json = false;
	const struct cairn_cli_opt opts[] = {
	    {.name = "json", .flag = &json, .help = "one object: file name -> component, as in a manifest"},
	};
	const struct cairn_cli_synopsis syn = {
	    "cairn measure",
	    "FILE...",
	    "Prints the SHA-256 and SHA-384 digests and the size of each file; - is "
	    "standard input.",
	    opts,
	    1,
	    1,
	    -1};
	int code;
	if (!cairn_cli_parse(&code, &syn, argc, argv))
		return code;
	cairn_auto_json json_t *all = json_object();
	for (int i = optind; i < argc; i++) {
		struct cairn_component c;
		enum cairn_status s = measure_file(&c, argv[i]);
		if (s)
			return cairn_cli_fail(s, NULL, "%s", argv[i]);
		if (!json)
			print_text(argv[i], &c);
		else if (json_object_set_new(all, argv[i], cairn_json_component(&c)) != 0)
			return cairn_cli_fail(CAIRN_E_NOMEM, NULL, "%s", argv[i]);
	}
	return json ? cairn_cli_put_json(all) : CAIRN_EXIT_GOOD;
}
