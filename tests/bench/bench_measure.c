/* Measuring an image (copy to a sealed memfd, SHA-256 and SHA-384 in the same pass) against the two hashes alone. */
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "agent/measure.h"
#include "tests/bench/bench.h"

#define IMAGE	(64u << 20)
#define ROUNDS	15
#define SEVERAL 3

struct image {
	char path[64];
	uint8_t *bytes;
};

static void hash_with(const struct image *im, enum cairn_alg alg)
{
	struct cairn_digest d;
	bench_must(cairn_hash(&d, alg, cairn_span(im->bytes, IMAGE)));
}

static void keep_best(double *best, double took)
{
	if (*best == 0 || took < *best)
		*best = took;
}

/* The copies are let go of only after the domain is built: that is not counted. */
static void stage(double *best, const struct image *im, size_t count)
{
	struct cairn_stage all[SEVERAL];
	for (size_t i = 0; i < count; i++)
		all[i] = (struct cairn_stage){.path = im->path, .max = IMAGE};
	double start = bench_now();
	cairn_stage_files(all, count);
	keep_best(best, bench_now() - start);
	for (size_t i = 0; i < count; i++) {
		bench_must(all[i].status);
		cairn_staged_fini(&all[i].staged);
	}
}

static void sha256(void *arg)
{
	hash_with(arg, CAIRN_ALG_SHA256);
}

static void sha384(void *arg)
{
	hash_with(arg, CAIRN_ALG_SHA384);
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

/* All in the same rounds: what is compared has seen the same machine. */
int main(void)
{
	struct image im;
	double whole = 0, several = 0, one[2] = {0};
	image_init(&im);
	for (int round = 0; round < ROUNDS; round++) {
		bench_run(&one[0], sha256, &im, 1);
		stage(&whole, &im, 1);
		bench_run(&one[1], sha384, &im, 1);
		stage(&several, &im, SEVERAL);
	}
	unlink(im.path);
	free(im.bytes);
	double slower = one[0] > one[1] ? one[0] : one[1];
	bench_print("measure: copy and both hashes", IMAGE / whole / 1e6, "MB/s", "-", 1);
	bench_print("measure: rate against both hashes one after the other", (one[0] + one[1]) / whole, "x",
		    "-", 1);
	bench_print("measure: three at once against one after the other", SEVERAL * whole / several, "x", "-",
		    1);
	bench_print("measure: rate against the slower hash alone", slower / whole, "x", ">= 0.9",
		    slower / whole >= 0.9);
	return 0;
}
