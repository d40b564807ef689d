/* Nothing is decided that could not be decided: in a task, each allocation and each call into OpenSSL fails once. The
 * task then says so, or what it says is what it says without the fault; it is never satisfied with less. */
#ifndef TESTS_UNIT_FAULTTASKS_H
#define TESTS_UNIT_FAULTTASKS_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "cairn/json.h"
#include "faults.h"

typedef enum cairn_status task_fn(struct cairn_buf *said);

/* What a task says is taken down without a fault. */
static inline void say(struct cairn_buf *said, struct cairn_span s)
{
	bool on = faults.on;
	faults.on = false;
	cairn_buf_add(said, s);
	cairn_buf_add_u8(said, '|');
	faults.on = on;
}

static inline void say_json(struct cairn_buf *said, const json_t *v)
{
	bool on = faults.on;
	faults.on = false;
	assert_int_equal(cairn_json_dump(said, v), CAIRN_OK);
	faults.on = on;
}

/* How a task may take a fault. */
enum mood {
	CALM,	 /* as above */
	STRICT,	 /* its words differ each time, so that it may not get by at all */
	NO_BLAME /* it may not say that the input was bad */
};

static inline bool of_memory(const char *name)
{
	return strcmp(name, "malloc") == 0 || strcmp(name, "calloc") == 0 || strcmp(name, "realloc") == 0 ||
	       strncmp(name, "str", 3) == 0 || strncmp(name, "json_", 5) == 0;
}

static inline bool blames(enum cairn_status st)
{
	return st != CAIRN_E_NOMEM && st != CAIRN_E_CRYPTO && st != CAIRN_E_INTERNAL;
}

static inline void each_fault(task_fn *task, enum cairn_status want, enum mood mood)
{
	cairn_auto_buf struct cairn_buf calm = {0};
	assert_int_equal(task(&calm), want);
	for (faults.at = 0;; faults.at++) {
		cairn_auto_buf struct cairn_buf said = {0};
		faults.calls = 0;
		faults.on = true;
		enum cairn_status st = task(&said);
		faults.on = false;
		if (faults.calls <= faults.at)
			break;
		if (st == CAIRN_OK &&
		    (mood == STRICT || !cairn_span_equal(cairn_buf_span(&said), cairn_buf_span(&calm))))
			fail_msg("call %lu, %s, fails, and the task says: %s", faults.at, faults.name,
				 cairn_buf_str(&said));
		if (want != CAIRN_OK)
			assert_int_not_equal(st, CAIRN_OK);
		if ((mood == NO_BLAME || of_memory(faults.name)) && st && st != want && blames(st))
			fail_msg("call %lu, %s, fails, and the input is blamed: %s", faults.at, faults.name,
				 cairn_status_name(st));
	}
	assert_true(faults.at > 0);
}

#endif
