/* What a bench allocates: malloc and its kin of the whole process, OpenSSL's as well, counted between heap_mark and the
 * question. The program that includes this has its own malloc (glibc lets it); benches are of one file each. */
#ifndef TESTS_BENCH_HEAP_H
#define TESTS_BENCH_HEAP_H

#include <malloc.h>
#include <stdlib.h>

void *__libc_malloc(size_t size);
void *__libc_calloc(size_t n, size_t size);
void *__libc_realloc(void *p, size_t size);
void __libc_free(void *p);

static size_t heap_live, heap_most, heap_count, heap_base;

static inline void *heap_took(void *p)
{
	heap_count++;
	heap_live += malloc_usable_size(p);
	if (heap_live > heap_most)
		heap_most = heap_live;
	return p;
}

void *malloc(size_t size)
{
	return heap_took(__libc_malloc(size));
}

void *calloc(size_t n, size_t size)
{
	return heap_took(__libc_calloc(n, size));
}

void *realloc(void *p, size_t size)
{
	heap_live -= malloc_usable_size(p);
	return heap_took(__libc_realloc(p, size));
}

void free(void *p)
{
	heap_live -= malloc_usable_size(p);
	__libc_free(p);
}

static inline void heap_mark(void)
{
	heap_count = 0;
	heap_base = heap_most = heap_live;
}

/* Allocations since the mark; the most bytes that were allocated at a time, beyond those of the mark. */
static inline size_t heap_calls(void)
{
	return heap_count;
}

static inline size_t heap_peak(void)
{
	return heap_most - heap_base;
}

#endif
