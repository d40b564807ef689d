/* Requests to the server while something that it calls fails. After verifier_fixture.h and callee_faults.h. */
#ifndef TESTS_UNIT_VERIFIER_CALLEE_FAULTS_H
#define TESTS_UNIT_VERIFIER_CALLEE_FAULTS_H

struct fault {
	const char *name; /* of the function, and which of its calls */
	unsigned at;
	enum cairn_status st;
	int code; /* of the answer */
	const char *error;
};

/* The request with the fault; false: the function is not called so often. */
static bool fault_reached(struct verifier_world *w, const struct fault *f, const char *method,
			  const char *path, struct cairn_span body)
{
	broken.name = f->name;
	broken.at = f->at;
	broken.st = f->st;
	broken.calls = 0;
	verifier_call_raw(w, method, path, body);
	broken.name = NULL;
	return broken.calls > f->at;
}

/* The same, where the answer must be the one that the fault has. */
static void call_with(struct verifier_world *w, const struct fault *f, const char *method, const char *path,
		      struct cairn_span body)
{
	if (!fault_reached(w, f, method, path, body))
		fail_msg("%s is called %u times only", f->name, broken.calls);
	if (w->code != f->code)
		fail_msg("%s %u: %d", f->name, f->at, w->code);
	verifier_expect_error(w, f->code, f->error);
}

#endif
