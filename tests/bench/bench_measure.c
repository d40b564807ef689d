/* Measuring an image (copy to a sealed memfd, SHA-256 and SHA-384 in the same pass) against the two hashes alone. */
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "agent/measure.h"
#include "tests/bench/bench.h"

#define IMAGE (64u << 20)

struct image {
	char path[64];
	uint8_t *bytes;
};

static void hash_with(const struct image *im, enum cairn_alg alg)
{
	struct cairn_digest d;
	bench_must(cairn_hash(&d, alg, cairn_span(im->bytes, IMAGE)));
}

static void stage(void *arg)
{
	const struct image *im = arg;
	struct cairn_staged s;
	cairn_staged_init(&s);
	bench_must(cairn_stage_file(&s, im->path, 2 * (uint64_t)IMAGE));
	cairn_staged_fini(&s);
}

static void sha256(void *arg)
{
	hash_with(arg, CAIRN_ALG_SHA256);
}

static void sha384(void *arg)
{
	hash_with(arg, CAIRN_ALG_SHA384);
}

static void both(void *arg)
{
	sha256(arg);
	sha384(arg);
}

static void image_init(struct image *im)
{
	strcpy(im->path, "/tmp/cairn-bench.XXXXXX");
	im->bytes = malloc(IMAGE);
	int fd = mkstemp(im->path);
	if (fd < 0 || !im->bytes)
		exit(3);
	for (size_t i = 0; i < IMAGE; i++)
		im->bytes[i] = (uint8_t)(i * 2654435761u >> 13);
	if (write(fd, im->bytes, IMAGE) != (ssize_t)IMAGE || close(fd) != 0)
		exit(3);
}

int main(void)
{
	struct image im;
	double t[2], one[2];
	image_init(&im);
	bench_pair(t, stage, both, &im, 1);
	bench_pair(one, sha256, sha384, &im, 1);
	unlink(im.path);
	free(im.bytes);
	double slower = one[0] > one[1] ? one[0] : one[1];
	bench_print("measure: copy and both hashes", IMAGE / t[0] / 1e6, "MB/s", "-", 1);
	bench_print("measure: rate against both hashes one after the other", t[1] / t[0], "x", "-", 1);
	bench_print("measure: rate against the slower hash alone", slower / t[0], "x", ">= 0.9",
		    slower / t[0] >= 0.9);
	return 0;
}
