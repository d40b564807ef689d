/* A server beside an agent: what the two headers call alike cannot be in one file. */
#ifndef CAIRN_TESTS_SERVER_FIXTURE_H
#define CAIRN_TESTS_SERVER_FIXTURE_H

#include <stdint.h>

#include "cairn/json.h"

/* One that trusts the makers' certificates in ca, for all tests of a program; kib: of growth until it gives a receipt. */
void server_start(const char *ca, uint64_t kib);
void server_stop(void);
/* Its answer, a new reference; fails the test unless the status is 200. Takes the body's reference. */
json_t *server_ask(const char *method, const char *path, json_t *body);

#endif
