/* See live.h. */
#include "tests/mutate/live.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#define SEEN_CHANGED 1
#define SEEN_PASSED  2

void cmocka_set_test_filter(const char *pattern) __attribute__((weak));

/* Shared between the processes of a test: a daemon that it starts, and children that end with _exit. */
static unsigned char *map_seen(const char *dir, const struct cairn_mutate_unit *u)
{
	char path[4096];
	int n = snprintf(path, sizeof path, "%s/%s", dir, u->file);
	if (n < 0 || (size_t)n >= sizeof path)
		return NULL;
	for (char *p = path + strlen(dir) + 1; *p; p++)
		*p = *p == '/' ? '_' : *p;
	int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0644);
	if (fd < 0)
		return NULL;
	void *map = MAP_FAILED;
	if (ftruncate(fd, u->count + 1) == 0)
		map = mmap(NULL, u->count + 1, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	close(fd);
	return map == MAP_FAILED ? NULL : map;
}

static unsigned living(const char *mutant, const char *file)
{
	const char *colon = mutant ? strrchr(mutant, ':') : NULL;
	if (!colon || strlen(file) != (size_t)(colon - mutant) || strncmp(mutant, file, strlen(file)) != 0)
		return 0;
	return (unsigned)strtoul(colon + 1, NULL, 10);
}

void cairn_mutate_register(struct cairn_mutate_unit *u)
{
	if (u->ready)
		return;
	u->ready = true;
	u->mutant = living(getenv("CAIRN_MUTANT"), u->file);
	const char *dir = getenv("CAIRN_MUTANT_SEEN");
	u->seen = dir ? map_seen(dir, u) : NULL;
	const char *test = getenv("CAIRN_MUTANT_TEST");
	if (test && cmocka_set_test_filter)
		cmocka_set_test_filter(test);
}

static bool alive(struct cairn_mutate_unit *u, unsigned n, bool changes)
{
	if (u->seen && u->seen[n] != SEEN_CHANGED)
		u->seen[n] = changes ? SEEN_CHANGED : SEEN_PASSED;
	return u->mutant == n;
}

bool cairn_mutate_off(struct cairn_mutate_unit *u, unsigned n, bool value)
{
	return alive(u, n, value) ? false : value;
}

bool cairn_mutate_on(struct cairn_mutate_unit *u, unsigned n, bool value)
{
	return alive(u, n, !value) ? true : value;
}

int cairn_mutate_ok(struct cairn_mutate_unit *u, unsigned n, int value)
{
	return alive(u, n, value != 0) ? 0 : value;
}

bool cairn_mutate_row(struct cairn_mutate_unit *u, unsigned n)
{
	cairn_mutate_register(u);
	return alive(u, n, true);
}
