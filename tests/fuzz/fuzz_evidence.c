/* A body at each POST route of the server: the first byte chooses the route. seeds: tests/data/json
 * tests/data/jws */
#define _GNU_SOURCE
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "attest/commands.h"
#include "attest/verifier.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static char dir[] = "/tmp/cairn-fuzz-XXXXXX";

static int clean_one(const char *path, const struct stat *st, int type, struct FTW *at)
{
	(void)st;
	(void)type;
	(void)at;
	return remove(path);
}

static void clean(void)
{
	if (nftw(dir, clean_one, 8, FTW_DEPTH | FTW_PHYS))
		perror(dir);
}

static struct cairn_verifier *server(void)
{
	char path[64];
	struct cairn_verifier *v = NULL;
	cairn_auto_buf struct cairn_buf why = {0};
	if (!mkdtemp(dir) || atexit(clean) || rmdir(dir) || cairn_command_init(dir, NULL, 0))
		abort();
	snprintf(path, sizeof path, "%s/verifier.conf", dir);
	if (cairn_verifier_new(&v, path, &why))
		abort();
	return v;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const char *const paths[] = {"/v1/enroll", "/v1/enroll/proof", "/v1/challenge",
					    "/v1/evidence"};
	static struct cairn_verifier *v;
	if (!v)
		v = server();
	if (size == 0)
		return 0;
	struct cairn_request req = {
	    .method = "POST", .path = paths[data[0] % 4], .peer = "", .body = {data + 1, size - 1}};
	struct cairn_response resp = {.code = 0};
	cairn_route_serve(v, &req, &resp);
	if (resp.code < 400 ||
	    resp.code >= 500) /* nobody is enrolled, so nothing can succeed, and nothing fails */
		abort();
	cairn_buf_fini(&resp.body);
	return 0;
}
